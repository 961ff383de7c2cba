"""What all tests share: real databases, one fresh for each test."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from aftercart.store import Store, open_store
from tests.servers import Postgres, Redis


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL cluster for this test process."""
    server = Postgres()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    """A database with all migrations applied, to be copied for each test."""
    name = postgres.database()
    store = open_store(postgres.url(name), pool_size=1)
    store.upgrade()
    store.close()
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all migrations applied, to be copied for each test."""
    path = tmp_path_factory.mktemp("migrated") / "aftercart.db"
    store = open_store(f"sqlite:///{path}")
    store.upgrade()
    store.close()
    return path


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """A Redis server for this test process."""
    server = Redis()
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh, migrated database, once on each engine."""
    if request.param == "sqlite":
        migrated: Path = request.getfixturevalue("sqlite_template")
        return f"sqlite:///{shutil.copy(migrated, tmp_path / 'aftercart.db')}"
    server: Postgres = request.getfixturevalue("postgres")
    template: str = request.getfixturevalue("postgres_template")
    return server.url(server.database(template=template))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An open, empty, migrated store, once on each engine."""
    opened = open_store(database_url)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own AFTERCART_* must not change what a test sees."""
    for name in [n for n in os.environ if n.startswith("AFTERCART_")]:
        monkeypatch.delenv(name)
