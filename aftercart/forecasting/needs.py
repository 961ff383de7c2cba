"""When will this customer need it again? From the shop's typical lifespan and the customer's own gaps.

The shelf life says when most people come back; three own purchases outvote it. The full forecast with bands comes later; what
it will replace is `expected_days`, and nothing else.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from aftercart import moments

#: How many purchases the shop's typical lifespan counts for, against the customer's own.
PRIOR_WEIGHT = 2
#: Gaps that are remembered; older habits fade.
MEMORY = 8
#: Nobody is nudged earlier than this after an order.
SOONEST_DAYS = 3


def expected_days(gaps: Sequence[int], *, typical: timedelta) -> float:
    """How long a purchase lasts this customer, in days: the median of their gaps and the typical lifespan, weighted."""
    return median([*gaps[-MEMORY:], *[typical.days] * PRIOR_WEIGHT])


def nudge_at(
    last_at: datetime,
    *,
    gaps: Sequence[int],
    typical: timedelta,
    zone: ZoneInfo,
    at: time,
    now: datetime,
) -> datetime | None:
    """When a nudge would be in time: the morning before the need, on the customer's clock.

    None when that moment is long past: who has stayed away for half a cycle more needs no reminder of eggs.
    """
    days = expected_days(gaps, typical=typical)
    ahead = max(SOONEST_DAYS, round(days) - 1)
    morning = moments.add_days(last_at, zone, ahead, at_day_start=True)
    moment = moments.next_in_window(morning, zone, at, time(23, 59))
    if moment >= now:
        return moment
    stale = timedelta(days=max(7.0, days / 2))
    if now - moment > stale:
        return None
    # history that came in late: the need is still there, so say it at the next opportunity
    return moments.next_in_window(now, zone, at, time(23, 59))


def add_purchase(
    gaps: Sequence[int], *, last_at: datetime, at: datetime
) -> tuple[int, ...]:
    """The gaps after one more purchase; purchases of one day are one."""
    days = (at - last_at).days
    return tuple([*gaps, days][-MEMORY:]) if days >= 1 else tuple(gaps)
