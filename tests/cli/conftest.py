"""A deployment in a folder of its own, and one in which a demo has been played."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenes.house import House, build


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A fresh one, with the shipped campaigns and templates."""
    built = build(tmp_path / "shop")
    yield built
    built.stop()


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Two days of the demo shop: read it, and leave it as it is."""
    built = build(tmp_path_factory.mktemp("played") / "shop")
    demo = built.command("demo", "--days", 2, "--exit", "--ledger", built.ledger_file)
    (built.folder / "summary.txt").write_text(demo.stdout)
    file = built.folder / "var" / "demo" / "aftercart.db"
    built.environ["AFTERCART_DATABASE_URL"] = f"sqlite:///{file}"
    yield built
    built.stop()
