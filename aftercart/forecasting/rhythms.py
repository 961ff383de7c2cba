"""How often does this customer buy it, and when would a nudge be in time? A rhythm as a value, moved by each purchase."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from aftercart import moments
from aftercart.campaigns import RunningLow
from aftercart.forecasting.needs import add_purchase, nudge_at


@dataclass(frozen=True)
class Rhythm:
    """One customer's purchases of one staple. `gaps` are days between purchases, newest last."""

    campaign: str
    customer_id: str
    category: str
    last_at: datetime
    purchases: int
    gaps: tuple[int, ...]
    nudge_at: datetime | None


@dataclass(frozen=True)
class Buyer:
    """Whose rhythm it is: in which campaign, and on which clock."""

    campaign: str
    customer_id: str
    zone: str


def bought(
    known: Rhythm | None,
    *,
    trigger: RunningLow,
    buyer: Buyer,
    category: str,
    at: datetime,
    now: datetime,
) -> Rhythm | None:
    """The rhythm after a purchase; None where it is no staple, or was counted before."""
    if trigger.staple(category) is None:
        return None
    if known is None:
        first = Rhythm(buyer.campaign, buyer.customer_id, category, at, 1, (), None)
        return _with_nudge(first, trigger=trigger, zone=buyer.zone, now=now)
    if at <= known.last_at:
        return None
    another = (at - known.last_at).days >= 1
    moved = replace(
        known,
        last_at=at,
        purchases=known.purchases + (1 if another else 0),
        gaps=add_purchase(known.gaps, last_at=known.last_at, at=at),
        nudge_at=None,
    )
    return _with_nudge(moved, trigger=trigger, zone=buyer.zone, now=now)


def from_purchases(
    times: Iterable[datetime],
    *,
    trigger: RunningLow,
    buyer: Buyer,
    category: str,
    now: datetime,
) -> Rhythm | None:
    """The rhythm that these purchases make, oldest first; None where there is none."""
    gaps: tuple[int, ...] = ()
    last_at: datetime | None = None
    count = 0
    for at in times:
        if last_at is None or (at - last_at).days >= 1:
            count += 1
        if last_at is not None:
            gaps = add_purchase(gaps, last_at=last_at, at=at)
        last_at = at
    if last_at is None:
        return None
    made = Rhythm(
        buyer.campaign, buyer.customer_id, category, last_at, count, gaps, None
    )
    return _with_nudge(made, trigger=trigger, zone=buyer.zone, now=now)


def together(
    trigger: RunningLow, theirs: Sequence[Rhythm], *, now: datetime
) -> list[Rhythm]:
    """The due ones, and those that would be due so soon that a second message would be a nuisance; the first due first."""
    soon = [
        (r.nudge_at, r.category, r)
        for r in theirs
        if r.nudge_at and r.nudge_at <= now + trigger.together
    ]
    return [r for _, _, r in sorted(soon, key=lambda one: one[:2])]


def _with_nudge(
    rhythm: Rhythm, *, trigger: RunningLow, zone: str, now: datetime
) -> Rhythm:
    staple = trigger.staple(rhythm.category)
    if staple is None or rhythm.purchases < trigger.after:
        return rhythm
    at = nudge_at(
        rhythm.last_at,
        gaps=rhythm.gaps,
        typical=staple.lifespan,
        zone=moments.zone(zone),
        at=trigger.at,
        now=now,
    )
    return replace(rhythm, nudge_at=at)
