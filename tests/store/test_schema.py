"""The migrations and the tables say the same."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from aftercart.store import Store
from aftercart.store.tables import metadata


def test_the_migrations_lead_to_exactly_the_tables_in_the_code(store: Store) -> None:
    with store.read() as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": False})

        differences = compare_metadata(context, metadata)

    assert differences == []


def test_upgrading_twice_changes_nothing(store: Store) -> None:
    store.upgrade()

    with store.read() as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM customers").scalar() == 0
