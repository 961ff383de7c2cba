"""Stages with the whole cast moved in: on each database, or on SQLite alone where the database is not what is tried."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from aftercart.store import Store, open_store
from tests.people import CAST
from tests.verbs.stage import Stage


@pytest.fixture
def stage(store: Store) -> Stage:
    """Monday morning, once on each database."""
    made = Stage(store)
    made.move_in(*CAST)
    return made


@pytest.fixture
def scene(tmp_path: Path, sqlite_template: Path) -> Iterator[Stage]:
    """Monday morning on SQLite: for what campaigns do, whatever the database."""
    copy = shutil.copy(sqlite_template, tmp_path / "scene.db")
    store = open_store(f"sqlite:///{copy}")
    made = Stage(store)
    made.move_in(*CAST)
    yield made
    store.close()
