"""What starts a campaign for a customer: an event, the calendar, a need, a late order, an answer. Values only."""

from dataclasses import dataclass
from datetime import time, timedelta
from typing import ClassVar

from aftercart.conditions import Condition
from aftercart.recurrence import EVERY_DAY, Days


@dataclass(frozen=True)
class EventTrigger:
    """Starts when an event of this type arrives and the condition, if any, holds for its order."""

    event: str
    where: Condition | None = None


@dataclass(frozen=True)
class Recurring:
    """Starts for the whole audience on these days at this time on the customer's clock."""

    on: Days
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
    on: ClassVar[Days] = EVERY_DAY


@dataclass(frozen=True)
class Inactive:
    """Starts when a customer has not ordered for so many days, at this time on the customer's clock; once until they order again."""

    days: int
    at: time
    on: ClassVar[Days] = EVERY_DAY


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
