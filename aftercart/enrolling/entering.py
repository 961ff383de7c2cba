"""Whom does this event concern? People enter campaigns by events, and watches on late orders are set and lifted."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from aftercart import conditions, gathering, keeping
from aftercart.campaigns import Campaign, EventTrigger, LateDelivery, Status
from aftercart.model import Enrollment, Event, Order
from aftercart.policy import entering, going_live
from aftercart.runtime import Runtime
from aftercart.store import Tx, customers, enrollments
from aftercart.store.orders import last_bought


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
    return len(keeping.enroll(tx, rt, _open_to(tx, rt, new, now), now=now))


def _open_to(
    tx: Tx, rt: Runtime, new: list[Enrollment], now: datetime
) -> list[Enrollment]:
    """Those of the new ways whose campaign is for their people already."""
    asked = {e.customer_id for e in new if not _is_live(rt, e)}
    known = customers.load(tx, asked, now=now) if asked else {}
    return [
        e
        for e in new
        if _is_live(rt, e)
        or (
            (who := known.get(e.customer_id))
            and not going_live.closed(
                rt.campaigns[e.campaign], who, trial=rt.shop.trial
            )
        )
    ]


def _is_live(rt: Runtime, e: Enrollment) -> bool:
    return rt.campaigns[e.campaign].status is Status.LIVE


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
    past = gathering.past(tx, people, campaigns=[c for c, _, _ in concerned], now=now)
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
            past.get(customer.id, {}),
        )
        if entered := entering.by_event(campaign, trigger, event, scope):
            new.append(entered)
    return new


def _watch(
    tx: Tx, campaign: Campaign, trigger: LateDelivery, event: Event, order: Order
) -> Iterator[Enrollment]:
    """The watches that the event sets; those that it calls off are ended."""
    for said in entering.by_lateness(campaign, trigger, event, order):
        if isinstance(said, Enrollment):
            yield said
            continue
        enrollments.end_for_order(
            tx,
            said.order_id,
            campaigns=[campaign.name],
            at=said.at,
            reason=said.reason,
            but=said.but,
        )
