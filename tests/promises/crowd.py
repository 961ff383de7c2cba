"""A crowd in thirteen time zones, ten campaigns that overlap, and the laws that none of them may break."""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from aftercart import loading, moments
from aftercart.campaigns import Campaign, Recurring, Send, Window
from aftercart.model import Customer, Line, Order, Purpose, State
from aftercart.policy.sending import open_hours
from aftercart.reasons import Code
from aftercart.simulating import (
    Household,
    Life,
    Outcome,
    World,
    live,
    simulate_delivery,
)

#: Thirty days in which the clocks change in North America, Europe, Israel, Chile, Australia and New Zealand.
START = datetime(2026, 3, 7, tzinfo=UTC)
END = START + timedelta(days=30)
ZONES = (
    "Europe/London", "Europe/Berlin", "America/New_York", "America/Los_Angeles",
    "America/Santiago", "America/St_Johns", "Asia/Tokyo", "Asia/Kolkata",
    "Asia/Kathmandu", "Asia/Jerusalem", "Australia/Lord_Howe", "Pacific/Auckland",
    "Pacific/Chatham",
)  # fmt: skip
_SHELF = ("milk", "eggs", "bread", "chicken", "coffee")
_HISTORY = timedelta(days=60)

_SHOP = """
name: Crowd
url: https://shop.example
address: 1 Lane
currency: GBP
quiet_hours: {email: 08:00-21:00, sms: 09:00-20:00}
cap: {marketing: [1 per 1 day, 3 per 7 days]}
"""
_STAPLES = """
milk: {name: milk, lifespan: 8 days}
eggs: {name: eggs, lifespan: 14 days}
bread: {name: bread, lifespan: 8 days}
coffee: {name: coffee, lifespan: 21 days}
"""
#: Two that go every day at hours that clocks skip or repeat (surveys: no cap stands between), and eight that want the same places.
_CAMPAIGNS = {
    "gap": "purpose: survey\ntrigger: {every: days at 2:30}\nsteps: [{send: {email: x}, expires: 20 hours}]",
    "twice": "purpose: survey\ntrigger: {every: days at 1:15}\nsteps: [{send: {email: x}, expires: 20 hours}]",
    "news": "purpose: marketing\npriority: 5\ntrigger: {every: mondays and thursdays at 9:00}\nsteps: [{send: {email: x}, expires: 3 days}]",
    "offers": "purpose: marketing\ntrigger: {every: days at 9:00}\nholdout: 20%\nsteps: [{send: {email: x}, expires: 1 day}]",
    "recipes": "purpose: marketing\npriority: -3\ntrigger: {event: order.delivered, where: any(item.category == 'chicken')}\n"
    "steps: [{wait: 1 day}, {send: {email: x}, between: 16:00-19:00, expires: 2 days}]\nlimits: 1 per 7 days",
    "texts": "purpose: marketing\npriority: 20\ntrigger: {event: order.delivered}\nsteps: [{wait: 3 hours}, {send: {sms: x}, expires: 2 days}]\nlimits: 2 per 7 days",
    "thanks": "purpose: marketing\ntrigger: {event: order.placed, where: order.total >= 10}\n"
    "steps: [{send: {email: x}, expires: 12 hours}, {wait: 2 days}, {send: {email: x}, expires: 2 days}]",
    "nudge": "purpose: marketing\npriority: 10\ntrigger: {running_low: {staples: all, at: 9:00}}\nholdout: 10%\n"
    "steps: [{send: {email: x}, between: 9:00-18:00, expires: 2 days}]\nlimits: 1 per 7 days",
    "back": "purpose: marketing\npriority: 3\ntrigger: {inactive_for: 10 days, at: 9:00}\nsteps: [{send: {email: x}, expires: 3 days}]",
    "late": "purpose: service\npriority: 100\ntrigger: {late_delivery: {by: 15 minutes, confirmed_for: 2 minutes, worse_by: 30 minutes}}\n"
    "steps: [{send: {sms: x}, fallback: {email: x}, expires: 30 minutes}]",
}


def world() -> World:
    """The ten campaigns, compiled from YAML as a marketer would write it."""
    with TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "shop").mkdir()
        (folder / "shop" / "shop.yaml").write_text(_SHOP)
        (folder / "shop" / "staples.yaml").write_text(_STAPLES)
        for name, text in _CAMPAIGNS.items():
            (folder / f"{name}.yaml").write_text(f"name: {name}\n{text}\n")
        campaigns = loading.load_campaigns(folder)
        return World({c.name: c for c in campaigns}, loading.load_shop(folder))


