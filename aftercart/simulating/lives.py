"""Whose lives are simulated, in which world, and what came of it: the values that go in and out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from decimal import Decimal
from functools import lru_cache

from aftercart import moments
from aftercart.campaigns import Calendar, Campaign
from aftercart.forecasting import Rhythm
from aftercart.model import Channel, Customer, Enrollment, Event, Message, Order
from aftercart.policy.permission import Suppressed
from aftercart.reasons import Reason
from aftercart.recurrence import Days
from aftercart.shop import Shop


@dataclass(frozen=True)
class Begun:
    """What had begun before the first moment: people on their way, their messages, and rhythms as far as they have been spoken of."""

    enrollments: Sequence[Enrollment] = ()
    entered: frozenset[str] = frozenset()  #: ids of all enrollments there ever were
    messages: Sequence[Message] = ()
    rhythms: Sequence[Rhythm] | None = None  #: None: learnt from the orders
    cases: Sequence[datetime] = ()  #: since when cases of support are open


@dataclass(frozen=True)
class Answer:
    """What a customer answered to a survey in truth, whether or not it is sent in the simulation."""

    at: datetime
    customer_id: str
    survey: str
    message_id: str
    score: int  #: 0 to 10


@dataclass(frozen=True)
class Life:
    """One customer: all orders that are known, oldest first, and what happens to them in the stretch, in order of time.

    Consent and profile are those of `customer` all the time; its counts of orders are not looked at.
    """

    customer: Customer
    orders: Sequence[Order] = ()
    events: Sequence[Event] = ()
    suppressed: Mapping[tuple[Channel, str], Suppressed] = field(
        default_factory=dict
    )  #: by channel and purpose
    past: Mapping[str, Sequence[tuple[datetime, Decimal]]] = field(
        default_factory=dict
    )  #: what conditions count, by source; what lies ahead of a moment is not seen yet
    begun: Begun = field(default_factory=Begun)
    answers: Sequence[Answer] = ()  #: of the stretch, in order of time


@dataclass(frozen=True)
class Household:
    """Customers who share an address, and so get one copy of some messages; most are alone."""

    lives: Sequence[Life]


@dataclass(frozen=True)
class World:
    """The campaigns that run, the shop, and the earlier versions on which people are.

    A draft runs as if it were live, and a ramp or a trial holds nobody back.
    """

    campaigns: Mapping[str, Campaign]
    shop: Shop
    older: Mapping[tuple[str, str], Campaign] = field(default_factory=dict)

    def __post_init__(self) -> None:
        live = {name: c.as_if_live() for name, c in self.campaigns.items()}
        older = {key: c.as_if_live() for key, c in self.older.items()}
        object.__setattr__(self, "campaigns", live)
        object.__setattr__(self, "older", older)

    def version(self, campaign: str, version: str) -> Campaign | None:
        """The campaign as somebody knows it who entered with a version; None where it is gone."""
        return self.older.get((campaign, version)) or self.campaigns.get(campaign)

    def calendar(
        self, campaign: str, zone: str, start: datetime, end: datetime
    ) -> tuple[datetime, ...]:
        """The moments after `start` and before `end` at which a campaign of the calendar starts in a time zone."""
        trigger = self.campaigns[campaign].trigger
        assert isinstance(trigger, Calendar)  # noqa: S101 - who asks has looked
        return _occurrences(trigger.on, trigger.at, zone, start, end)


@lru_cache(maxsize=1024)
def _occurrences(
    on: Days, at: time, zone: str, start: datetime, end: datetime
) -> tuple[datetime, ...]:
    found: list[datetime] = []
    tz, last = moments.zone(zone), start
    while (last := moments.next_occurrence(last, tz, on, at)) < end:
        found.append(last)
    return tuple(found)


@dataclass(frozen=True)
class Held:
    """A message that waited: looked at, until when, and why."""

    at: datetime
    until: datetime
    reason: Reason


@dataclass(frozen=True)
class Outcome:
    """What became of one message: `message` as it is at the end, `at` when that was decided."""

    message: Message
    at: datetime
    held: Sequence[Held] = ()


@dataclass(frozen=True)
class TaskDone:
    """Something that support is asked to do."""

    campaign: str
    customer_id: str
    at: datetime
    words: str
