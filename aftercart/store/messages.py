"""Message rows: planned once, loaded in batches, rung, reported on. Moving them is the work of `transitions`."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    or_,
    select,
    update,
)

from aftercart.model import (
    UNDER_WAY,
    Channel,
    Delivery,
    Message,
    Purpose,
    State,
)
from aftercart.reasons import from_json
from aftercart.store import Tx, bells, rows, starts, stories
from aftercart.store.among import among
from aftercart.store.bells import OPEN, rings_by
from aftercart.store.guards import READY, at
from aftercart.store.stories import Line
from aftercart.store.tables import messages

_FIELDS = [f.name for f in fields(Message)]
#: What a SELECT has to begin with for `from_row`.
NOUN: Sequence[ColumnElement[Any]] = [messages.c[name] for name in _FIELDS]
_MEANINGS: Sequence[tuple[int, Callable[[Any], Any]]] = [
    (_FIELDS.index("channel"), {c.value: c for c in Channel}.__getitem__),
    (_FIELDS.index("purpose"), {p.value: p for p in Purpose}.__getitem__),
    (_FIELDS.index("state"), {s.value: s for s in State}.__getitem__),
    (_FIELDS.index("reason"), from_json),
]

#: See `_rung`.
_FURTHEST_RING = timedelta(minutes=15)


def plan(tx: Tx, drafts: Sequence[tuple[Message, Mapping[str, Any]]]) -> set[str]:
    """Inserts messages that are not there yet, each with its first entry in the story; answers the new ids.

    A draft is the message and the columns that the noun does not carry (enrollment_id, priority, content).
    """
    if not drafts:
        return set()
    new = rows.insert_once(
        tx, messages, [_row(m) | dict(extra) for m, extra in drafts], key="id"
    )
    added = [m for m in {m.id: m for m, _ in reversed(drafts)}.values() if m.id in new]
    bells.hang(tx, [(m.id, m.due_at) for m in added if m.state in UNDER_WAY])
    lines = [
        Line(
            m.id,
            m.created_at,
            "planned" if m.state is State.SCHEDULED else m.state.value,
            "planner",
            m.reason.to_json() if m.reason else None,
        )
        for m in added
    ]
    stories.tell(tx, lines)
    return new


def load(tx: Tx, ids: Collection[str], *, lock: bool = False) -> dict[str, Message]:
    """The messages of these ids; with `lock`, nobody else moves them until this transaction ends."""
    found: dict[str, Message] = {}
    for part in rows.chunks(sorted(ids)):
        query = select(*NOUN).where(messages.c.id.in_(part))
        if lock:
            query = query.order_by(messages.c.id).with_for_update()
        for row in tx.execute(query):
            found[row.id] = from_row(row)
    return found


def due(
    tx: Tx, ids: Collection[str], *, now: datetime
) -> tuple[list[Message], list[str]]:
    """The due messages among `ids` that nobody prepares, oldest first, and the ids of those that were rung before in vain.

    A message whose start came to nothing before is found only alone, so that it takes no others with it; `bells.ring` tells of
    it alone.
    """
    query = _due(tx.dialect.name, alone=len(ids) == 1)
    told = tx.execute(query, at(now) | {"ids": ids}).all()
    found = sorted((from_row(row) for row in told), key=lambda m: (m.due_at, m.id))
    in_vain = [row[0] for row in told if row[-1] > 1]
    return found, in_vain


@lru_cache(maxsize=4)
def _due(dialect: str, *, alone: bool) -> Select[Any]:
    # built once; see `rows`
    free = messages.c.id.not_in(starts.under_way(dialect))
    found = select(*NOUN, bells.RUNG).where(
        among(messages.c.id), bells.OF_MESSAGE, *READY, free
    )
    return found if alone else found.where(messages.c.claims == 0)


def any_open(tx: Tx, *, now: datetime) -> bool:
    """Whether any message is being sent, or waits for proof."""
    query = select(messages.c.id).where(
        messages.c.state.in_((State.SENDING, State.UNCERTAIN)), _rung(now)
    )
    return tx.execute(query.limit(1)).first() is not None


def lapsed(tx: Tx, *, now: datetime, limit: int) -> list[Message]:
    """Messages in `sending` whose worker has not come back within its lease."""
    query = (
        select(*NOUN)
        .where(
            messages.c.state == State.SENDING,
            messages.c.lease_until <= now,
            _rung(now),
        )
        .order_by(messages.c.id)
        .limit(limit)
    )
    return [from_row(row) for row in tx.execute(query)]


def repeatable(
    tx: Tx, *, now: datetime, since: Mapping[Channel, datetime], limit: int
) -> list[Message]:
    """Uncertain service messages that are still of use, were never repeated, and went out by `since`, by their channel."""
    long_enough = (
        and_(messages.c.channel == channel, messages.c.sending_at <= at)
        for channel, at in since.items()
    )
    query = (
        select(*NOUN)
        .where(
            messages.c.state == State.UNCERTAIN,
            _rung(now),
            messages.c.purpose == Purpose.SERVICE,
            messages.c.resends == 0,
            messages.c.expires_at > now,
            or_(*long_enough),
        )
        .order_by(messages.c.sending_at, messages.c.id)
        .limit(limit)
    )
    return [from_row(row) for row in tx.execute(query)]


def unproved(tx: Tx, *, since: datetime, limit: int) -> list[Message]:
    """Uncertain messages that went out by `since`, oldest first."""
    query = (
        select(*NOUN)
        .where(
            messages.c.state == State.UNCERTAIN,
            messages.c.sending_at <= since,
            OPEN,
        )
        .order_by(messages.c.sending_at, messages.c.id)
        .limit(limit)
    )
    return [from_row(row) for row in tx.execute(query)]


def _rung(now: datetime) -> ColumnElement[bool]:
    """Holds for whatever was ever claimed and is open: what a pause holds is rung furthest ahead, and that is minutes."""
    return rings_by(now + _FURTHEST_RING)


def scheduled_of(tx: Tx, enrollment_id: str) -> list[str]:
    """The messages of an enrollment that are still to go. Asked seldom: no index knows it but that of what is open."""
    m = messages.c
    query = select(m.id).where(
        m.enrollment_id == enrollment_id, m.state == State.SCHEDULED, OPEN
    )
    return list(tx.scalars(query))


def report(tx: Tx, told: Sequence[tuple[str, Delivery, datetime]]) -> None:
    """Moves the delivery column of messages; only a higher rank replaces a lower one, so order and copies do not matter.

    Of several reports of one kind the earliest is kept.
    """
    if told:
        tx.execute(
            update(messages)
            .where(
                messages.c.id == bindparam("b_id"),
                (messages.c.delivery_rank < bindparam("b_rank"))
                | (
                    (messages.c.delivery_rank == bindparam("b_rank"))
                    & (messages.c.delivery_at > bindparam("b_at"))
                ),
            )
            .values(
                delivery=bindparam("b_delivery"),
                delivery_rank=bindparam("b_rank"),
                delivery_at=bindparam("b_at"),
            ),
            [
                {"b_id": id_, "b_delivery": word, "b_rank": word.rank, "b_at": at}
                # in the order in which `transitions` goes through them: no deadlocks
                for id_, word, at in sorted(told)
            ],
        )


def from_row(row: Sequence[Any]) -> Message:
    """A row that begins with NOUN as a noun. By position: a batch reads thousands of fields."""
    told = list(row[: len(NOUN)])
    for place, meaning in _MEANINGS:
        told[place] = meaning(told[place])
    return Message(*told)


def _row(m: Message) -> dict[str, Any]:
    return {
        "id": m.id,
        "campaign": m.campaign,
        "version": m.version,
        "customer_id": m.customer_id,
        "occurrence": m.occurrence,
        "leg": m.leg,
        "channel": m.channel,
        "purpose": m.purpose,
        "template": m.template,
        "state": m.state,
        "due_at": m.due_at,
        "expires_at": m.expires_at,
        "created_at": m.created_at,
        "order_id": m.order_id,
        "content": m.content,
        "facts": dict(m.facts),
        "reason": m.reason.to_json() if m.reason else None,
    }
