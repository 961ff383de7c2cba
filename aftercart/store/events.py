"""Events: what the shop told us, each once."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from aftercart.model import Event
from aftercart.store import Tx, rows
from aftercart.store.tables import events


def add(tx: Tx, told: Sequence[Event], *, received_at: datetime) -> set[str]:
    """Stores events; answers the ids of those that were not known."""
    # one batch may itself hold an id twice: the first wins
    unique = {event.id: event for event in reversed(told)}
    return rows.insert_once(
        tx,
        events,
        [
            {
                "id": e.id,
                "type": e.type,
                "at": e.at,
                "customer_id": e.customer_id,
                "order_id": e.order_id,
                "body": dict(e.body),
                "received_at": received_at,
            }
            # by id: two who tell the same in another order would wait for each other for ever
            for e in sorted(unique.values(), key=lambda e: e.id)
        ],
        key="id",
    )


def of_customer(
    tx: Tx, customer_id: str, *, now: datetime, limit: int = 100
) -> list[Event]:
    """What happened to a customer up to `now`, newest first."""
    query = (
        select(events)
        .where(events.c.customer_id == customer_id, events.c.at <= now)
        .order_by(events.c.at.desc())
        .limit(limit)
    )
    return [_noun(row) for row in tx.execute(query)]


def since(
    tx: Tx, customer_ids: Collection[str], types: Collection[str], *, after: datetime
) -> list[Event]:
    """What these customers did of these types after a moment, in order of time."""
    found: list[Event] = []
    for ids in rows.chunks(sorted(customer_ids)):
        query = select(events).where(
            events.c.customer_id.in_(ids),
            events.c.type.in_(sorted(types)),
            events.c.at > after,
        )
        found += [_noun(row) for row in tx.execute(query)]
    return sorted(found, key=lambda e: (e.at, e.id))


def _noun(row: Row[Any]) -> Event:
    return Event(
        id=row.id,
        type=row.type,
        at=row.at,
        customer_id=row.customer_id,
        order_id=row.order_id,
        body=row.body,
    )
