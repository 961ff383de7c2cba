"""The migrations and the tables say the same."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, text

from aftercart.store import Store, migrations, open_store, stories, tables
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
            text(_OLD),
            [
                _old("sent", "accepted", "v1", fence=2),
                _old("quiet", "accepted", "v1"),
                _old("waits", "scheduled", ""),
            ],
        )
        told = ("planned", "sending", "again", "sending", "accepted")
        for n, word in enumerate(told):
            line = {"at": _AT.replace("00:00.", f"0{n}:00."), "word": word}
            tx.execute(text(_OLD_LINE), line | {"actor": f"who {n}"})

    store.upgrade()

    with store.read() as tx:
        r = tables.renditions.c
        sent = tx.execute(
            select(r.message_id, r.fence, r.at, r.actor, r.to, r["values"]).order_by(
                r.message_id
            )
        ).all()
        story = stories.of(tx, "sent")
        rung = list(tx.scalars(select(tables.bells.c.message_id)))
    store.close()
    at, to = datetime.fromisoformat(_AT), "ann@mail.example"
    assert [tuple(row) for row in sent] == [
        ("quiet", 1, at, "", to, {"n": 1}),
        ("sent", 2, at + timedelta(minutes=3), "who 3", to, {"n": 1}),
    ]
    # of the first claim no rendition was kept: its line stays where it was
    assert [line.word for line in story] == list(told)
    assert [line.actor for line in story] == [f"who {n}" for n in range(5)]
    assert rung == ["waits"]


_COLUMNS = (
    "id, campaign, version, customer_id, occurrence, leg, enrollment_id, channel, purpose, template, order_id, content, facts, "
    "priority, state, created_at, due_at, expires_at, ring_at, fence, attempts, claims, resends, template_version, provider, "
    "provider_ref, delivery, delivery_rank"
)
_OLD = (
    f'INSERT INTO messages ({_COLUMNS}, "to", "values") VALUES '  # noqa: S608 - our own names
    f"({', '.join(':' + name.strip() for name in _COLUMNS.split(','))}, :to, :values)"
)


_AT = "2026-03-04T16:00:00.000000+00:00"
_OLD_LINE = (
    "INSERT INTO message_events (message_id, at, word, actor) "
    "VALUES ('sent', :at, :word, :actor)"
)


def _old(id_: str, state: str, version: str, *, fence: int = 1) -> dict[str, object]:
    texts = dict.fromkeys((n.strip() for n in _COLUMNS.split(",")), "")
    numbers = dict.fromkeys(
        ("leg", "priority", "attempts", "claims", "resends", "delivery_rank"), 0
    )
    moments = dict.fromkeys(("created_at", "due_at", "expires_at", "ring_at"), _AT)
    return {
        **texts,
        **numbers,
        **moments,
        "id": id_,
        "occurrence": id_,
        "state": state,
        "fence": fence,
        "facts": "{}",
        "template_version": version,
        "to": "ann@mail.example",
        "values": '{"n": 1}',
    }
