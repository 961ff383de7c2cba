"""What does a campaign do? Its people beside those who were held back, by what they did within the time that its goal gives."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from aftercart import uplift
from aftercart.campaigns import Campaign, Goal
from aftercart.errors import InputError
from aftercart.runtime import Runtime
from aftercart.spelling import did_you_mean
from aftercart.store import records
from aftercart.store.records import Deed
from aftercart.uplift import Group, Uplift


@dataclass(frozen=True)
class VariantResult:
    """Who got one variant of a message first, beside those who got the first variant of it; None for that one itself."""

    send: int  #: which of the campaign's messages, counted from 1
    template: str
    name: str
    got: Group
    worth: Decimal
    beside: Uplift | None = None
    other: str = ""  #: the name of the variant that it is compared with


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
    variants: Sequence[VariantResult] = ()


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


@dataclass
class _Tally:
    """People of one kind, counted one after the other."""

    people: int = 0
    converted: int = 0
    worth: Decimal = Decimal(0)

    def add(self, deeds: Sequence[Deed]) -> None:
        self.people += 1
        self.converted += bool(deeds)
        self.worth += sum((deed.worth for deed in deeds), Decimal(0))

    @property
    def group(self) -> Group:
        return Group(self.people, self.converted)

    @property
    def each(self) -> Decimal:
        return round(self.worth / self.people, 2) if self.people else Decimal(0)


def _results(
    rt: Runtime, campaign: Campaign, goal: Goal, since: datetime | None
) -> Results:
    until = rt.clock() - goal.within
    got, held = _Tally(), _Tally()
    varied: defaultdict[tuple[int, str], _Tally] = defaultdict(_Tally)
    with rt.store.read() as tx:
        for page in records.entrants(tx, campaign.name, since=since, until=until):
            done = records.deeds(tx, goal.event, {one.customer_id for one in page})
            for one in page:
                mine = done.get(one.customer_id, ())
                (held if one.held else got).add(_within(mine, one.at, goal))
                for number, lot in one.variants.items():
                    varied[number, lot.variant].add(_within(mine, lot.at, goal))
    return Results(
        campaign,
        goal,
        got.group,
        held.group,
        got.each,
        held.each,
        uplift.compare(got.group, held.group),
        list(_variants(campaign, varied)),
    )


def _within(deeds: Sequence[Deed], at: datetime, goal: Goal) -> list[Deed]:
    return [deed for deed in deeds if at < deed.at <= at + goal.within]


def _variants(
    campaign: Campaign, found: Mapping[tuple[int, str], _Tally]
) -> Iterator[VariantResult]:
    """The variants of each message, as the file names them now, each beside the first."""
    for number, send in enumerate(campaign.sends, start=1):
        if not send.variants:
            continue
        first = send.variants[0].name
        base = found.get((number, first), _Tally())
        for variant in send.variants:
            mine = found.get((number, variant.name), _Tally())
            beside = (
                None
                if variant.name == first
                else uplift.compare(mine.group, base.group)
            )
            yield VariantResult(
                number,
                variant.template,
                variant.name,
                mine.group,
                mine.each,
                beside,
                first,
            )
