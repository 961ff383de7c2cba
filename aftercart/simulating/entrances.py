"""Who enters a campaign, by what happens, by the calendar or by a need? The ways of a household that are open."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from aftercart import conditions, forecasting, moments
from aftercart.campaigns import (
    Answered,
    Calendar,
    Campaign,
    EventTrigger,
    LateDelivery,
    RunningLow,
)
from aftercart.model import Enrollment, Event
from aftercart.policy import entering
from aftercart.simulating.lives import Answer, Begun, World
from aftercart.simulating.person import Person


@dataclass(frozen=True)
class _Date:
    """An occurrence of the calendar that means a customer."""

    at: datetime
    campaign: str
    customer_id: str


class Entrances:
    """Keeps `open`, the ways on which people are; each is entered once."""

    def __init__(
        self,
        people: Mapping[str, Person],
        world: World,
        begun: Sequence[Begun],
        *,
        start: datetime,
        end: datetime,
    ) -> None:
        self.open = {e.id: e for one in begun for e in one.enrollments}
        self._people, self._world = people, world
        self._start, self._end = start, end
        self._entered = {id_ for one in begun for id_ in one.entered} | set(self.open)
        self._dates = sorted(
            self._calendar(), key=lambda d: (d.at, d.campaign), reverse=True
        )

    @property
    def next_date(self) -> datetime | None:
        """When the calendar means somebody next."""
        return self._dates[-1].at if self._dates else None

    def happen(self, here: Sequence[Event], now: datetime) -> None:
        """Takes in what has happened: all is noted before anybody enters by it."""
        for event in here:
            self._people[event.customer_id].note(event)
        for event in here:
            person = self._people[event.customer_id]
            order = person.orders.get(event.order_id)
            if event.type == "order.placed" and order:
                person.buys(order, at=event.at, now=now)
        new: list[Enrollment] = []
        for event in here:
            new += self._entering(event, now)
        for event in here:
            new += self._watches(event)
        self._enter(new)

    def answer(self, said: Answer) -> None:
        """Who answers a survey enters the campaigns that wait for such an answer."""
        for campaign in self._world.campaigns.values():
            trigger = campaign.trigger
            if isinstance(trigger, Answered) and trigger.fits(said.survey, said.score):
                entered = entering.by_answer(
                    campaign,
                    said.customer_id,
                    message_id=said.message_id,
                    score=said.score,
                    at=said.at,
                )
                self._enter([entered])

    def _entering(self, event: Event, now: datetime) -> Iterator[Enrollment]:
        person = self._people[event.customer_id]
        for campaign in self._world.campaigns.values():
            trigger = campaign.trigger
            if not isinstance(trigger, EventTrigger) or trigger.event != event.type:
                continue
            scope = person.scope(event.order_id, now=now, started_at=event.at)
            if entered := entering.by_event(campaign, trigger, event, scope):
                yield entered

    def _watches(self, event: Event) -> Iterator[Enrollment]:
        order = self._people[event.customer_id].orders.get(event.order_id)
        if order is None or not event.type.startswith("order."):
            return
        for campaign in self._world.campaigns.values():
            if not isinstance(campaign.trigger, LateDelivery):
                continue
            for said in entering.by_lateness(campaign, campaign.trigger, event, order):
                if isinstance(said, Enrollment):
                    yield said
                else:
                    self._call_off(campaign.name, said)

    def _call_off(self, campaign: str, said: entering.CalledOff) -> None:
        for e in list(self.open.values()):
            if e.campaign != campaign or e.order_id != said.order_id:
                continue
            if said.but is None or (
                e.occurrence != said.but and e.started_at <= said.at
            ):
                del self.open[e.id]

    def _enter(self, new: list[Enrollment]) -> None:
        for enrollment in new:
            if enrollment.id not in self._entered:
                self._entered.add(enrollment.id)
                self.open[enrollment.id] = enrollment

    def _calendar(self) -> Iterator[_Date]:
        """The dates of the stretch that mean somebody: whom they mean depends on nothing that is decided meanwhile."""
        for campaign in self._world.campaigns.values():
            trigger = campaign.trigger
            if not isinstance(trigger, Calendar):
                continue
            for id_, person in self._people.items():
                zone = person.customer.timezone
                for at in self._world.calendar(
                    campaign.name, zone, self._start, self._end
                ):
                    today = moments.local(at, moments.zone(zone)).date()
                    customer = person.customer_at(at)
                    if entering.means(trigger, customer, today=today, at=at):
                        yield _Date(at, campaign.name, id_)

    def keep_dates(self, now: datetime) -> None:
        """Those enter whom the calendar means by now."""
        new: list[Enrollment] = []
        while self._dates and self._dates[-1].at <= now:
            date = self._dates.pop()
            person = self._people[date.customer_id]
            campaign = self._world.campaigns[date.campaign]
            new += self._of_date(campaign, person, date.at, now)
        self._enter(new)

    def _of_date(
        self, campaign: Campaign, person: Person, at: datetime, now: datetime
    ) -> Iterator[Enrollment]:
        trigger, customer = campaign.trigger, person.customer
        assert isinstance(trigger, Calendar)  # noqa: S101 - it has dates
        today = moments.local(at, moments.zone(customer.timezone)).date()
        scope = person.scope("", now=now, started_at=at)
        if not entering.agreed(campaign, customer):
            return
        if campaign.audience and not conditions.predicate(campaign.audience)(scope):
            return
        if campaign.limit:
            had = person.reached(campaign.name, since=now - campaign.limit.period)
            if entering.free_at(campaign, had):
                return
        yield entering.by_calendar(campaign, trigger, customer, today=today, at=at)

    def needs(self, now: datetime) -> None:
        """Those enter who have a staple due, or wait until they may be told."""
        for campaign in self._world.campaigns.values():
            if isinstance(campaign.trigger, RunningLow):
                for person in self._people.values():
                    self._need(campaign, campaign.trigger, person, now)

    def _need(
        self, campaign: Campaign, trigger: RunningLow, person: Person, now: datetime
    ) -> None:
        mine = [r for r in person.rhythms.values() if r.campaign == campaign.name]
        while any(r.nudge_at and r.nudge_at <= now for r in mine):
            due = forecasting.together(trigger, mine, now=now)
            had = (
                person.reached(campaign.name, since=now - campaign.limit.period)
                if campaign.limit
                else []
            )
            later = entering.free_at(campaign, had)
            if later is None:
                id_ = person.customer.id
                self._enter([entering.by_need(campaign, trigger, id_, due)])
            for r in due:
                person.rhythms[campaign.name, r.category] = replace(r, nudge_at=later)
            mine = [r for r in person.rhythms.values() if r.campaign == campaign.name]
