"""What is known of whole lives: all orders and happenings of some customers, for those who look at more than one moment."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from aftercart.model import Enrollment, Event, Message, Order, State
from aftercart.store import Tx, rows
from aftercart.store import enrollments as ways
from aftercart.store import messages as letters
from aftercart.store.orders import whole, with_lines
from aftercart.store.tables import (
    answers,
    customers,
    enrollments,
    events,
    messages,
    orders,
)


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


def answers_of(
    tx: Tx, customer_ids: Collection[str], *, start: datetime, end: datetime
) -> list[tuple[datetime, str, str, str, int]]:
    """What was answered from `start` to `end` (excluded), as it stands, in order of time: when, by whom, to which survey and message, and the score."""
    a = answers.c
    found: list[tuple[datetime, str, str, str, int]] = []
    for part in rows.chunks(sorted(customer_ids)):
        query = select(a.answered_at, a.customer_id, a.campaign, a.message_id, a.score)
        within = a.customer_id.in_(part), a.answered_at >= start, a.answered_at < end
        found += [tuple(row) for row in tx.execute(query.where(*within))]
    return sorted(found)


def messages_of(
    tx: Tx, customer_ids: Collection[str], *, since: datetime
) -> dict[str, list[Message]]:
    """Per customer the messages that can matter from now on: what waits, what was planned since, and what told a content."""
    c = messages.c
    matters = (c.state == State.SCHEDULED) | (c.created_at > since) | (c.content != "")
    found: dict[str, list[Message]] = {}
    for part in rows.chunks(sorted(customer_ids)):
        query = select(*letters.NOUN).where(c.customer_id.in_(part), matters)
        for row in tx.execute(query.order_by(c.created_at, c.id)):
            found.setdefault(row.customer_id, []).append(letters.from_row(row))
    return found


def ways_of(
    tx: Tx, customer_ids: Collection[str]
) -> tuple[dict[str, list[Enrollment]], dict[str, set[str]]]:
    """Per customer the enrollments that go on, and the ids of all that there ever were."""
    c = enrollments.c
    going: dict[str, list[Enrollment]] = {}
    ever: dict[str, set[str]] = {}
    for part in rows.chunks(sorted(customer_ids)):
        mine = c.customer_id.in_(part)
        for customer_id, id_ in tx.execute(select(c.customer_id, c.id).where(mine)):
            ever.setdefault(customer_id, set()).add(id_)
        query = select(enrollments).where(mine, c.ended_at.is_(None))
        for row in tx.execute(query.order_by(c.due_at, c.id)):
            going.setdefault(row.customer_id, []).append(ways.from_row(row))
    return going, ever


def begun_by(
    tx: Tx, campaign: str, customer_id: str, *, before: datetime
) -> list[Enrollment]:
    """A customer's ways through a campaign that began before a moment, whether they go on or not, oldest first."""
    c = enrollments.c
    query = select(enrollments).where(
        c.customer_id == customer_id, c.campaign == campaign, c.started_at < before
    )
    return [
        ways.from_row(row) for row in tx.execute(query.order_by(c.started_at, c.id))
    ]


def in_flight(tx: Tx) -> list[tuple[str, str, int]]:
    """How many people are on the way, by campaign and the version that they entered with."""
    c = enrollments.c
    query = select(c.campaign, c.version, func.count()).where(c.ended_at.is_(None))
    found = tx.execute(query.group_by(c.campaign, c.version)).all()
    return sorted((row[0], row[1], row[2]) for row in found)