def household(number: int) -> Household:
    """The same person for the same number: zone, consents, sixty days of orders and thirty more."""
    luck = Random(number)
    customer = Customer(
        id=f"c-{number}",
        email=f"c{number}@shop.example",
        email_key=f"e-{number}",
        phone="+447700900123" if luck.random() < 0.8 else "",
        phone_key=f"p-{number}",
        timezone=ZONES[number % len(ZONES)],
        email_marketing=luck.random() < 0.85,
        sms_marketing=luck.random() < 0.5,
        survey=luck.random() < 0.9,
    )
    every = luck.uniform(2, 14)
    at, orders = START - _HISTORY + timedelta(days=luck.uniform(0, every)), []
    while at < END:
        lines = tuple(
            Line(f"p-{name}", name, name, Decimal(1), Decimal("3.50"))
            for name in _SHELF
            if luck.random() < 0.6
        )
        total = Decimal("3.50") * len(lines)
        id_ = f"o-{number}-{len(orders)}"
        orders.append(Order(id_, customer.id, at, total=total, lines=lines))
        at += timedelta(days=luck.uniform(0.5, 1.5) * every)
    events = [
        e
        for order in orders
        if order.placed_at >= START
        for e in simulate_delivery(order, seed=1)
        if e.at < END
    ]
    return Household([Life(customer, orders, sorted(events, key=lambda e: e.at))])


def violations(size: int) -> tuple[list[str], Counter[str]]:
    """What breaks a law in the lives of so many customers, and what happened in them."""
    made, told, seen = world(), list[str](), Counter[str]()
    held_out: dict[str, set[str]] = defaultdict(set)
    asked: dict[str, set[str]] = defaultdict(set)
    for number in range(size):
        home = household(number)
        outcomes, _ = live(home, world=made, start=START, end=END)
        customer = home.lives[0].customer
        told += _of_one(customer, outcomes, made)
        for outcome in outcomes:
            message = outcome.message
            code = message.reason.code if message.reason else ""
            seen[message.state] += 1
            seen.update(h.reason.code for h in outcome.held)
            if code == Code.HOLDOUT:
                held_out[message.campaign].add(customer.id)
            if code == Code.HOLDOUT or message.state is State.ACCEPTED:
                asked[message.campaign].add(customer.id)
    for name, campaign in made.campaigns.items():
        told += _share(campaign, len(held_out[name]), len(asked[name]))
    return told, seen


def _of_one(
    customer: Customer, outcomes: Sequence[Outcome], made: World
) -> Iterator[str]:
    """Every law, for one customer."""
    went = [o for o in outcomes if o.message.state is State.ACCEPTED]
    yield from _caps(customer, went, made)
    yield from _hours(customer, went, made)
    yield from _dates(customer, outcomes, made)
    yield from _merit(customer, outcomes, went, made)
    for outcome in outcomes:
        message = outcome.message
        who = f"{customer.id} {message.campaign} {message.occurrence}"
        if message.state is State.SCHEDULED:
            if message.due_at <= END - timedelta(minutes=1):
                yield f"{who}: due at {message.due_at} and forgotten"
        elif message.state is not State.ACCEPTED and message.reason is None:
            yield f"{who}: {message.state} without a reason"
    for outcome in went:
        message = outcome.message
        if outcome.at >= message.expires_at:
            yield f"{customer.id} {message.campaign}: went at {outcome.at}, stale since {message.expires_at}"
        if not customer.agreed(message.purpose, message.channel):
            yield f"{customer.id} {message.campaign}: went without consent"
    for name in made.campaigns:
        mine = [o for o in outcomes if o.message.campaign == name]
        lots = {o.message.reason.code for o in mine if o.message.reason}
        got = any(o.message.state is State.ACCEPTED for o in mine)
        if got and Code.HOLDOUT in lots:
            yield f"{customer.id} {name}: held out once, and written to another time"


