"""What did people do after a campaign? Those who got it beside those who were held back, a page of people at a time."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from aftercart.model import REACHED, State
from aftercart.reasons import Code
from aftercart.store import Tx
from aftercart.store.tables import events, messages, orders

_PAGE = 2_000


@dataclass(frozen=True)
class Entrant:
    """A customer's first message of a campaign: when it was due, and whether they were held back instead."""

    customer_id: str
    at: datetime
    held: bool
    variants: Mapping[int, "Varied"] = field(
        default_factory=dict
    )  #: by the number of the message


@dataclass(frozen=True)
class Varied:
    """A message that has variants: the one that a customer got first, and when."""

    variant: str
    at: datetime


@dataclass(frozen=True)
class Deed:
    """Something that a customer did, and what it was worth."""

    at: datetime
    worth: Decimal = Decimal(0)


def entrants(
    tx: Tx, campaign: str, *, since: datetime | None, until: datetime
) -> Iterator[list[Entrant]]:
    """Who got the campaign or was held back, in pages, each with the first time that counts; others never came so far."""
    m = messages.c
    after = ""
    while True:
        query = (
            select(m.customer_id, m.due_at, m.state, m.reason, m.facts)
            .where(m.campaign == campaign, m.customer_id > after, m.due_at <= until)
            .order_by(m.customer_id, m.due_at, m.id)
            .limit(_PAGE)
        )
        if since:
            query = query.where(m.due_at >= since)
        rows = tx.execute(query).all()
        if not rows:
            return
        if len(rows) == _PAGE:
            # the last of them may have more messages on the next page
            last = rows[-1].customer_id
            whole = [row for row in rows if row.customer_id != last]
            rows = whole or rows
        after = rows[-1].customer_id
        yield _first(rows)


def _first(rows: Sequence[Any]) -> list[Entrant]:
    """Each customer's first message of those in these rows, and the first of each that has variants."""
    first: dict[str, Entrant] = {}
    varied: dict[str, dict[int, Varied]] = {}
    for row in rows:
        held = (row.reason or {}).get("code") == Code.HOLDOUT
        if not held and State(row.state) not in REACHED:
            continue
        variants = varied.setdefault(row.customer_id, {})
        entrant = Entrant(row.customer_id, row.due_at, held, variants)
        first.setdefault(row.customer_id, entrant)
        if not held and (name := row.facts.get("variant")):
            number = row.facts.get("send", 1)
            variants.setdefault(number, Varied(name, row.due_at))
    return list(first.values())


def deeds(tx: Tx, event: str, customer_ids: Collection[str]) -> dict[str, list[Deed]]:
    """What each of these customers did of this kind, oldest first; orders with their totals."""
    found: dict[str, list[Deed]] = {}
    ids = sorted(customer_ids)
    if event == "order.placed":
        o = orders.c
        query = select(o.customer_id, o.placed_at, o.total).where(
            o.customer_id.in_(ids), o.cancelled_at.is_(None)
        )
        for customer_id, at, total in tx.execute(query.order_by(o.placed_at)):
            found.setdefault(customer_id, []).append(Deed(at, total))
        return found
    e = events.c
    told = select(e.customer_id, e.at).where(e.customer_id.in_(ids), e.type == event)
    for customer_id, at in tx.execute(told.order_by(e.at)):
        found.setdefault(customer_id, []).append(Deed(at))
    return found
