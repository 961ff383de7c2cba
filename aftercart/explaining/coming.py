"""What will this customer get in the coming days if nothing new happens, and why not sooner? A look ahead with the live decisions."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aftercart import keeping, moments, recalling
from aftercart.campaigns import Campaign, Send, Wait
from aftercart.explaining.lines import clock
from aftercart.model import Channel, Customer, State
from aftercart.policy import going_live
from aftercart.policy.still import send_of
from aftercart.runtime import Runtime
from aftercart.simulating import Household, Outcome, World, live
from aftercart.store import Tx

#: How far the look goes.
DAYS = 7


@dataclass(frozen=True)
class Coming:
    """One message that is on its way: when it goes, or why it will not; `sooner` says what it waits for, each with its line."""

    at: datetime
    campaign: str
    channel: Channel
    template: str
    goes: bool
    words: str
    sooner: Sequence[str]


def coming(tx: Tx, rt: Runtime, customer_id: str, *, now: datetime) -> list[Coming]:
    """The coming days of one customer over all campaigns, soonest first; all compete for the same places."""
    lives = list(
        recalling.ahead(tx, [customer_id], campaigns=rt.campaigns.values(), now=now)
    )
    older = keeping.of(tx, rt, recalling.versions(lives))
    world = World(
        rt.campaigns,
        rt.shop,
        {key: c for key, c in older.items() if isinstance(c, Campaign)},
    )
    start = now.replace(second=0, microsecond=0)
    found: list[Coming] = []
    for life in lives:
        outcomes, _ = live(
            Household([life]),
            world=world,
            start=start,
            end=start + timedelta(days=DAYS),
        )
        waiting = {m.id for m in life.begun.messages if m.state is State.SCHEDULED}
        over = {m.id for m in life.begun.messages} - waiting
        for outcome in outcomes:
            message = outcome.message
            campaign = world.version(message.campaign, message.version)
            if campaign and message.id not in over:
                # simulated as if it were live; it is told as it is
                campaign = campaign.as_live_as(rt.campaigns[campaign.name])
                found.append(_coming(campaign, life.customer, outcome, rt.shop.trial))
    return sorted(found, key=lambda c: (c.at, c.campaign))


def _coming(
    campaign: Campaign, customer: Customer, outcome: Outcome, trial: Collection[str]
) -> Coming:
    message = outcome.message
    goes = message.state in (State.ACCEPTED, State.SCHEDULED)
    closed = going_live.closed(campaign, customer, trial=trial)
    at = message.due_at if message.state is State.SCHEDULED else outcome.at
    words = "goes, if nothing happens until then"
    if not goes and message.reason:
        words = message.reason.sentence()
    if goes and closed:
        words = (
            f"would go, but: {closed.reason.sentence()} ({campaign.place('status')})"
        )
        goes = False
    return Coming(
        at=at,
        campaign=campaign.name,
        channel=message.channel,
        template=message.template,
        goes=goes,
        words=words,
        sooner=list(_sooner(campaign, customer, outcome)),
    )


def _sooner(campaign: Campaign, customer: Customer, outcome: Outcome) -> Iterator[str]:
    message = outcome.message
    started = datetime.fromisoformat(message.facts["started_at"])
    about = f", order {message.order_id}" if message.order_id else ""
    yield f"started {clock(customer, started)}{about} ({campaign.place('trigger')})"
    step = send_of(campaign, message.template, message.facts)
    for before in campaign.steps:
        if before is step:
            break
        if isinstance(before, Wait):
            yield f"{_wait(before)} ({before.place or campaign.place('steps')})"
    if isinstance(step, Send) and step.between:
        zone = moments.zone(customer.timezone).key
        yield f"between {step.between} in {zone} ({step.place or campaign.place('steps')})"
    for held in outcome.held:
        yield held.reason.sentence()


def _wait(step: Wait) -> str:
    if step.days:
        return f"wait: {step.days} day{'s' if step.days > 1 else ''}"
    return f"wait: {step.span}"