def _caps(customer: Customer, went: Sequence[Outcome], made: World) -> Iterator[str]:
    times = sorted(o.at for o in went if o.message.purpose is Purpose.MARKETING)
    for limit in made.shop.cap[Purpose.MARKETING]:
        for at in times:
            within = sum(at - limit.period < t <= at for t in times)
            if within > limit.count:
                yield f"{customer.id}: {within} within {limit.period} until {at}"
    for name, campaign in made.campaigns.items():
        if campaign.limit is None:
            continue
        made_at = sorted(
            o.message.created_at for o in went if o.message.campaign == name
        )
        for at in made_at:
            span = campaign.limit.period
            if sum(at - span < t <= at for t in made_at) > campaign.limit.count:
                yield f"{customer.id} {name}: more than its limit until {at}"


def _hours(customer: Customer, went: Sequence[Outcome], made: World) -> Iterator[str]:
    zone = moments.zone(customer.timezone)
    for outcome in went:
        message = outcome.message
        clock = moments.local(outcome.at, zone).time()
        shop = made.shop.quiet_hours[message.channel]
        hours = open_hours(message.purpose, message.channel, shop)
        for window in (hours, _between(made.campaigns[message.campaign])):
            if window and not window.opens <= clock < window.closes:
                yield f"{customer.id} {message.campaign}: came at {clock} in {zone}, outside {window}"


def _between(campaign: Campaign) -> Window | None:
    return next((s.between for s in campaign.steps if isinstance(s, Send)), None)


def _dates(
    customer: Customer, outcomes: Sequence[Outcome], made: World
) -> Iterator[str]:
    """Each daily survey is planned once for each local date, whatever the clocks do."""
    if not customer.survey:
        return
    zone = moments.zone(customer.timezone)
    for name, campaign in made.campaigns.items():
        trigger = campaign.trigger
        if campaign.purpose is not Purpose.SURVEY or not isinstance(trigger, Recurring):
            continue
        planned = Counter(
            o.message.occurrence for o in outcomes if o.message.campaign == name
        )
        expected = {day.isoformat() for day in _local_dates(zone.key, trigger.at)}
        if set(planned) != expected or set(planned.values()) != {1}:
            odd = set(planned) ^ expected or planned.most_common(1)
            yield f"{customer.id} {name}: not once for each date in {zone}: {odd}"


def _local_dates(zone: str, at: time) -> Iterator[date]:
    """The dates whose moment lies in the stretch, reckoned the long way: minute by minute."""
    tz = moments.zone(zone)
    first = (START - timedelta(days=1)).date()
    for number in range(33):
        day = first + timedelta(days=number)
        moment = datetime.combine(day, time(0), tzinfo=tz).astimezone(UTC)
        moment = moment.replace(second=0, microsecond=0)
        while (shown := moment.astimezone(tz)).date() <= day:
            if shown.date() == day and shown.time() >= at:
                if START < moment < END:
                    yield day
                break
            moment += timedelta(minutes=1)


def _merit(
    customer: Customer,
    outcomes: Sequence[Outcome],
    went: Sequence[Outcome],
    made: World,
) -> Iterator[str]:
    """Whoever waited for a place was not passed by one of less merit in that minute."""
    places = [o for o in went if o.message.purpose is Purpose.MARKETING]
    for loser in outcomes:
        for wait in loser.held:
            if wait.reason.code is not Code.FREQUENCY_CAP:
                continue
            for winner in places:
                if winner.at == wait.at and _rank(winner, made) < _rank(loser, made):
                    yield (
                        f"{customer.id}: {winner.message.campaign} had the place of "
                        f"{loser.message.campaign} at {wait.at}"
                    )


def _rank(outcome: Outcome, made: World) -> int:
    return made.campaigns[outcome.message.campaign].priority


def _share(campaign: Campaign, held: int, asked: int) -> Iterator[str]:
    """The share that is held out is the one that the file says, within four standard deviations."""
    if not asked:
        return
    share = campaign.holdout
    allowed = 4 * (share * (1 - share) * asked) ** 0.5
    if abs(held - share * asked) > allowed:
        yield f"{campaign.name}: {held} of {asked} held out, and it says {share}"


def main() -> int:
    """`python -m tests.promises.crowd 10000`: all laws, for a crowd of this size."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    told, seen = violations(size)
    for line in told[:20]:
        print(line)
    happened: Mapping[str, int] = dict(sorted(seen.items()))
    days = (END - START).days
    print(f"{size} customers, {days} days, {len(_CAMPAIGNS)} campaigns, 13 zones")
    print(happened)
    print(f"violations {len(told)}")
    return 1 if told else 0


if __name__ == "__main__":
    raise SystemExit(main())
