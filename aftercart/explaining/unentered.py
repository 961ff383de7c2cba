"""What would entering on this day have needed, and what was there? Each kind of trigger, as it was then."""

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta

from aftercart import conditions, gathering, moments
from aftercart.campaigns import (
    Anniversary,
    Answered,
    Calendar,
    Campaign,
    EventTrigger,
    Inactive,
    LateDelivery,
    RunningLow,
)
from aftercart.conditions import Condition, Scope
from aftercart.explaining.lines import Line, clock, fact, status_line
from aftercart.model import Customer, Order
from aftercart.policy import entering
from aftercart.store import Tx, customers, desk, lives, orders
from aftercart.store import past as letters


def checks(
    tx: Tx,
    campaign: Campaign,
    customer: Customer,
    day: date,
    start: datetime,
    end: datetime,
    *,
    trial: Collection[str],
) -> Iterator[Line]:
    """What was asked in the order in which it is asked; the first that is not "yes" kept the customer out.

    How live the campaign was on that day nobody wrote down; the file says how live it is.
    """
    if line := status_line(campaign, customer, trial):
        yield line
    trigger = campaign.trigger
    match trigger:
        case EventTrigger():
            yield from _by_event(tx, campaign, trigger, customer, start, end)
        case Answered():
            score = desk.newest_score(tx, trigger.survey, customer.id, now=end)
            seen = "no answer" if score is None else f"{score} of 10, not on that day"
            needed = f"{trigger.low} to {trigger.high} to {trigger.survey}"
            yield fact("answer", seen, needed, False, campaign.place("trigger.answer"))
        case RunningLow():
            yield from _by_need(tx, campaign, trigger, customer, start, end)
        case LateDelivery():
            yield from _by_lateness(tx, campaign, trigger, customer, start, end)
        case _:
            yield from _by_calendar(tx, campaign, trigger, customer, day, start, end)


def _by_event(
    tx: Tx,
    campaign: Campaign,
    trigger: EventTrigger,
    customer: Customer,
    start: datetime,
    end: datetime,
) -> Iterator[Line]:
    place = campaign.place("trigger.event")
    told = lives.events_of(tx, [customer.id], start=start, end=end)
    here = [e for e in told.get(customer.id, ()) if e.type == trigger.event]
    if not here:
        yield fact("trigger", "none on that day", trigger.event, False, place)
        return
    for event in here:
        when = clock(customer, event.at)
        yield fact("trigger", f"{trigger.event} on {when}", trigger.event, True, place)
        order = orders.load(tx, [event.order_id]).get(event.order_id)
        if trigger.where:
            at = event.at
            yield from _condition(
                tx, campaign, trigger.where, customer, order, at, "trigger.where"
            )


def _by_calendar(
    tx: Tx,
    campaign: Campaign,
    trigger: Calendar,
    customer: Customer,
    day: date,
    start: datetime,
    end: datetime,
) -> Iterator[Line]:
    zone = moments.zone(customer.timezone)
    at = moments.next_occurrence(
        start - timedelta(seconds=1), zone, trigger.on, trigger.at
    )
    place = campaign.place("trigger")
    if at >= end:
        seen = f"{day:%A}, and next on {clock(customer, at)}"
        yield fact("day of the calendar", seen, "one of its days", False, place)
        return
    then = customers.load(tx, [customer.id], now=at)[customer.id]
    if isinstance(trigger, Anniversary | Inactive):
        meant = entering.means(trigger, then, today=day, at=at)
        yield fact(*_meant(trigger, then, at), meant, place)
    if campaign.audience:
        yield from _condition(
            tx, campaign, campaign.audience, then, None, at, "audience"
        )
    agreed = entering.agreed(campaign, then)
    words = "agreed" if agreed else f"has not agreed to {campaign.purpose}"
    needed = f"agreed to {campaign.purpose}"
    yield fact("consent", words, needed, agreed, campaign.place("purpose"))
    yield from _limit(tx, campaign, customer, at)


def _meant(
    trigger: Anniversary | Inactive, customer: Customer, at: datetime
) -> tuple[str, str, str]:
    if isinstance(trigger, Anniversary):
        known = customer.birthday if trigger.day == "birthday" else customer.since
        return trigger.day, known or "not known", "that day"
    last = customer.last_order_at
    seen = "never ordered" if last is None else f"{(at - last).days} days ago"
    return (
        "last order",
        seen,
        f"{trigger.days} to {trigger.days + entering.STILL_TOLD.days} days",
    )


def _by_need(
    tx: Tx,
    campaign: Campaign,
    trigger: RunningLow,
    customer: Customer,
    start: datetime,
    end: datetime,
) -> Iterator[Line]:
    place = campaign.place("trigger.running_low")
    names = {s.category: s.name for s in trigger.staples}
    bought = orders.last_bought(tx, [customer.id], categories=names, now=start)
    mine = bought.get(customer.id, {})
    if not mine:
        yield fact("staples", "had bought none of them", "a staple", False, place)
        return
    yield from _limit(tx, campaign, customer, end)
    newest = max(mine, key=lambda c: mine[c])
    seen = f"none of {len(mine)} that they buy; {names[newest]} last on {clock(customer, mine[newest])}"
    yield fact("running low", seen, "a staple that falls due", False, place)


def _by_lateness(
    tx: Tx,
    campaign: Campaign,
    trigger: LateDelivery,
    customer: Customer,
    start: datetime,
    end: datetime,
) -> Iterator[Line]:
    place = campaign.place("trigger")
    here = [
        o
        for o in lives.orders_of(tx, [customer.id], before=end).get(customer.id, ())
        if o.promised_at and start <= o.promised_at < end
    ]
    if not here:
        yield fact("late order", "no order was promised", "a late order", False, place)
    for order in here:
        assert order.promised_at  # noqa: S101 - picked by it
        seen = f"order {order.id}, promised {clock(customer, order.promised_at)}"
        if order.delivered_at:
            seen += f", came {clock(customer, order.delivered_at)}"
        yield fact("late order", seen, "nobody told in time", False, place)


def _limit(
    tx: Tx, campaign: Campaign, customer: Customer, at: datetime
) -> Iterator[Line]:
    limit = campaign.limit
    if limit is None:
        return
    since = at - limit.period
    had = letters.reached(tx, campaign.name, [customer.id], since=since)
    times = [t for t in had.get(customer.id, ()) if t < at]
    free = entering.free_at(campaign, times) is None
    seen = f"{len(times)}, last on {clock(customer, times[-1])}" if times else "none"
    needed = f"{limit.count} in {limit.period.days} days"
    yield fact("limit", seen, needed, free, campaign.place("limits"))


def _condition(
    tx: Tx,
    campaign: Campaign,
    condition: Condition,
    customer: Customer,
    order: Order | None,
    at: datetime,
    key: str,
) -> Iterator[Line]:
    bought = orders.last_bought(
        tx, [customer.id], categories=gathering.categories(campaign), now=at
    )
    happened = gathering.past(tx, [customer.id], campaigns=[campaign], now=at)
    past = happened.get(customer.id, {})
    scope = Scope(customer, order, at, at, bought.get(customer.id, {}), past)
    holds = conditions.predicate(condition)(scope)
    place = campaign.place(key)
    parts = conditions.trace(condition, scope)
    alone = len(parts) == 1 and parts[0].text == condition.text
    seen = parts[0].value if alone else "; ".join(f"{s.text}: {s.value}" for s in parts)
    yield fact(condition.text, seen, "that it holds", holds, place)
