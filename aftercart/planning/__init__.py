"""What is due now? Due steps become message rows, each once; rows get their place under the cap; queues are told.

One planner writes at a time, in an order that depends on business facts only: any number of schedulers plan the same
messages.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from aftercart.model import Purpose
from aftercart.planning import ramping, recurring, running_low, slots, stepping
from aftercart.runtime import Runtime
from aftercart.store import Tx, bells, horizon, starts
from aftercart.store.bells import Rung
from aftercart.store.horizon import Horizon

__all__ = ["ALERT_AGAIN", "RING_AGAIN", "Ringing", "look", "plan"]

#: Ids in one queue message: enough to make the database's round trips cheap, few enough to be lost without pain.
BATCH = 100
#: Rows rung in one tick; the next tick rings the rest.
RUNG_AT_ONCE = 20_000
#: A rung message that nobody moved is rung again after this: Redis was wiped, or a worker died.
RING_AGAIN = timedelta(seconds=60)
#: An alert, sooner: it is of use for minutes.
ALERT_AGAIN = timedelta(seconds=20)

#: A batch is prepared within a second; one that was begun this long ago lost its process. Well below RING_AGAIN, so that what
#: it was preparing is rung alone.
START_LIFE = timedelta(seconds=15)


@dataclass(frozen=True)
class Ringing:
    """Ids for one queue: "alerts", "email" or "sms"."""

    queue: str
    ids: tuple[str, ...]


def plan(
    rt: Runtime,
    *,
    now: datetime | None = None,
    tell: Callable[[list[Ringing]], object] | None = None,
) -> list[Ringing]:
    """Plans everything that is due and answers what the queues should hear. Safe to call at any time, from anywhere.

    Where somebody else is planning, that is left to them.
    Where there is so much of it that it takes several transactions, `tell` hears of the alerts after each of them.
    """
    now = now or rt.clock()
    early: list[Ringing] = []
    if rt.off_time() or not look(rt).due(now):
        return []
    # A great audience takes several transactions, so that nobody waits for the planner longer than they can. Places and rings
    # come only when no step is left that is due: then it makes no difference who took which of them.
    while True:
        with rt.store.write_alone() as tx:
            if tx is None:
                # somebody is at it, and goes on until no step is left
                return early
            recurring.enroll(tx, rt, now=now)
            running_low.enroll(tx, rt, now=now)
            there_is_more = stepping.advance_due(tx, rt, now=now)
            if there_is_more:
                alerts = _alerts(tx, rt, now=now)
            else:
                ramping.admit(tx, rt, now=now)
                slots.grant(tx, rt, now=now)
                starts.count_lost(tx, before=now - START_LIFE)
                rung = _ring(tx, now=now)
                # the oldest come first, and alerts are young
                alerts = _alerts(tx, rt, now=now) if len(rung) == RUNG_AT_ONCE else []
        urgent = _batches(alerts)
        if not there_is_more:
            return early + urgent + _batches(rung)
        if tell:
            tell(urgent)
        else:
            early += urgent


def _alerts(tx: Tx, rt: Runtime, *, now: datetime) -> list[Rung]:
    """The alerts that are due by now, planned and rung: they wait behind no newsletter."""
    # the time of this moment, and not that at which the planner began with the newsletter
    now = max(now, rt.clock())
    names = {c.name for c in rt.campaigns.values() if c.purpose is Purpose.SERVICE}
    stepping.advance_due(tx, rt, now=now, campaigns=names)
    return _ring(tx, now=now, purpose=Purpose.SERVICE)


def _ring(tx: Tx, *, now: datetime, purpose: Purpose | None = None) -> list[Rung]:
    return bells.ring(
        tx,
        now=now,
        again_at=now + RING_AGAIN,
        alerts_again_at=now + ALERT_AGAIN,
        limit=RUNG_AT_ONCE,
        purpose=purpose,
    )


def look(rt: Runtime) -> Horizon:
    """When there is something to plan or to ring next."""
    with rt.store.read() as tx:
        return horizon.look(tx, recurring=recurring.names(rt))


def _batches(rung: list[Rung]) -> list[Ringing]:
    queues: dict[str, list[str]] = {"alerts": [], "sms": [], "email": []}
    alone: list[Ringing] = []
    for one in rung:
        queue = "alerts" if one.purpose is Purpose.SERVICE else one.channel.value
        if one.alone:
            # it may be what killed a worker: the next time it takes nobody with it
            alone.append(Ringing(queue, (one.message_id,)))
        else:
            queues[queue].append(one.message_id)
    together = [
        Ringing(queue, tuple(ids[i : i + BATCH]))
        for queue, ids in queues.items()
        for i in range(0, len(ids), BATCH)
    ]
    return together + alone
