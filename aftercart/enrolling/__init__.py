"""Something happened: remember it, and let those enter a campaign whom it concerns."""

from collections.abc import Sequence
from dataclasses import dataclass

from aftercart import waking
from aftercart.enrolling import entering, remembering, rhythms
from aftercart.model import Event
from aftercart.runtime import Runtime
from aftercart.store import events as event_store
from aftercart.store import orders

rebuild_rhythms = rhythms.rebuild

__all__ = ["TakenIn", "rebuild_rhythms", "take_in"]


@dataclass(frozen=True)
class TakenIn:
    """How many events were new, and how many had been told before."""

    new: int
    known: int


def take_in(rt: Runtime, events: Sequence[Event]) -> TakenIn:
    """Stores each event once, with everything that follows from it, in one transaction: all of it or nothing."""
    now = rt.clock()
    with rt.store.write() as tx:
        new = event_store.add(tx, events, received_at=now)
        unique = {e.id: e for e in reversed(events) if e.id in new}
        fresh = sorted(unique.values(), key=lambda e: (e.at, e.id))
        if fresh:
            remembering.remember(tx, rt, fresh, now=now)
            known = orders.load(tx, {e.order_id for e in fresh})
            rhythms.note_purchases(tx, rt, fresh, known, now=now)
            waking.tell(tx, rt, fresh, now=now)
            entering.enter(tx, rt, fresh, known, now=now)
    return TakenIn(len(new), len(events) - len(new))
