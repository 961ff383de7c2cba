"""Who gets a place under the frequency cap? Decided here, by priority and key, and never by which worker came first."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from aftercart.campaigns import Limit
from aftercart.model import Message, Purpose, State
from aftercart.policy import Wait, places
from aftercart.runtime import Runtime
from aftercart.store import Tx, slots, transitions
from aftercart.store.transitions import Move

_PAGE = 5000


def grant(tx: Tx, rt: Runtime, *, now: datetime) -> int:
    """Gives due marketing messages their place, or lets them wait for one; returns how many got it."""
    limits = rt.shop.cap.get(Purpose.MARKETING, ())
    count = 0
    slots.take_back(tx, now=now)
    while waiting := slots.unslotted(tx, now=now, limit=_PAGE):
        count += _grant(tx, [m for m, _ in waiting], limits, now=now)
    return count


def _grant(
    tx: Tx, waiting: Sequence[Message], limits: Sequence[Limit], *, now: datetime
) -> int:
    longest = max((limit.period for limit in limits), default=None)
    people = {m.customer_id for m in waiting}
    had = slots.granted(tx, people, since=now - longest) if longest else {}
    granted: list[str] = []
    postponed: list[Move] = []
    for customer_id, theirs in groupby(waiting, key=lambda m: m.customer_id):
        judged = places(
            list(theirs), had=had.get(customer_id, ()), limits=limits, now=now
        )
        for message, verdict in judged:
            if isinstance(verdict, Wait):
                postponed.append(_later(message, verdict, now))
            else:
                granted.append(message.id)
    slots.grant(tx, granted, at=now)
    transitions.move(tx, postponed)
    return len(granted)


def _later(message: Message, verdict: Wait, now: datetime) -> Move:
    return Move(
        message.id,
        State.SCHEDULED,
        State.SCHEDULED,
        now,
        "planner",
        word="held",
        reason=verdict.reason,
        ring_at=verdict.until,
        columns={"due_at": verdict.until},
    )
