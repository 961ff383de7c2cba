"""What is known of whole lives: all orders and happenings of some customers, for those who look at more than one moment."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select

from aftercart.model import Event, Order
from aftercart.store import Tx, rows
from aftercart.store.orders import whole, with_lines
from aftercart.store.tables import customers, events, orders


def addresses(tx: Tx) -> list[tuple[str, str, str]]:
    """All customers by id, with the keys of their e-mail address and telephone number; an empty key where there is none."""
    c = customers.c
    query = select(c.id, c.email_key, c.phone_key).order_by(c.id)
    return [(row[0], row[1], row[2]) for row in tx.execute(query)]


def orders_of(
    tx: Tx, customer_ids: Collection[str], *, before: datetime
) -> dict[str, list[Order]]:
    """Per customer all orders placed before a moment, with their lines, oldest first."""
    found: dict[str, list[Order]] = {}
    query = with_lines(tx.dialect.name).where(orders.c.placed_at < before)
    for part in rows.chunks(sorted(customer_ids)):
        mine = query.where(orders.c.customer_id.in_(part))
        for row in tx.execute(mine.order_by(orders.c.placed_at, orders.c.id)):
            order = whole(row)
            found.setdefault(order.customer_id, []).append(order)
    return found


def events_of(
    tx: Tx, customer_ids: Collection[str], *, start: datetime, end: datetime
) -> dict[str, list[Event]]:
    """Per customer what happened from `start` to `end` (excluded), in order of time."""
    found: dict[str, list[Event]] = {}
    for part in rows.chunks(sorted(customer_ids)):
        query = select(events).where(
            events.c.customer_id.in_(part), events.c.at >= start, events.c.at < end
        )
        for row in tx.execute(query.order_by(events.c.at, events.c.id)):
            found.setdefault(row.customer_id, []).append(_event(row))
    return found


def _event(row: Any) -> Event:
    return Event(row.id, row.type, row.at, row.customer_id, row.order_id, row.body)
