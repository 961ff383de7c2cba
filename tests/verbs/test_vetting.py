"""The customers for whom texts are checked: counted where there are some, and no database is made by looking."""

from dataclasses import replace
from pathlib import Path

from aftercart import vetting
from aftercart.settings import Settings
from aftercart.store import open_store, records
from tests.people import ANN, CAST, Person
from tests.verbs.stage import Stage


def test_names_are_counted_and_those_without_one_too(stage: Stage) -> None:
    stranger = replace(ANN.customer, id="stranger", first_name="")
    stage.move_in(Person(stranger))

    with stage.rt.store.read() as tx:
        assert records.first_names(tx) == {
            **{person.customer.first_name: 1 for person in CAST},
            "": 1,
        }


def test_a_look_makes_no_database(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"

    assert vetting.first_names(Settings(database_url=f"sqlite:///{file}")) == {}
    assert not file.exists()


def test_a_database_without_tables_is_no_mistake_in_a_text(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    file.touch()

    assert vetting.first_names(Settings(database_url=f"sqlite:///{file}")) == {}


def test_what_customers_there_are_is_read_from_the_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    store = open_store(url)
    store.upgrade()
    store.close()

    assert vetting.first_names(Settings(database_url=url)) == {}
