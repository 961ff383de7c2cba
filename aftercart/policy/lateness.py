"""Is this order late, and is it worth telling (again)?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aftercart.campaigns import LateDelivery
from aftercart.model import Order
from aftercart.reasons import Code, Reason, because


@dataclass(frozen=True)
class Late:
    """It is late: tell `time`, or that there is no time yet (None)."""

    time: datetime | None


@dataclass(frozen=True)
class NotYet:
    """The promise was moved: look again at `at`."""

    at: datetime


def judge(
    order: Order,
    *,
    trigger: LateDelivery,
    by_promise: bool,
    told: Sequence[datetime | None],
    now: datetime,
) -> Late | NotYet | Reason:
    """What to do about an order whose watch has run out; a Reason where there is nothing to tell.

    `by_promise` is true of the watch on the promise itself, false of one that an estimate set; `told` is what the customer has
    been told so far, oldest first. What is told is the newest estimate: an estimate that slips a little every minute must not
    put the news off for ever.
    """
    if order.promised_at is None:
        return because(Code.NOT_LATE, order=order.id)
    if order.cancelled_at:
        return because(Code.ORDER_CANCELLED, order=order.id)
    if order.delivered_at:
        return because(
            Code.ARRIVED, order=order.id, at=f"{order.delivered_at:%H:%M} UTC"
        )
    late_from = order.promised_at + trigger.by
    if by_promise and now < late_from + trigger.confirmed_for:
        return NotYet(late_from + trigger.confirmed_for)
    known = order.eta if order.eta and order.eta > now else None
    expected = known or now
    if expected < late_from:
        return because(Code.NOT_LATE, order=order.id)
    if told:
        last = max((t for t in told if t), default=late_from)
        if expected < last + trigger.worse_by:
            return because(
                Code.NOT_MUCH_WORSE,
                told=f"{last:%H:%M} UTC",
                now=f"{expected:%H:%M} UTC",
            )
    return Late(known)
