"""What does the shop know about one person, what did they get, and what is coming?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from aftercart.model import Customer, Event, Order
from aftercart.store import Tx, customers, events, orders, permissions
from aftercart.store.permissions import Suppression
from aftercart.store.records.figures import Verdict, verdicts
from aftercart.store.records.listing import LogRow, log
from aftercart.store.records.standing import Case, cases
from aftercart.store.tables import enrollments
from aftercart.store.tables import orders as order_table

_ORDERS = 25
_MESSAGES = 100
_EVENTS = 50


@dataclass(frozen=True)
class Coming:
    """A campaign that the person is on the way through, and when its next step is due."""

    campaign: str
    due_at: datetime
    started_at: datetime
    step: int
    order: str


@dataclass(frozen=True)
class CustomerPage:
    """All that support reads about one person."""

    customer: Customer
    consents: Sequence[Mapping[str, Any]]  #: the ledger, newest first
    suppressions: Sequence[Suppression]
    orders: Sequence[Order]
    messages: Sequence[LogRow]
    coming: Sequence[Coming]
    cases: Sequence[Case]
    events: Sequence[Event]
    answers: Sequence[Verdict]


def customer_page(tx: Tx, customer_id: str, *, now: datetime) -> CustomerPage | None:
    """Everything about one customer as of `now`, or None where there is no such customer."""
    person = customers.load(tx, [customer_id], now=now).get(customer_id)
    if person is None:
        return None
    held = permissions.suppressed(tx, [person.email_key, person.phone_key])
    return CustomerPage(
        customer=person,
        consents=permissions.ledger(tx, customer_id)[::-1],
        suppressions=[entry for entries in held.values() for entry in entries],
        orders=_orders(tx, customer_id, now),
        messages=log(tx, customer=customer_id, limit=_MESSAGES),
        coming=_coming(tx, customer_id),
        cases=cases(tx, open_only=False, customer=customer_id),
        events=events.of_customer(tx, customer_id, now=now, limit=_EVENTS),
        answers=verdicts(tx, customer=customer_id),
    )


def _orders(tx: Tx, customer_id: str, now: datetime) -> list[Order]:
    c = order_table.c
    ids = tx.scalars(
        select(c.id)
        .where(c.customer_id == customer_id, c.placed_at <= now)
        .order_by(c.placed_at.desc(), c.id)
        .limit(_ORDERS)
    ).all()
    found = orders.load(tx, ids)
    return [found[id_] for id_ in ids]


def _coming(tx: Tx, customer_id: str) -> list[Coming]:
    c = enrollments.c
    query = (
        select(c.campaign, c.due_at, c.started_at, c.step, c.order_id)
        .where(c.customer_id == customer_id, c.ended_at.is_(None))
        .order_by(c.due_at, c.id)
    )
    return [Coming(*row) for row in tx.execute(query)]
