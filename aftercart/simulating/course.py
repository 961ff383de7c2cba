"""What happens to a household, minute by minute? Events enter people, steps become messages, messages go, wait or end."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from aftercart.model import (
    DETRACTOR,
    Channel,
    Enrollment,
    Event,
    Message,
    Purpose,
    State,
)
from aftercart.policy import Facts, Skip, Wait, advance, decide, places
from aftercart.reasons import Code, because
from aftercart.simulating.entrances import Entrances
from aftercart.simulating.lives import Held, Household, Outcome, TaskDone, World
from aftercart.simulating.person import Person, Row, in_order
from aftercart.simulating.waits import woken

#: The clock moves in whole steps of this size, as a replay's does.
GRAIN = timedelta(minutes=1)


class Course:
    """The stretch of time of one household."""

    def __init__(
        self,
        household: Household,
        *,
        world: World,
        start: datetime,
        end: datetime,
        on_send: Callable[[Facts, datetime], object],
    ) -> None:
        self.tasks: list[TaskDone] = []
        self._world, self._start, self._end = world, start, end
        self._on_send = on_send
        self._people = {
            life.customer.id: Person(life, world, start) for life in household.lives
        }
        events = [e for life in household.lives for e in life.events]
        self._events = sorted(events, key=lambda e: (e.at, e.id), reverse=True)
        answers = [a for life in household.lives for a in life.answers]
        self._answers = sorted(answers, key=lambda a: a.at, reverse=True)
        self._past: list[Event] = []
        begun = [life.begun for life in household.lives]
        self._ways = Entrances(self._people, world, begun, start=start, end=end)
        self._copies: dict[tuple[str, str, Channel, str], str] = {}

    def run(self) -> None:
        """Lives through it."""
        now: datetime | None = self._start
        while now is not None and now < self._end:
            for person in self._people.values():
                person.move_to(now)
            self._happen(now)
            self._plan(now)
            self._deliver(now)
            now = self._next(now)

    def outcomes(self) -> list[Outcome]:
        """What became of each message that was there or was planned."""
        return [
            Outcome(row.message, row.at, row.held)
            for person in self._people.values()
            for row in person.rows
        ]

    # --- what happens -----------------------------------------------------------------------------------------------------

    def _happen(self, now: datetime) -> None:
        here: list[Event] = []
        while self._events and self._events[-1].at <= now:
            here.append(self._events.pop())
        if here:
            self._ways.happen(here, now)
            self._past += here
            self._wake(list(self._ways.open.values()), here)
        while self._answers and self._answers[-1].at <= now:
            said = self._answers.pop()
            self._ways.answer(said)
            if said.score <= DETRACTOR:
                cases = self._people[said.customer_id].cases
                cases.setdefault(f"detractor {said.message_id}", said.at)

    def _wake(self, some: list[Enrollment], events: list[Event]) -> None:
        for met in woken(some, world=self._world, events=events, people=self._people):
            self._ways.open[met.id] = met

    # --- what is planned --------------------------------------------------------------------------------------------------

    def _plan(self, now: datetime) -> None:
        self._ways.keep_dates(now)
        self._ways.needs(now)
        while due := [e for e in self._ways.open.values() if e.due_at <= now]:
            for enrollment in sorted(due, key=lambda e: (e.due_at, e.id)):
                self._advance(enrollment, now)
        self._grant(now)

    def _advance(self, enrollment: Enrollment, now: datetime) -> None:
        person = self._people[enrollment.customer_id]
        campaign = self._world.version(enrollment.campaign, enrollment.version)
        if campaign is None:
            del self._ways.open[enrollment.id]
            return
        done = advance(
            enrollment,
            campaign=campaign,
            shop=self._world.shop,
            view=person.view(campaign, enrollment.order_id),
            now=now,
        )
        if done.ended:
            del self._ways.open[enrollment.id]
        else:
            self._ways.open[enrollment.id] = done.moves(enrollment)
            if done.awaits:
                self._wake([self._ways.open[enrollment.id]], self._past)
        for draft in done.drafts:
            message = self._one_copy(draft.message, person)
            person.add(message, draft.priority, now)
        for name, on in done.tags:
            person.tag(name, on=on)
        about = [words for _, words in done.tasks]
        if done.drafts and campaign.opens_case:
            about.append(campaign.opens_case)
            about_what = enrollment.order_id or enrollment.id
            person.cases.setdefault(f"{campaign.name} {about_what}", now)
        for words in about:
            self.tasks.append(TaskDone(campaign.name, person.customer.id, now, words))

    def _one_copy(self, message: Message, person: Person) -> Message:
        """The message; skipped where another record with the same address has this very copy."""
        if message.state is not State.SCHEDULED or message.order_id:
            return message
        c = person.customer
        key = c.email_key if message.channel is Channel.EMAIL else c.phone_key
        if not key or len(self._people) == 1:
            return message
        copy = (message.campaign, message.occurrence, message.channel, key)
        other = self._copies.setdefault(copy, message.id)
        if other == message.id or not self._alive(other):
            self._copies[copy] = message.id
            return message
        told = because(Code.MERGED, message=other)
        return replace(message, state=State.SKIPPED, reason=told)

    def _alive(self, message_id: str) -> bool:
        return any(
            row.message.id == message_id
            and row.message.state in (State.SCHEDULED, State.ACCEPTED)
            for person in self._people.values()
            for row in person.rows
        )

    def _grant(self, now: datetime) -> None:
        limits = self._world.shop.cap.get(Purpose.MARKETING, ())
        longest = max((limit.period for limit in limits), default=timedelta(0))
        for person in self._people.values():
            waiting = in_order(
                [r for r in person.due(now) if r.message.purpose == Purpose.MARKETING]
            )
            if not waiting:
                continue
            had = person.places(since=now - longest)
            judged = places(
                [r.message for r in waiting], had=had, limits=limits, now=now
            )
            for row, (_, verdict) in zip(waiting, judged, strict=True):
                if isinstance(verdict, Wait):
                    _hold(row, verdict, now)
                else:
                    row.slot_at = now

    # --- what goes --------------------------------------------------------------------------------------------------------

    def _deliver(self, now: datetime) -> None:
        for person in self._people.values():
            for row in person.due(now):
                if row.message.purpose is Purpose.MARKETING and row.slot_at != now:
                    continue
                facts = person.facts(row.message, now)
                verdict = decide(facts, now) if facts else _gone(row.message)
                row.at = now
                match verdict:
                    case Skip(reason=reason, state=state):
                        row.message = replace(row.message, state=state, reason=reason)
                    case Wait():
                        _hold(row, verdict, now)
                    case _:
                        if facts:
                            self._on_send(facts, now)
                        row.message = replace(
                            row.message, state=State.ACCEPTED, accepted_at=now
                        )
            person.close()

    # --- when next --------------------------------------------------------------------------------------------------------

    def _next(self, now: datetime) -> datetime | None:
        ahead = [e.due_at for e in self._ways.open.values()]
        if self._events:
            ahead.append(self._events[-1].at)
        if self._answers:
            ahead.append(self._answers[-1].at)
        if self._ways.next_date:
            ahead.append(self._ways.next_date)
        for person in self._people.values():
            ahead += [r.ring_at for r in person.open]
            ahead += [r.nudge_at for r in person.rhythms.values() if r.nudge_at]
        if not ahead:
            return None
        return max(_ceil(min(ahead)), now + GRAIN)


def _gone(message: Message) -> Skip:
    reason = because(Code.CAMPAIGN_GONE, campaign=message.campaign)
    return Skip(reason, State.CANCELLED)


def _hold(row: Row, wait: Wait, now: datetime) -> None:
    until = min(wait.until, row.message.expires_at)
    row.held.append(Held(now, until, wait.reason))
    row.message = replace(row.message, due_at=until, reason=wait.reason)
    row.ring_at, row.slot_at, row.at = until, None, now


def _ceil(at: datetime) -> datetime:
    floor = at.replace(second=0, microsecond=0)
    return floor if floor == at else floor + GRAIN
