"""What happened to one message? Its row, its customer and order, its story, and what filled its template."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from aftercart.model import Customer, Delivery, Message, Order
from aftercart.store import Tx, customers, messages, orders, stories, versions
from aftercart.store.tables import answers, provider_events, renditions
from aftercart.store.tables import messages as table

_LAST = 100  #: after every rank


@dataclass(frozen=True)
class Entry:
    """One dated line of a message's story. `facts` are what came with the word: a reason's, or a report's own words."""

    at: datetime
    word: str
    actor: str
    facts: Mapping[str, str]
    machine: bool = False  #: an open or a click by a mailbox's scanner, not by a person


@dataclass(frozen=True)
class Answer:
    """What the customer answered to this message."""

    score: int
    comment: str
    answered_at: datetime
    revised_at: datetime | None


@dataclass(frozen=True)
class MessagePage:
    """All that support reads about one message."""

    message: Message
    customer: Customer | None
    order: Order | None
    story: Sequence[Entry]
    to: str
    template_version: str
    sources: Mapping[str, str]
    values: Mapping[str, Any]
    enrollment_id: str
    lease_until: datetime | None
    answer: Answer | None


def message_page(tx: Tx, message_id: str, *, now: datetime) -> MessagePage | None:
    """Everything about one message as of `now`, or None where there is no such message."""
    c = table.c
    query = select(*messages.NOUN, c.enrollment_id, c.lease_until)
    row = tx.execute(query.where(c.id == message_id)).first()
    if row is None:
        return None
    message = messages.from_row(row)
    sent = _as_sent(tx, message_id)
    kept = versions.sources(tx, sent.template_version) if sent else None
    return MessagePage(
        message=message,
        customer=customers.load(tx, [row.customer_id], now=now).get(row.customer_id),
        order=orders.load(tx, [row.order_id]).get(row.order_id),
        story=_story(tx, message_id),
        to=sent.to if sent else "",
        template_version=sent.template_version if sent else "",
        sources=kept[1] if kept else {},
        values=(sent.values or {}) if sent else {},
        enrollment_id=row.enrollment_id,
        lease_until=row.lease_until,
        answer=_answer(tx, message_id),
    )


def _as_sent(tx: Tx, message_id: str) -> Row[Any] | None:
    """What went out the last time."""
    query = select(renditions).where(renditions.c.message_id == message_id)
    return tx.execute(query.order_by(renditions.c.fence.desc()).limit(1)).first()


def _story(tx: Tx, message_id: str) -> list[Entry]:
    """Our words and the provider's, oldest first; what both tell stands once."""
    own = [
        Entry(line.at, line.word, line.actor, line.reason or {})
        for line in stories.of(tx, message_id)
    ]
    told = {entry.word for entry in own}
    reports = select(provider_events).where(provider_events.c.message_id == message_id)
    rows = sorted(tx.execute(reports), key=_came)
    reported = [
        Entry(
            row.at,
            row.signal or row.delivery,
            row.provider,
            {"words": row.words} if row.words else {},
            row.machine,
        )
        for row in rows
        if (row.signal or row.delivery) and (row.signal or row.delivery) not in told
    ]
    # sorted() keeps the order of those that carry one and the same moment
    return sorted([*own, *reported], key=lambda entry: entry.at)


def _came(row: Row[Any]) -> int:
    """Reports of one second come in any order: the mailbox got it after the provider had it, and before it was opened."""
    return Delivery(row.delivery).rank if row.delivery else _LAST


def _answer(tx: Tx, message_id: str) -> Answer | None:
    c = answers.c
    row = tx.execute(
        select(c.score, c.comment, c.answered_at, c.revised_at).where(
            c.message_id == message_id
        )
    ).first()
    return Answer(*row) if row else None
