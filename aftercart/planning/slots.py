"""Who gets a place under the frequency cap? Decided here, by priority and key, and never by which worker came first."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from aftercart.campaigns import Limit
from aftercart.model import Message, Purpose, State
from aftercart.policy import Wait, allow
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
        taken = list(had.get(customer_id, ()))
        for message in theirs:
            verdict = allow(taken, limits=limits, now=now)
            if message.expires_at <= now:
                # what is stale goes through, to be expired with its reason, and takes nobody's place
                granted.append(message.id)
            elif isinstance(verdict, Wait):
                postponed.append(_later(message, verdict, now))
            else:
                taken.append(now)
                granted.append(message.id)
    slots.grant(tx, granted, at=now)
    transitions.move(tx, postponed)
    return len(granted)


def _later(message: Message, verdict: Wait, now: datetime) -> Move:
    # a message that would be stale by then is looked at when it goes stale, so that the log says so at once
    until = min(verdict.until, message.expires_at)
    return Move(
        message.id,
        State.SCHEDULED,
        State.SCHEDULED,
        now,
        "planner",
        word="held",
        reason=verdict.reason,
        ring_at=until,
        columns={"due_at": until},
    )
