"""Does the campaign write to this customer yet? A draft writes to nobody, a trial to a list, a ramp to more people day by day."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from aftercart.campaigns import Campaign, Status
from aftercart.model import Customer
from aftercart.policy import lots
from aftercart.policy.verdicts import Skip, Wait
from aftercart.reasons import Code, because

#: How long a round of a ramp lasts: time to look at what came of it.
ROUND = timedelta(days=1)


def closed(
    campaign: Campaign, customer: Customer, *, trial: Collection[str]
) -> Skip | None:
    """Skip where the campaign is not for this customer yet; `trial` is the shop's list. None: it is."""
    if campaign.status is Status.DRAFT:
        return Skip(because(Code.DRAFT))
    if campaign.status is Status.TRIAL and not on_trial(customer, trial):
        return Skip(because(Code.NOT_ON_TRIAL))
    return None


def on_trial(customer: Customer, trial: Collection[str]) -> bool:
    """Whether the customer is on the trial list, by id or by e-mail address."""
    return customer.id in trial or customer.email.lower() in trial


@dataclass(frozen=True)
class Had:
    """How far a ramp has come: how many people it let in, since when, and when a halt or a pause was lifted last."""

    people: int = 0
    first_at: datetime | None = None
    resumed_at: datetime | None = None


@dataclass(frozen=True)
class Round:
    """At most so many people have the campaign before `until`."""

    most: int
    until: datetime


def current_round(campaign: Campaign, had: Had, now: datetime) -> Round | None:
    """The round that the ramp is in; None when it is over, and the campaign is for all.

    The first round begins with the first person. After a halt the rounds begin anew: who has it keeps it.
    """
    begun = max(filter(None, (had.first_at, had.resumed_at)), default=now)
    number = max(0, (now - begun) // ROUND)
    if number >= len(campaign.ramp):
        return None
    return Round(campaign.ramp[number], begun + (number + 1) * ROUND)


def let_in(
    campaign: Campaign, people: Collection[str], *, had: Had, now: datetime
) -> tuple[frozenset[str], Wait | None]:
    """Who of the people that wait has the campaign now, by lot; and until when, and why, the others wait. None: nobody has to."""
    current = current_round(campaign, had, now)
    if current is None:
        return frozenset(people), None
    room = max(0, current.most - had.people)
    by_lot = sorted(
        set(people), key=lambda id_: (lots.draw("ramp", campaign.name, id_), id_)
    )
    first = frozenset(by_lot[:room])
    if len(first) == len(by_lot):
        return first, None
    why = because(
        Code.RAMP,
        had=had.people + len(first),
        most=current.most,
        until=f"{current.until:%-d %b %H:%M} UTC",
    )
    return first, Wait(current.until, why)
