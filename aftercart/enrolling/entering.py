"""Whom does this event concern? People enter campaigns by events, and watches on late orders are set and lifted."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from aftercart import conditions, gathering
from aftercart.campaigns import Campaign, EventTrigger, LateDelivery
from aftercart.gathering import People
from aftercart.model import Enrollment, Event
from aftercart.reasons import Code, because
from aftercart.runtime import Runtime
from aftercart.store import Tx, enrollments

#: After these there is nothing more to be late.
_OVER = {"order.delivered": Code.ARRIVED, "order.cancelled": Code.ORDER_CANCELLED}


def enter(tx: Tx, rt: Runtime, fresh: Sequence[Event], *, now: datetime) -> int:
    """Enrolls everybody whom these new events concern; returns how many."""
    triggered = {
        c.trigger.event
        for c in rt.campaigns.values()
        if isinstance(c.trigger, EventTrigger)
    }
    watches = [c for c in rt.campaigns.values() if isinstance(c.trigger, LateDelivery)]
    told = [
        e
        for e in fresh
        if e.type in triggered
        or (watches and e.order_id and e.type.startswith("order."))
    ]
    if not told:
        return 0
    known = gathering.people(
        tx,
        customer_ids={e.customer_id for e in told},
        order_ids={e.order_id for e in told},
        campaigns=rt.campaigns.values(),
        now=now,
    )
    new: list[Enrollment] = []
    for event in told:
        new += _by_event(rt, event, known, now)
        for campaign in watches:
            new += _watch(tx, campaign, event, known)
    return len(enrollments.add(tx, new))


def _by_event(
    rt: Runtime, event: Event, known: People, now: datetime
) -> Iterator[Enrollment]:
    customer = known.customers.get(event.customer_id)
    for campaign in rt.campaigns.values():
        trigger = campaign.trigger
        if not isinstance(trigger, EventTrigger) or trigger.event != event.type:
            continue
        if customer is None:
            continue
        scope = conditions.Scope(
            customer,
            known.orders.get(event.order_id),
            now,
            event.at,
            known.last_bought.get(customer.id, {}),
        )
        if trigger.where and not conditions.predicate(trigger.where)(scope):
            continue
        yield _enrollment(
            campaign, event, occurrence=event.order_id or event.id, due_at=event.at
        )


def _watch(
    tx: Tx, campaign: Campaign, event: Event, known: People
) -> Iterator[Enrollment]:
    """A watch on the promise, one on every new estimate, and none once the order is there."""
    trigger = campaign.trigger
    order = known.orders.get(event.order_id)
    if not isinstance(trigger, LateDelivery) or order is None:
        return
    if event.type in _OVER:
        why = because(_OVER[event.type], order=order.id, at=f"{event.at:%H:%M} UTC")
        enrollments.end_for_order(
            tx, order.id, campaigns=[campaign.name], at=event.at, reason=why
        )
        return
    if order.promised_at is None or order.delivered_at or order.cancelled_at:
        return
    said = event.body.get("order", {})
    if said.get("promised_at"):
        yield _enrollment(
            campaign,
            event,
            occurrence=f"{order.id}:promised",
            due_at=order.promised_at + trigger.by + trigger.confirmed_for,
        )
    eta = datetime.fromisoformat(said["eta"]) if said.get("eta") else None
    if eta and eta >= order.promised_at + trigger.by:
        yield _enrollment(
            campaign,
            event,
            occurrence=f"{order.id}:{eta.isoformat()}",
            due_at=event.at + trigger.confirmed_for,
            eta=eta.isoformat(),
        )


def _enrollment(
    campaign: Campaign,
    event: Event,
    *,
    occurrence: str,
    due_at: datetime,
    eta: str = "",
) -> Enrollment:
    return Enrollment(
        id=enrollments.enrollment_id(campaign.name, event.customer_id, occurrence),
        campaign=campaign.name,
        version=campaign.version,
        customer_id=event.customer_id,
        occurrence=occurrence,
        started_at=event.at,
        step=0,
        due_at=due_at,
        order_id=event.order_id,
        facts={"event": event.id} | ({"eta": eta} if eta else {}),
    )
