"""What waits for somebody: cases for support, and messages and callbacks that should have moved on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, false, func, or_, select, true

from aftercart.model import Purpose, State
from aftercart.store import Tx, pauses
from aftercart.store.bells import OPEN
from aftercart.store.guards import ALLOWED
from aftercart.store.tables import cases as table
from aftercart.store.tables import customers, inbox, message_events, messages

#: How long the log shows a message as freshly lost.
_RECENT = timedelta(days=1)
#: How long before that it was planned at most: proof is waited for three days, and an index leads here by this time alone.
_PLANNED = timedelta(days=5)


@dataclass(frozen=True)
class Case:
    """Something that a person should do for a customer."""

    id: str
    kind: str
    customer: str
    first_name: str
    phone: str
    timezone: str
    order: str
    message: str
    note: str
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True)
class Health:
    """What is late. Moments are the oldest of their kind, None where there is none."""

    oldest_due: datetime | None  #: scheduled and due, but not sent
    due: int
    scheduled: int
    sending: int
    uncertain: int
    oldest_uncertain: datetime | None
    unknown_today: int
    inbox: int
    oldest_callback: datetime | None
    open_cases: int
    #: by purpose: due and not sent, though nobody holds it
    late: Mapping[Purpose, datetime] = field(default_factory=dict)
    last_callback: datetime | None = None


def cases(
    tx: Tx, *, open_only: bool, customer: str | None = None, limit: int = 200
) -> list[Case]:
    """Cases, the open ones first, then newest first."""
    t, c = table.c, customers.c
    query = (
        select(
            t.id,
            t.kind,
            t.customer_id,
            func.coalesce(c.first_name, ""),
            func.coalesce(c.phone, ""),
            func.coalesce(c.timezone, "UTC"),
            t.order_id,
            t.message_id,
            t.note,
            t.opened_at,
            t.closed_at,
        )
        .join(customers, c.id == t.customer_id, isouter=True)
        .order_by(t.closed_at.is_not(None), t.opened_at.desc(), t.id)
        .limit(limit)
    )
    if open_only:
        query = query.where(t.closed_at.is_(None))
    if customer is not None:
        query = query.where(t.customer_id == customer)
    return [Case(*row) for row in tx.execute(query)]


@dataclass(frozen=True)
class Waiting:
    """The marketing messages and surveys of one campaign that are due, and what would become of them now."""

    campaign: str
    purpose: str
    would_go: int
    too_late: int  #: past their best-before
    not_allowed: int  #: the customer does not agree, or the address must not be used
    oldest_due: datetime


def waiting(tx: Tx, *, now: datetime) -> list[Waiting]:
    """What is due and not sent, by campaign, whatever holds it; service messages are not among them."""
    m = messages.c
    in_date = m.expires_at > now
    query = (
        select(
            m.campaign,
            m.purpose,
            func.count().filter(in_date, ALLOWED),
            func.count().filter(~in_date),
            func.count().filter(in_date, ~ALLOWED),
            func.min(m.due_at, type_=m.due_at.type),
        )
        .where(
            m.state == State.SCHEDULED,
            m.purpose != Purpose.SERVICE,
            m.due_at <= now,
            OPEN,
        )
        .group_by(m.campaign, m.purpose)
        .order_by(m.campaign, m.purpose)
    )
    return [Waiting(*row) for row in tx.execute(query)]


def open_case_count(tx: Tx) -> int:
    """How many cases wait for a person."""
    return tx.scalar(select(func.count()).where(table.c.closed_at.is_(None))) or 0


def health(tx: Tx, *, now: datetime) -> Health:
    """How late the oldest of everything is."""
    m = messages.c
    # each of these reads one partial index: it costs what is open, not what was ever sent
    scheduled = _scheduled(tx, now)
    open_ = {
        state: (n, oldest)
        for state, n, oldest in tx.execute(
            select(
                m.state, func.count(), func.min(m.sending_at, type_=m.sending_at.type)
            )
            .where(m.state.in_((State.SENDING, State.UNCERTAIN)), OPEN)
            .group_by(m.state)
        )
    }
    waiting, oldest_callback = tx.execute(
        select(
            func.count(), func.min(inbox.c.received_at, type_=inbox.c.received_at.type)
        ).where(inbox.c.read_at.is_(None))
    ).one()
    e = message_events.c
    unknown = (
        select(func.count(m.id.distinct()))
        .join(message_events, e.message_id == m.id)
        .where(
            m.state == State.UNKNOWN,
            m.created_at > now - _PLANNED,
            e.word == State.UNKNOWN.value,
            e.at > now - _RECENT,
        )
    )
    return Health(
        oldest_due=min((row[3] for row in scheduled if row[3]), default=None),
        due=sum(row[2] for row in scheduled),
        scheduled=sum(row[1] for row in scheduled),
        sending=open_.get(State.SENDING, (0, None))[0],
        uncertain=open_.get(State.UNCERTAIN, (0, None))[0],
        oldest_uncertain=open_.get(State.UNCERTAIN, (0, None))[1],
        unknown_today=tx.scalar(unknown) or 0,
        inbox=waiting,
        oldest_callback=oldest_callback,
        open_cases=open_case_count(tx),
        late={Purpose(row[0]): row[4] for row in scheduled if row[4]},
        last_callback=tx.scalar(_LAST_CALLBACK),
    )


def _scheduled(tx: Tx, now: datetime) -> Sequence[Any]:
    """By purpose: how many, how many that are due, the oldest of these, and the oldest that nobody holds."""
    m = messages.c
    due, at = m.due_at <= now, m.due_at.type
    return tx.execute(
        select(
            m.purpose,
            func.count(),
            func.count().filter(due),
            func.min(m.due_at, type_=at).filter(due),
            func.min(m.due_at, type_=at).filter(due, ~_held(tx)),
        )
        .where(m.state == State.SCHEDULED, OPEN)
        .group_by(m.purpose)
    ).all()


def _held(tx: Tx) -> ColumnElement[bool]:
    """As the guard of the claim says it, and by the few names that are held now: there may be many messages."""
    m = messages.c
    held: list[ColumnElement[bool]] = [false()]
    for scope in pauses.paused(tx):
        scope = scope.removeprefix(pauses.ENDING)
        kind, _, name = scope.partition(":")
        if scope == "all":
            held.append(true())
        elif scope == pauses.SAFE_MODE:
            held.append(m.purpose != Purpose.SERVICE)
        else:
            held.append((m.campaign if kind == "campaign" else m.channel) == name)
    return or_(*held)


_LAST_CALLBACK = select(inbox.c.received_at).order_by(inbox.c.id.desc()).limit(1)
