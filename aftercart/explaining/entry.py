"""What would have to be true for this customer to enter the campaign next? Asked of people who never did, too."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from aftercart import conditions, forecasting, gathering, moments, policy
from aftercart.campaigns import (
    Anniversary,
    Answered,
    Campaign,
    EventTrigger,
    Inactive,
    LateDelivery,
    Recurring,
    RunningLow,
    Send,
    Status,
)
from aftercart.conditions import Condition, Scope
from aftercart.explaining.lines import Line, clock, fact, status_line
from aftercart.gathering import LATE_MEMORY, categories
from aftercart.model import Customer, Order
from aftercart.policy import permission
from aftercart.policy.going_live import current_round
from aftercart.runtime import Runtime
from aftercart.store import (
    Tx,
    desk,
    events,
    orders,
    past,
    permissions,
    ramps,
    rhythms,
)


def lines(
    tx: Tx, rt: Runtime, campaign: Campaign, customer: Customer, now: datetime
) -> list[Line]:
    """Every condition of entry with what it sees now, in the order in which it is asked."""
    trigger = campaign.trigger
    found = list(_going_live(tx, rt, campaign, customer, now))
    if isinstance(trigger, EventTrigger):
        found += _event(tx, campaign, trigger, customer, now)
    elif isinstance(trigger, RunningLow):
        found += _running_low(tx, campaign, trigger, customer)
    elif isinstance(trigger, Recurring):
        found += _recurring(tx, campaign, trigger, customer, now)
    elif isinstance(trigger, Anniversary):
        found += _anniversary(campaign, trigger, customer, now)
    elif isinstance(trigger, Answered):
        found += _answered(tx, campaign, trigger, customer, now)
    elif isinstance(trigger, Inactive):
        found += _inactive(campaign, trigger, customer, now)
    elif isinstance(trigger, LateDelivery):
        found += _late(tx, campaign, customer, now)
    if campaign.audience:
        found += _condition(
            tx, campaign, campaign.audience, customer, None, now, now, "audience"
        )
    found += _permission(tx, campaign, customer)
    found += _limit(tx, campaign, customer, now)
    if campaign.holdout:
        out = policy.held_out(campaign, customer)
        seen = "held back" if out else "not held back"
        needed = f"not among {100 * campaign.holdout:g} in a hundred"
        found.append(
            fact("holdout", seen, needed, out is None, campaign.place("holdout"))
        )
    return found


def _going_live(
    tx: Tx, rt: Runtime, campaign: Campaign, customer: Customer, now: datetime
) -> Iterator[Line]:
    """How far the campaign has come on its way to everybody; of one that is live without a ramp, nothing."""
    if line := status_line(campaign, customer, rt.shop.trial):
        yield line
    if campaign.status is not Status.LIVE or not campaign.ramp:
        return
    place = campaign.place("ramp")
    had = gathering.had_so_far(tx, campaign, now=now)
    current = current_round(campaign, had, now)
    if current is None or ramps.over(tx, campaign.name):
        yield fact("ramp", "it is over", "for everybody", True, place)
    elif ramps.is_in(tx, campaign.name, customer.id):
        yield fact("ramp", "let in", "a place", True, place)
    else:
        seen = f"{had.people:,} of {current.most:,} people have it"
        room = had.people < current.most
        needed = "a place" if room else f"more from {clock(customer, current.until)}"
        yield Line("ramp", seen, needed, "yes" if room else "wait", place)


def _event(
    tx: Tx, campaign: Campaign, trigger: EventTrigger, customer: Customer, now: datetime
) -> Iterator[Line]:
    happened = [
        e
        for e in events.of_customer(tx, customer.id, now=now)
        if e.type == trigger.event
    ]
    place = campaign.place("trigger.event")
    if not happened:
        yield fact("trigger", f"no {trigger.event} yet", trigger.event, False, place)
        return
    last = happened[0]
    seen = f"{trigger.event} on {clock(customer, last.at)}, order {last.order_id}"
    yield fact("trigger", seen, trigger.event, True, place)
    order = orders.load(tx, [last.order_id]).get(last.order_id)
    if trigger.where:
        yield from _condition(
            tx, campaign, trigger.where, customer, order, last.at, now, "trigger.where"
        )


def _running_low(
    tx: Tx, campaign: Campaign, trigger: RunningLow, customer: Customer
) -> Iterator[Line]:
    place = campaign.place("trigger.running_low")
    known = rhythms.load(tx, campaign.name, [customer.id])
    if not known:
        yield fact("staples", "has bought none of them", "a staple", False, place)
    for rhythm in sorted(
        known.values(), key=lambda r: (r.nudge_at is None, r.category)
    ):
        staple = trigger.staple(rhythm.category)
        if staple is None:
            continue
        days = forecasting.expected_days(rhythm.gaps, typical=staple.lifespan)
        times = f"bought {rhythm.purchases}×, last {clock(customer, rhythm.last_at)}"
        if rhythm.purchases < trigger.after:
            needed = f"at least {trigger.after} purchases"
            yield fact(staple.name, times, needed, False, place)
            continue
        seen = f"{times}, lasts about {days:.0f} days"
        if rhythm.nudge_at:
            needed = f"due {clock(customer, rhythm.nudge_at)}"
            yield Line(staple.name, seen, needed, "wait", place)
        else:
            yield fact(staple.name, seen, "not yet told in this cycle", False, place)


def _recurring(
    tx: Tx, campaign: Campaign, trigger: Recurring, customer: Customer, now: datetime
) -> Iterator[Line]:
    zone = moments.zone(customer.timezone)
    coming = moments.next_occurrence(now, zone, trigger.on, trigger.at)
    place = campaign.place("trigger.every")
    yield Line(
        "next time", clock(customer, coming), "a time of the calendar", "wait", place
    )


def _anniversary(
    campaign: Campaign, trigger: Anniversary, customer: Customer, now: datetime
) -> Iterator[Line]:
    place = campaign.place("trigger.date")
    day = customer.birthday if trigger.day == "birthday" else customer.since
    if not day:
        yield fact(trigger.day, "not known", "a date", False, place)
        return
    zone = moments.zone(customer.timezone)
    today = moments.local(now, zone).date()
    ahead = (today + timedelta(days=n) for n in range(-1, 367 * 8))
    coming = next(
        at
        for one in ahead
        if day[-5:] in moments.celebrated(one - timedelta(days=trigger.days))
        and (at := moments.moment(datetime.combine(one, trigger.at), zone)) > now
    )
    yield Line(trigger.day, day, f"next on {clock(customer, coming)}", "wait", place)


def _answered(
    tx: Tx, campaign: Campaign, trigger: Answered, customer: Customer, now: datetime
) -> Iterator[Line]:
    place = campaign.place("trigger.answer")
    needed = f"{trigger.low} to {trigger.high} to {trigger.survey}"
    score = desk.newest_score(tx, trigger.survey, customer.id, now=now)
    if score is None:
        yield fact("answer", "none yet", needed, False, place)
        return
    fits = trigger.fits(trigger.survey, score)
    yield fact("answer", f"{score} of 10", needed, fits, place)


def _inactive(
    campaign: Campaign, trigger: Inactive, customer: Customer, now: datetime
) -> Iterator[Line]:
    place = campaign.place("trigger.inactive_for")
    needed = f"none for {trigger.days} days"
    last = customer.last_order_at
    if last is None:
        yield fact("last order", "never ordered", needed, False, place)
        return
    days = (now - last).days
    seen = f"{clock(customer, last)}, {days} days ago"
    outcome = "yes" if days >= trigger.days else "wait"
    yield Line("last order", seen, needed, outcome, place)


def _late(
    tx: Tx, campaign: Campaign, customer: Customer, now: datetime
) -> Iterator[Line]:
    late = orders.late(tx, [customer.id], now=now, since=now - LATE_MEMORY)
    seen = f"order {late[customer.id]} is late" if late else "no late order"
    yield fact(
        "late order", seen, "a late order", bool(late), campaign.place("trigger")
    )


def _permission(tx: Tx, campaign: Campaign, customer: Customer) -> Iterator[Line]:
    for step in campaign.steps:
        if not isinstance(step, Send):
            continue
        channel = step.channel
        key = customer.email_key if channel == "email" else customer.phone_key
        listed = [
            (s.reason, s.at)
            for s in permissions.suppressed(tx, [key]).get(key, [])
            if s.scope in ("all", campaign.purpose)
        ]
        skip = permission.refused(
            customer,
            purpose=campaign.purpose,
            channel=channel,
            suppressed=listed[0] if listed else None,
        )
        seen = skip.reason.sentence() if skip else "may be written to"
        needed = f"{campaign.purpose} by {permission.WORDS[channel]}"
        yield fact("permission", seen, needed, skip is None, campaign.place("purpose"))


def _limit(
    tx: Tx, campaign: Campaign, customer: Customer, now: datetime
) -> Iterator[Line]:
    limit = campaign.limit
    if limit is None:
        return
    since = now - limit.period
    had = past.reached(tx, campaign.name, [customer.id], since=since)
    times = had.get(customer.id, [])
    seen = f"{len(times)}, last on {clock(customer, times[-1])}" if times else "none"
    needed = f"fewer than {limit.count} in {limit.period.days} days"
    free = len(times) < limit.count
    if not free:
        needed += f"; next from {clock(customer, times[-limit.count] + limit.period)}"
    yield fact("limit", seen, needed, free, campaign.place("limits"))


def _condition(
    tx: Tx,
    campaign: Campaign,
    condition: Condition,
    customer: Customer,
    order: Order | None,
    started_at: datetime,
    now: datetime,
    key: str,
) -> Iterator[Line]:
    bought = orders.last_bought(
        tx, [customer.id], categories=categories(campaign), now=now
    )
    past = gathering.past(tx, [customer.id], campaigns=[campaign], now=now)
    scope = Scope(
        customer,
        order,
        now,
        started_at,
        bought.get(customer.id, {}),
        past.get(customer.id, {}),
    )
    for seen in conditions.trace(condition, scope):
        yield fact(seen.text, seen.value, "true", seen.passed, campaign.place(key))
