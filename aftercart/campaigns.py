"""A campaign as a value: trigger, audience, steps, limits. What `loading` makes of a YAML file, and all that decisions see."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from enum import StrEnum

from aftercart.conditions import Condition
from aftercart.errors import Place
from aftercart.examples import Example, Expected, Reaction
from aftercart.model import Channel, Purpose
from aftercart.triggers import (
    Anniversary,
    Answered,
    Calendar,
    EventTrigger,
    Inactive,
    LateDelivery,
    Recurring,
    RunningLow,
    Staple,
    Trigger,
)

#: What starts a campaign, and its tests, can be had from here too: who reads of campaigns finds it in one place.
__all__ = [
    "Anniversary",
    "Answered",
    "Branch",
    "Calendar",
    "Campaign",
    "EventTrigger",
    "Example",
    "Expected",
    "Goal",
    "Inactive",
    "Jump",
    "LateDelivery",
    "Limit",
    "Place",
    "Reaction",
    "Recurring",
    "RunningLow",
    "Send",
    "Staple",
    "Step",
    "Stop",
    "StopIf",
    "Tag",
    "Task",
    "Trigger",
    "Variant",
    "Wait",
    "WaitFor",
    "Window",
]


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
class Wait:
    """`days` are calendar days on the customer's clock; `span` is elapsed time; `until` the next such moment. One of them is set."""

    days: int = 0
    span: timedelta = timedelta(0)
    place: Place | None = None
    until: Recurring | None = None


@dataclass(frozen=True)
class WaitFor:
    """Goes on as soon as the customer does this, else after `within`; `otherwise` is the step for who has not done it by then."""

    event: str
    within: timedelta
    otherwise: int
    where: Condition | None = None
    place: Place | None = None


@dataclass(frozen=True)
class Branch:
    """Goes on with the next step where the condition holds when it is reached, else with the step `otherwise`."""

    condition: Condition
    otherwise: int
    place: Place | None = None


@dataclass(frozen=True)
class Jump:
    """The end of one side of a branch: goes on behind the other. Always forward, so that no way turns in circles."""

    to: int
    place: Place | None = None


@dataclass(frozen=True)
class Stop:
    """The way ends here, for a reason in the author's words."""

    words: str = ""
    place: Place | None = None


@dataclass(frozen=True)
class StopIf:
    """Ends the enrollment when the condition holds; checked with each send that follows, and again just before that goes."""

    condition: Condition
    place: Place | None = None
    until: int | None = None  #: the step behind its branch; None: to the end


@dataclass(frozen=True)
class Variant:
    """One of several templates that a send draws lots among; the shares of all of them add up to 1."""

    name: str
    template: str
    share: float


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
    variants: tuple[
        Variant, ...
    ] = ()  #: of the first channel; `template` is one of them


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


#: Branches are written as a tree and kept as one row of steps with jumps: where somebody stands is a number.
Step = Wait | WaitFor | Branch | Jump | Stop | StopIf | Task | Tag | Send


@dataclass(frozen=True)
class Goal:
    """What a campaign is for: that its people do this within so long after its first message."""

    event: str
    within: timedelta


class Status(StrEnum):
    """How far a campaign has come on its way to everybody."""

    DRAFT = "draft"  #: writes to nobody
    TRIAL = "trial"  #: writes to the shop's trial list
    LIVE = "live"


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
    status: Status = Status.LIVE
    ramp: tuple[int, ...] = ()  #: how many people have it at most, day by day; then all
    places: Mapping[str, Place] = field(
        default_factory=dict
    )  #: key path ("limits", "steps.1.send") -> where it stands
    sources: Mapping[str, str] = field(
        default_factory=dict, repr=False, compare=False
    )  #: the texts that it was made of; none where it was not made of files

    @property
    def sends(self) -> tuple[Send, ...]:
        """The messages of all ways, in the order of the file: their numbers are part of the messages' ids."""
        return tuple(step for step in self.steps if isinstance(step, Send))

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Everything that it asks of a customer or an order."""
        trigger = self.trigger
        asked = [
            self.audience,
            trigger.where if isinstance(trigger, EventTrigger) else None,
        ]
        for step in self.steps:
            if isinstance(step, StopIf | Branch):
                asked.append(step.condition)
            elif isinstance(step, WaitFor):
                asked.append(step.where)
        return tuple(condition for condition in asked if condition)

    def as_if_live(self) -> "Campaign":
        """The campaign as it will be for everybody: for tests and simulations, which ask what it would do."""
        return replace(self, status=Status.LIVE, ramp=())

    def as_live_as(self, other: "Campaign") -> "Campaign":
        """The campaign, as far on its way to everybody as another version of it."""
        return replace(self, status=other.status, ramp=other.ramp)

    def place(self, key: str) -> str:
        """`file:line:column` of a key, or of the nearest key above it."""
        while key and key not in self.places:
            key = key.rpartition(".")[0]
        return str(self.places[key]) if key else f"campaigns/{self.name}.yaml"
