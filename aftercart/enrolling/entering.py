"""Whom does this event concern? People enter campaigns by events, and watches on late orders are set and lifted."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from aftercart import conditions, gathering
from aftercart.campaigns import Campaign, EventTrigger, LateDelivery
from aftercart.model import Enrollment, Event, Order
from aftercart.reasons import Code, because
from aftercart.runtime import Runtime
from aftercart.store import Tx, customers, enrollments
from aftercart.store.orders import last_bought

#: After these there is nothing more to be late.
_OVER = {"order.delivered": Code.ARRIVED, "order.cancelled": Code.ORDER_CANCELLED}


def enter(
    tx: Tx,
    rt: Runtime,
    fresh: Sequence[Event],
    orders: Mapping[str, Order],
    *,
    now: datetime,
) -> int:
    """Enrolls everybody whom these new events concern; returns how many."""
    new = _by_events(tx, rt, fresh, orders, now)
    for campaign in rt.campaigns.values():
        if isinstance(campaign.trigger, LateDelivery):
            for event in fresh:
                order = orders.get(event.order_id)
                if order and event.type.startswith("order."):
                    new += _watch(tx, campaign, campaign.trigger, event, order)
    return len(enrollments.add(tx, new))


def _by_events(
    tx: Tx,
    rt: Runtime,
    fresh: Sequence[Event],
    known_orders: Mapping[str, Order],
    now: datetime,
) -> list[Enrollment]:
    concerned = [
        (campaign, campaign.trigger, event)
        for event in fresh
        for campaign in rt.campaigns.values()
        if isinstance(campaign.trigger, EventTrigger)
        and campaign.trigger.event == event.type
    ]
    if not concerned:
        return []
    people = {event.customer_id for _, _, event in concerned}
    asked = {name for c, _, _ in concerned for name in gathering.categories(c)}
    known = customers.load(tx, people, now=now)
    bought = last_bought(tx, people, categories=asked, now=now)
    new = []
    for campaign, trigger, event in concerned:
        customer = known.get(event.customer_id)
        if customer is None:
            continue
        scope = conditions.Scope(
            customer,
            known_orders.get(event.order_id),
            now,
            event.at,
            bought.get(customer.id, {}),
        )
        if trigger.where is None or conditions.predicate(trigger.where)(scope):
            occurrence = event.order_id or event.id
            new.append(
                _enrollment(campaign, event, occurrence=occurrence, due_at=event.at)
            )
    return new


def _watch(
    tx: Tx, campaign: Campaign, trigger: LateDelivery, event: Event, order: Order
) -> Iterator[Enrollment]:
    """A watch on the promise, one on every new estimate, and none once the order is there."""
    if event.type in _OVER:
        why = because(_OVER[event.type], order=order.id, at=f"{event.at:%H:%M} UTC")
        enrollments.end_for_order(
            tx, order.id, campaigns=[campaign.name], at=event.at, reason=why
        )
        return
    if order.promised_at is None or order.delivered_at or order.cancelled_at:
        return
    said = event.body.get("order", {})
    by_promise = f"{order.id}:promised"
    if said.get("promised_at"):
        yield _enrollment(
            campaign,
            event,
            occurrence=by_promise,
            due_at=order.promised_at + trigger.by + trigger.confirmed_for,
        )
    eta = datetime.fromisoformat(said["eta"]) if said.get("eta") else None
    if eta and eta >= order.promised_at + trigger.by:
        # the same estimate may come back after it was taken back, and then its two minutes begin anew
        yield _enrollment(
            campaign,
            event,
            occurrence=f"{order.id}:{eta.isoformat()}@{event.at.isoformat()}",
            due_at=event.at + trigger.confirmed_for,
            eta=eta.isoformat(),
        )
    elif eta:
        fine = because(Code.NOT_LATE, order=order.id)
        enrollments.end_for_order(
            tx,
            order.id,
            campaigns=[campaign.name],
            at=event.at,
            reason=fine,
            but=by_promise,
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
