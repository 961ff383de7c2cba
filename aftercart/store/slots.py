"""Places under the frequency cap: who waits for one, who has had one, who is given one."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import select, update

from aftercart.model import Message, Purpose, State
from aftercart.store import Tx, rows
from aftercart.store.bells import rings_by
from aftercart.store.messages import NOUN, from_row
from aftercart.store.tables import messages

#: States in which a marketing message does not take one of the customer's slots.
_NEVER_CAME = (State.SKIPPED, State.EXPIRED, State.CANCELLED, State.FAILED)


def unslotted(tx: Tx, *, now: datetime, limit: int) -> list[tuple[Message, int]]:
    """Due marketing messages that still need a place under the customer's cap, with their priority, in order of merit."""
    query = (
        select(*NOUN, messages.c.priority)
        .where(
            messages.c.state == State.SCHEDULED,
            rings_by(now),
            messages.c.purpose == Purpose.MARKETING,
            messages.c.slot_at.is_(None),
        )
        .order_by(
            messages.c.customer_id,
            messages.c.priority.desc(),
            messages.c.due_at,
            messages.c.id,
        )
        .limit(limit)
    )
    return [(from_row(row), row.priority) for row in tx.execute(query)]


def granted(
    tx: Tx, customer_ids: Collection[str], *, since: datetime
) -> dict[str, list[datetime]]:
    """When each customer was granted a marketing message after `since`, oldest first."""
    found: dict[str, list[datetime]] = {}
    for part in rows.chunks(sorted(customer_ids)):
        query = (
            select(messages.c.customer_id, messages.c.slot_at)
            .where(
                messages.c.customer_id.in_(part),
                messages.c.slot_at > since,
                # what was stale when it got its place goes only to be expired
                messages.c.expires_at > messages.c.slot_at,
                messages.c.state.not_in(_NEVER_CAME),
            )
            .order_by(messages.c.slot_at)
        )
        for row in tx.execute(query):
            found.setdefault(row.customer_id, []).append(row.slot_at)
    return found


def take_back(tx: Tx, *, now: datetime) -> None:
    """Takes back the places of due messages that have not gone: a place counts from when it is used, not from when it was given.

    A message that was held, or whose worker was away, competes anew; else two of them could go in the same minute.
    """
    tx.execute(
        update(messages)
        .where(
            messages.c.state == State.SCHEDULED,
            rings_by(now),
            messages.c.slot_at.is_not(None),
        )
        .values(slot_at=None)
    )


def grant(tx: Tx, ids: Iterable[str], *, at: datetime) -> None:
    """Gives messages their place under the cap."""
    for part in rows.chunks(list(ids)):
        tx.execute(update(messages).where(messages.c.id.in_(part)).values(slot_at=at))
