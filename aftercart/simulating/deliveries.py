"""What might have happened to these orders on their way? A seeded delivery simulation, for histories that only know purchases.

Pure: the same order and seed give the same promise, estimates and arrival, whatever else is replayed with it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from aftercart.model import Event, Order

#: Shares of orders, chosen so that support has something to do and most customers have not.
LATE = 0.06
SILENTLY_LATE = 0.01  #: late, and nobody told us
FALSE_ALARM = 0.01  #: an estimate that is taken back within a minute
REFUNDED = 0.008
CANCELLED = 0.005

_QUARTER = timedelta(minutes=15)


@dataclass(frozen=True)
class _Trip:
    order: Order
    promised_at: datetime
    random: Random

    def event(self, verb: str, at: datetime, **order: str) -> Event:
        return Event(
            id=f"sim-{self.order.id}-{verb}-{at:%Y%m%dT%H%M%S}",
            type=f"order.{verb}",
            at=at,
            customer_id=self.order.customer_id,
            order_id=self.order.id,
            body={
                "customer": {"id": self.order.customer_id},
                "order": {"id": self.order.id, **order},
            },
        )

    def minutes(self, low: int, high: int) -> timedelta:
        return timedelta(minutes=self.random.randint(low, high))


def simulate(order: Order, *, seed: int) -> list[Event]:
    """The events of one order from its placing on, in order of time: promise, estimates, arrival, refund."""
    random = Random(f"{seed}|{order.id}")
    promised = _quarter(order.placed_at + timedelta(minutes=random.randint(75, 135)))
    trip = _Trip(order, promised, random)
    events = [trip.event("placed", order.placed_at, promised_at=promised.isoformat())]
    events += _fate(trip)
    return sorted(events, key=lambda e: (e.at, e.id))


def _fate(trip: _Trip) -> Iterator[Event]:
    luck = trip.random.random()
    early = trip.promised_at - trip.minutes(0, 40)
    on_time = max(early, trip.order.placed_at + timedelta(minutes=30))
    if luck < CANCELLED:
        yield trip.event("cancelled", trip.order.placed_at + trip.minutes(5, 40))
        return
    if (luck := luck - CANCELLED) < LATE:
        yield from _late(trip)
    elif (luck := luck - LATE) < SILENTLY_LATE:
        yield trip.event("delivered", trip.promised_at + trip.minutes(20, 60))
    elif (luck := luck - SILENTLY_LATE) < FALSE_ALARM:
        at = trip.promised_at - trip.minutes(10, 30)
        wrong = trip.promised_at + trip.minutes(30, 60)
        yield trip.event("eta_changed", at, eta=wrong.isoformat())
        corrected = at + timedelta(seconds=60)
        yield trip.event("eta_changed", corrected, eta=trip.promised_at.isoformat())
        yield trip.event("delivered", trip.promised_at)
    else:
        yield trip.event("delivered", on_time)
        if luck - FALSE_ALARM < REFUNDED:
            yield trip.event("refunded", on_time + trip.minutes(60, 1200))


def _late(trip: _Trip) -> Iterator[Event]:
    told_at = trip.promised_at - trip.minutes(2, 30)
    eta = trip.promised_at + trip.minutes(18, 70)
    yield trip.event("eta_changed", told_at, eta=eta.isoformat())
    worse = trip.random.random()
    if worse < 0.2:  # much worse: worth a second text
        told_at = trip.promised_at + trip.minutes(5, 15)
        eta += trip.minutes(35, 60)
        yield trip.event("eta_changed", told_at, eta=eta.isoformat())
    elif worse < 0.4:  # a little worse: not worth one
        told_at = trip.promised_at + trip.minutes(5, 15)
        eta += trip.minutes(5, 15)
        yield trip.event("eta_changed", told_at, eta=eta.isoformat())
    # at the doorstep before anybody could tell
    arrives = (
        told_at + timedelta(seconds=70) if worse > 0.95 else eta + trip.minutes(-5, 8)
    )
    yield trip.event("delivered", arrives)


def _quarter(at: datetime) -> datetime:
    """The next quarter of an hour: nobody promises 18:07."""
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return day + -(-(at - day) // _QUARTER) * _QUARTER
