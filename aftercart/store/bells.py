"""When does a queue hear of a message, and which messages have not come to their end? Those that have a bell.

It hangs apart from the message: whoever sends a message changes it twice, and where no index knows what is changed, PostgreSQL
does so in place. A queue may forget what it was told, so a bell is rung again until its message moves.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, delete, func, select, update

from aftercart.model import Channel, Purpose, State
from aftercart.store import Tx, lists
from aftercart.store.among import among
from aftercart.store.tables import bells, messages

#: Has not come to its end. What asks for a state under way says this too: else it looks at all that was ever sent.
OPEN: ColumnElement[bool] = messages.c.id.in_(select(bells.c.message_id))

#: For a SELECT of messages with their bells: which belongs to which, and how often it rang.
OF_MESSAGE: ColumnElement[bool] = bells.c.message_id == messages.c.id
RUNG: ColumnElement[int] = bells.c.rung


@dataclass(frozen=True)
class Rung:
    """A message that a queue should hear of; `alone` where an earlier start of it came to nothing."""

    message_id: str
    channel: Channel
    purpose: Purpose
    alone: bool


def rings_by(moment: datetime) -> ColumnElement[bool]:
    """Holds for the open messages that are rung at this moment, or before."""
    return messages.c.id.in_(
        select(bells.c.message_id).where(bells.c.ring_at <= moment)
    )


def hang(tx: Tx, first: Sequence[tuple[str, datetime]]) -> None:
    """Bells for new messages, and when each is to ring first."""
    new = [{"message_id": id_, "ring_at": at, "rung": 0} for id_, at in first]
    lists.insert_each(tx, bells, new, key="message_id")


def put_off(tx: Tx, until: Mapping[str, datetime]) -> None:
    """When the bells of these messages ring next; they have moved, and so it is for the first time."""
    if until:
        changes = [
            {"message_id": id_, "ring_at": at, "rung": 0} for id_, at in until.items()
        ]
        lists.update_each(tx, bells, changes, key="message_id")


def take_down(tx: Tx, ids: Collection[str]) -> None:
    """These messages have come to their end."""
    if ids:
        tx.execute(_TAKE_DOWN, {"ids": ids})


def ring(
    tx: Tx,
    *,
    now: datetime,
    again_at: datetime,
    alerts_again_at: datetime | None = None,
    limit: int,
    purpose: Purpose | None = None,
) -> list[Rung]:
    """The due messages that a queue should hear of, oldest first; they are rung again at `again_at` unless they moved.

    Service messages at `alerts_again_at`, where it is given. Where a purpose is named, those of it alone.
    """
    ready = (
        select(messages.c.id, messages.c.channel, messages.c.purpose, messages.c.claims)
        .join(bells, bells.c.message_id == messages.c.id)
        .where(
            bells.c.ring_at <= now,
            messages.c.state == State.SCHEDULED,
            (messages.c.purpose != Purpose.MARKETING) | messages.c.slot_at.is_not(None),
        )
        .order_by(bells.c.ring_at, messages.c.id)
        .limit(limit)
    )
    if purpose is not None:
        ready = ready.where(messages.c.purpose == purpose)
    found = [
        Rung(r.id, Channel(r.channel), Purpose(r.purpose), alone=r.claims > 0)
        for r in tx.execute(ready)
    ]
    for alerts, at in ((False, again_at), (True, alerts_again_at or again_at)):
        ids = [r.message_id for r in found if (r.purpose is Purpose.SERVICE) is alerts]
        if ids:
            tx.execute(_TELL, {"ids": ids, "again_at": at})
    return found


def ring_now(tx: Tx, *, now: datetime) -> None:
    """Lets the next tick ring everything that is due, also what was rung or held a moment ago."""
    waiting = (
        select(bells.c.message_id)
        .join(messages, messages.c.id == bells.c.message_id)
        .where(
            messages.c.state == State.SCHEDULED,
            messages.c.due_at <= now,
            bells.c.ring_at > now,
        )
        .with_for_update(of=bells, skip_locked=True)
    )
    tx.execute(update(bells).where(bells.c.message_id.in_(waiting)).values(ring_at=now))


def in_flight(tx: Tx, *, now: datetime, rung_until: Collection[datetime]) -> int:
    """How many messages were rung in this very moment and have not moved, or are being sent. For clocks that stand still."""
    rung = (
        (messages.c.state == State.SCHEDULED)
        & (messages.c.due_at <= now)
        & bells.c.ring_at.in_(rung_until)
    )
    query = (
        select(func.count())
        .select_from(bells)
        .join(messages, messages.c.id == bells.c.message_id)
        .where(
            bells.c.ring_at <= max(rung_until),
            rung | (messages.c.state == State.SENDING),
        )
    )
    return int(tx.scalar(query) or 0)


#: Statements are built once; see `rows`.
_TAKE_DOWN = delete(bells).where(among(bells.c.message_id))

#: Whoever moves a message holds its row before its bell. Whoever rings waits for no bell: what somebody moves in this very moment
#: need not be rung again, and so no two wait for each other.
_FREE = (
    select(bells.c.message_id)
    .where(among(bells.c.message_id))
    .with_for_update(skip_locked=True)
)
_TELL = (
    update(bells)
    .where(bells.c.message_id.in_(_FREE))
    .values(
        ring_at=bindparam("again_at", type_=bells.c.ring_at.type),
        rung=bells.c.rung + 1,
    )
)
