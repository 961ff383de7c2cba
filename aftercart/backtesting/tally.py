"""What does a back-test count? Sums that can be added up, whoever simulated which households."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from decimal import Decimal

from aftercart import moments
from aftercart.campaigns import Limit
from aftercart.model import Channel, Customer, Purpose, State
from aftercart.reasons import Code, Reason
from aftercart.simulating import Outcome, TaskDone

#: Reasons for which a sentence is kept as an example, by campaign and code.
_Example = dict[tuple[str, str], str]
_WEEK = timedelta(days=7)


@dataclass
class Tally:
    """Counts of one stretch; `add` takes another's. Days are those of each customer's own calendar."""

    people: int = 0  #: customers who were simulated
    sent: Counter[tuple[str, str]] = field(
        default_factory=Counter
    )  #: campaign, channel
    ended: Counter[tuple[str, str, str]] = field(
        default_factory=Counter
    )  #: campaign, state, reason
    held: Counter[tuple[str, str]] = field(
        default_factory=Counter
    )  #: campaign, reason; each message once for each reason
    open: Counter[str] = field(default_factory=Counter)  #: not decided by the end
    reached: Counter[str] = field(default_factory=Counter)  #: campaign: people
    days: Counter[tuple[str, str]] = field(default_factory=Counter)  #: day, campaign
    per_person: Counter[int] = field(
        default_factory=Counter
    )  #: messages in the stretch: people
    per_week: Counter[int] = field(
        default_factory=Counter
    )  #: most marketing messages within any seven days: people
    collisions: Counter[tuple[str, str, str]] = field(
        default_factory=Counter
    )  #: who had the place, who waited, what became of it: "sent later" or how it ended
    parts: Counter[tuple[str, str]] = field(
        default_factory=Counter
    )  #: campaign, country
    texts: Counter[tuple[str, str]] = field(
        default_factory=Counter
    )  #: campaign, country
    tasks: Counter[tuple[str, str]] = field(default_factory=Counter)  #: campaign, words
    examples: _Example = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        """Takes in what another counted."""
        for one in fields(self):
            mine, theirs = getattr(self, one.name), getattr(other, one.name)
            if isinstance(mine, Counter):
                mine.update(theirs)
            elif isinstance(mine, dict):
                for key, words in theirs.items():
                    # the same example, whoever comes first
                    mine[key] = min(mine.get(key, words), words)
            else:
                setattr(self, one.name, mine + theirs)

    def take(
        self, customer: Customer, outcomes: Sequence[Outcome], limits: Iterable[Limit]
    ) -> None:
        """Counts what became of one customer's messages."""
        self.people += 1
        zone = moments.zone(customer.timezone)
        gone = [o for o in outcomes if o.message.state is State.ACCEPTED]
        for outcome in outcomes:
            self._end(outcome)
        for outcome in gone:
            message = outcome.message
            self.sent[message.campaign, message.channel] += 1
            day = moments.local(outcome.at, zone).date().isoformat()
            self.days[day, message.campaign] += 1
        for campaign in {o.message.campaign for o in gone}:
            self.reached[campaign] += 1
        self.per_person[len(gone)] += 1
        places = sorted(
            (o.at, o.message.campaign)
            for o in gone
            if o.message.purpose is Purpose.MARKETING
        )
        if places:
            self.per_week[_most(at for at, _ in places)] += 1
        longest = max((limit.period for limit in limits), default=_WEEK)
        self._collide(outcomes, places, longest)

    def text(self, campaign: str, country: str, parts: int) -> None:
        """Counts an SMS and its parts."""
        self.texts[campaign, country] += 1
        self.parts[campaign, country] += parts

    def task(self, done: TaskDone) -> None:
        """Counts what support is asked to do."""
        self.tasks[done.campaign, done.words] += 1

    def _end(self, outcome: Outcome) -> None:
        message = outcome.message
        for code, reason in {h.reason.code: h.reason for h in outcome.held}.items():
            self.held[message.campaign, code] += 1
            self._example(message.campaign, code, reason)
        if message.state is State.SCHEDULED:
            self.open[message.campaign] += 1
        elif message.state is not State.ACCEPTED and message.reason:
            code = message.reason.code
            self.ended[message.campaign, message.state, code] += 1
            self._example(message.campaign, code, message.reason)

    def _example(self, campaign: str, code: str, reason: Reason) -> None:
        words = reason.sentence()
        self.examples[campaign, code] = min(
            self.examples.get((campaign, code), words), words
        )

    def _collide(
        self,
        outcomes: Sequence[Outcome],
        places: Sequence[tuple[datetime, str]],
        longest: timedelta,
    ) -> None:
        for outcome in outcomes:
            message = outcome.message
            waits = [h for h in outcome.held if h.reason.code is Code.FREQUENCY_CAP]
            if not waits:
                continue
            since, until = waits[0].at - longest, waits[0].at
            had = [name for at, name in places if since < at <= until]
            end = {State.ACCEPTED: "sent later", State.SCHEDULED: "still waiting"}
            became = end.get(message.state, message.state.value)
            if had:
                self.collisions[had[-1], message.campaign, became] += 1

    def cost(self, prices: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """What the texts cost by country, where the shop's file says what a part costs."""
        found: dict[str, Decimal] = {}
        for (_, country), parts in self.parts.items():
            if country in prices:
                found[country] = (
                    found.get(country, Decimal(0)) + parts * prices[country]
                )
        return found

    def channel(self, channel: Channel) -> int:
        """How many messages went by a channel."""
        return sum(n for (_, by), n in self.sent.items() if by == channel)


def _most(times: Iterable[datetime]) -> int:
    """The most of these moments, in order, within any seven days."""
    window: list[datetime] = []
    most = 0
    for at in times:
        window = [t for t in window if t > at - _WEEK] + [at]
        most = max(most, len(window))
    return most
