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
    eta: datetime | None,
    told: Sequence[datetime | None],
    now: datetime,
) -> Late | NotYet | Reason:
    """What to do about an order whose watch has run out; a Reason where there is nothing to tell.

    `eta` is the estimate that the watch was set for, None for the watch on the promise itself; `told` is what the customer
    has been told so far, oldest first.
    """
    if order.promised_at is None:
        return because(Code.NOT_LATE, order=order.id)
    if order.cancelled_at:
        return because(Code.ORDER_CANCELLED, order=order.id)
    if order.delivered_at:
        return because(
            Code.ARRIVED, order=order.id, at=f"{order.delivered_at:%H:%M} UTC"
        )
    if eta is not None and order.eta != eta:
        return because(Code.SUPERSEDED, order=order.id)
    if eta is None and now < order.promised_at + trigger.by + trigger.confirmed_for:
        return NotYet(order.promised_at + trigger.by + trigger.confirmed_for)
    known = order.eta if order.eta and order.eta > now else None
    expected = eta or known or now
    if expected < order.promised_at + trigger.by:
        return because(Code.NOT_LATE, order=order.id)
    if told:
        last = max((t for t in told if t), default=order.promised_at + trigger.by)
        if expected < last + trigger.worse_by:
            return because(
                Code.NOT_MUCH_WORSE,
                told=f"{last:%H:%M} UTC",
                now=f"{expected:%H:%M} UTC",
            )
    return Late(eta if eta and eta > now else known)
