"""The migrations and the tables say the same."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, text

from aftercart.store import Store, migrations, open_store, tables
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


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_what_was_sent_before_can_still_be_shown(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if engine == "sqlite":
        url = f"sqlite:///{tmp_path / 'old.db'}"
    else:
        server = request.getfixturevalue("postgres")
        url = server.url(server.database())
    store = open_store(url)
    migrations.upgrade(store._engine, to="0001")
    with store.write() as tx:
        tx.execute(
            text(_OLD), [_old("sent", "accepted", "v1"), _old("waits", "scheduled", "")]
        )

    store.upgrade()

    with store.read() as tx:
        sent = tx.execute(select(tables.renditions)).all()
        rung = {m.id: m.ring_at for m in tx.execute(select(tables.messages))}
    store.close()
    assert [tuple(row) for row in sent] == [
        ("sent", 1, "ann@mail.example", "v1", {"n": 1})
    ]
    assert rung["sent"] is None
    assert rung["waits"] is not None


_COLUMNS = (
    "id, campaign, version, customer_id, occurrence, leg, enrollment_id, channel, purpose, template, order_id, content, facts, "
    "priority, state, created_at, due_at, expires_at, ring_at, fence, attempts, claims, resends, template_version, provider, "
    "provider_ref, delivery, delivery_rank"
)
_OLD = (
    f'INSERT INTO messages ({_COLUMNS}, "to", "values") VALUES '  # noqa: S608 - our own names
    f"({', '.join(':' + name.strip() for name in _COLUMNS.split(','))}, :to, :values)"
)


def _old(id_: str, state: str, version: str) -> dict[str, object]:
    at = "2026-03-04T16:00:00.000000+00:00"
    texts = dict.fromkeys((n.strip() for n in _COLUMNS.split(",")), "")
    numbers = dict.fromkeys(
        ("leg", "priority", "attempts", "claims", "resends", "delivery_rank"), 0
    )
    moments = dict.fromkeys(("created_at", "due_at", "expires_at", "ring_at"), at)
    return {
        **texts,
        **numbers,
        **moments,
        "id": id_,
        "occurrence": id_,
        "state": state,
        "fence": 1,
        "facts": "{}",
        "template_version": version,
        "to": "ann@mail.example",
        "values": '{"n": 1}',
    }
