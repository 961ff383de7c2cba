"""What does a campaign do? Its people beside those who were held back, by what they did within the time that its goal gives."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from aftercart import uplift
from aftercart.campaigns import Campaign, Goal
from aftercart.errors import InputError
from aftercart.runtime import Runtime
from aftercart.spelling import did_you_mean
from aftercart.store import records
from aftercart.uplift import Group, Uplift


@dataclass(frozen=True)
class Results:
    """One campaign: who got it and who was held back, as far as their time is over; `worth` is per head, in the shop's currency."""

    campaign: Campaign
    goal: Goal
    got: Group
    held: Group
    worth_got: Decimal
    worth_held: Decimal
    uplift: Uplift


def results(
    rt: Runtime, name: str | None = None, *, since: datetime | None = None
) -> Iterator[Results]:
    """The results of every campaign that has a goal, or of the one that is named.

    A person counts once, from their first message since `since`, and when the time of the goal has passed.

    Raises:
        InputError: when there is no such campaign, or it has no goal.
    """
    if name is not None and name not in rt.campaigns:
        hint = did_you_mean(name, list(rt.campaigns))
        raise InputError(f'there is no campaign "{name}"; {hint}')
    chosen = [rt.campaigns[name]] if name else list(rt.campaigns.values())
    for campaign in chosen:
        if campaign.goal:
            yield _results(rt, campaign, campaign.goal, since)
        elif name:
            raise InputError(
                f"the campaign {name} has no goal; write one into campaigns/{name}.yaml, "
                "for example goal: {event: order.placed, within: 7 days}"
            )


def _results(
    rt: Runtime, campaign: Campaign, goal: Goal, since: datetime | None
) -> Results:
    until = rt.clock() - goal.within
    people: Counter[bool] = Counter()
    converted: Counter[bool] = Counter()
    worth = {True: Decimal(0), False: Decimal(0)}
    with rt.store.read() as tx:
        for page in records.entrants(tx, campaign.name, since=since, until=until):
            done = records.deeds(tx, goal.event, {one.customer_id for one in page})
            for one in page:
                mine = [
                    deed
                    for deed in done.get(one.customer_id, ())
                    if one.at < deed.at <= one.at + goal.within
                ]
                people[one.held] += 1
                converted[one.held] += bool(mine)
                worth[one.held] += sum((deed.worth for deed in mine), Decimal(0))
    got = Group(people[False], converted[False])
    held = Group(people[True], converted[True])
    return Results(
        campaign,
        goal,
        got,
        held,
        _each(worth[False], got),
        _each(worth[True], held),
        uplift.compare(got, held),
    )


def _each(worth: Decimal, group: Group) -> Decimal:
    return round(worth / group.people, 2) if group.people else Decimal(0)
