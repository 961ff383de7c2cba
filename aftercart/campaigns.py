"""A campaign as a value: trigger, audience, steps, limits. What `loading` makes of a YAML file, and all that decisions see."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import ClassVar

from aftercart.conditions import Condition
from aftercart.model import Channel, Event, Purpose

EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)


@dataclass(frozen=True)
class Place:
    """Where something stands in a file; counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Window:
    """A span of the day on the customer's own clock; never over midnight."""

    opens: time
    closes: time

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"


@dataclass(frozen=True)
class Limit:
    """At most `count` messages of this campaign to one person within `period`."""

    count: int
    period: timedelta


@dataclass(frozen=True)
class EventTrigger:
    """Starts when an event of this type arrives and the condition, if any, holds for its order."""

    event: str
    where: Condition | None = None


@dataclass(frozen=True)
class Recurring:
    """Starts for the whole audience on these weekdays (Monday is 0) at this time on the customer's clock."""

    weekdays: tuple[int, ...]
    at: time


@dataclass(frozen=True)
class Staple:
    """Something people buy again and again: a category of the shop, and how long it usually lasts."""

    category: str
    name: str  #: as a customer would say it
    lifespan: timedelta


@dataclass(frozen=True)
class RunningLow:
    """Starts when a staple that the customer has bought at least `after` times is likely to run low.

    Staples that fall due within `together` of the first are told in the same message.
    """

    staples: tuple[Staple, ...]
    at: time
    after: int = 2
    together: timedelta = timedelta(days=3)

    def staple(self, category: str) -> Staple | None:
        return next((s for s in self.staples if s.category == category), None)


@dataclass(frozen=True)
class LateDelivery:
    """Starts when an order is more than `by` late and has been so for `confirmed_for`; again when it is `worse_by` later still."""

    by: timedelta
    confirmed_for: timedelta
    worse_by: timedelta


@dataclass(frozen=True)
class Anniversary:
    """Starts every year on a day of the customer, `days` after it (negative: before), at this time on the customer's clock."""

    day: str  #: "birthday" or "since"
    at: time
    days: int = 0
    weekdays: ClassVar[tuple[int, ...]] = EVERY_DAY


@dataclass(frozen=True)
class Inactive:
    """Starts when a customer has not ordered for so many days, at this time on the customer's clock; once until they order again."""

    days: int
    at: time
    weekdays: ClassVar[tuple[int, ...]] = EVERY_DAY


@dataclass(frozen=True)
class Answered:
    """Starts when a customer answers a survey with a score from `low` to `high`."""

    survey: str  #: a campaign
    low: int
    high: int

    def fits(self, survey: str, score: int) -> bool:
        return survey == self.survey and self.low <= score <= self.high


#: Triggers that the calendar starts, zone by zone, for all whom they concern on a day.
Calendar = Recurring | Anniversary | Inactive
Trigger = EventTrigger | Calendar | Answered | RunningLow | LateDelivery


@dataclass(frozen=True)
class Wait:
    """`days` are calendar days on the customer's clock; `span` is elapsed time. One of them is set."""

    days: int = 0
    span: timedelta = timedelta(0)
    place: Place | None = None


@dataclass(frozen=True)
class StopIf:
    """Ends the enrollment when the condition holds; checked when reached and again just before the send that follows."""

    condition: Condition
    place: Place | None = None


@dataclass(frozen=True)
class Send:
    """One message. `fallback` is used when the customer cannot be reached by the first channel."""

    channel: Channel
    template: str
    expires: timedelta
    between: Window | None = None
    fallback: tuple[Channel, str] | None = None
    content: str = (
        ""  #: a file of campaigns/shop/ from which one entry is chosen, e.g. "recipes"
    )
    place: Place | None = None


@dataclass(frozen=True)
class Task:
    """Something that support is to do: it opens a case."""

    words: str
    place: Place | None = None


@dataclass(frozen=True)
class Tag:
    """Puts a tag on the customer, or with `on` false takes it off."""

    name: str
    on: bool = True
    place: Place | None = None


Step = Wait | StopIf | Task | Tag | Send


@dataclass(frozen=True)
class Goal:
    """What a campaign is for: that its people do this within so long after its first message."""

    event: str
    within: timedelta


@dataclass(frozen=True)
class Expected:
    """What an example expects: a message on its way at a moment, or one that is not sent, for a reason."""

    place: Place
    at: datetime | None = None  #: aware UTC; None of a reason: whenever it was
    channel: Channel | None = None
    template: str = ""
    reason: str = ""  #: a code of `reasons`; then nothing is sent
    task: str = ""  #: what support is asked to do; then nothing is sent


@dataclass(frozen=True)
class Example:
    """What should happen to one invented customer: a test of the campaign that stands in its file."""

    place: Place
    title: str
    timezone: str
    events: tuple[Event, ...]  #: what is given, in order of time
    until: datetime  #: how long it is watched
    expected: tuple[Expected, ...]


@dataclass(frozen=True)
class Campaign:
    """One file of campaigns/. `name` is the file's stem and part of every message id; `version` is a hash of the content."""

    name: str
    title: str
    purpose: Purpose
    trigger: Trigger
    steps: tuple[Step, ...]
    version: str
    audience: Condition | None = None
    limit: Limit | None = None
    priority: int = 0  #: the higher wins when several compete for one slot
    opens_case: str = ""  #: what support is asked to do when it starts, e.g. "call"
    holdout: float = 0.0  #: the share of people who do not get it, from 0 to 0.5
    goal: Goal | None = None
    examples: tuple[Example, ...] = ()
    places: Mapping[str, Place] = field(
        default_factory=dict
    )  #: key path ("limits", "steps.1.send") -> where it stands

    def place(self, key: str) -> str:
        """`file:line:column` of a key, or of the nearest key above it."""
        while key and key not in self.places:
            key = key.rpartition(".")[0]
        return str(self.places[key]) if key else f"campaigns/{self.name}.yaml"
