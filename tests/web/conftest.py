"""Web processes over databases of their own: empty, filled, and locked."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aftercart.model import Message
from tests.web import afternoon, seeding, sent
from tests.web.site import Site


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with all migrations, to be copied."""
    folder = tmp_path_factory.mktemp("migrated")
    seeding.runtime(folder).close()
    return folder / seeding.DATABASE


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled database, to be copied."""
    folder = tmp_path_factory.mktemp("afternoon")
    rt = seeding.runtime(folder)
    afternoon.fill(rt)
    rt.close()
    return folder / seeding.DATABASE


@pytest.fixture
def open_site(tmp_path: Path, migrated: Path) -> Iterator[Callable[..., Site]]:
    """Opens sites on one database; keywords are settings."""
    opened: list[Site] = []
    shutil.copy(migrated, tmp_path / seeding.DATABASE)

    def open_one(**chosen: Any) -> Site:
        site = Site(seeding.runtime(tmp_path, **chosen))
        site.start()
        opened.append(site)
        return site

    yield open_one
    for site in opened:
        site.stop()
        site.rt.close()


@pytest.fixture
def site(open_site: Callable[..., Site]) -> Site:
    """A site over an empty database."""
    return open_site()


@pytest.fixture
def full(tmp_path: Path, open_site: Callable[..., Site], filled: Path) -> Site:
    """A site over a busy afternoon."""
    shutil.copy(filled, tmp_path / seeding.DATABASE)
    return open_site()


@pytest.fixture
def asked(site: Site) -> Message:
    """A survey that Ann was sent yesterday."""
    with site.rt.store.write() as tx:
        seeding.person(
            tx, id="c-1001", first_name="Ann", email="ann@mail.example", phone=""
        )
        return sent.survey(tx, site.rt, 0, at=seeding.NOW - seeding.DAY)
