"""What would happen to these people? The decisions of the live code over their history, in memory, with nothing sent.

Pure: no database, no provider, no clock. Messages, their times and their reasons are those of a replay of the same stretch.
"""

from collections.abc import Callable
from datetime import datetime

from aftercart.policy import Facts
from aftercart.simulating.course import Course
from aftercart.simulating.deliveries import simulate as simulate_delivery
from aftercart.simulating.lives import (
    Answer,
    Begun,
    Held,
    Household,
    Life,
    Outcome,
    TaskDone,
    World,
)

__all__ = [
    "Answer",
    "Begun",
    "Held",
    "Household",
    "Life",
    "Outcome",
    "TaskDone",
    "World",
    "live",
    "simulate_delivery",
]


def live(
    household: Household,
    *,
    world: World,
    start: datetime,
    end: datetime,
    on_send: Callable[[Facts, datetime], object] = lambda facts, now: None,
) -> tuple[list[Outcome], list[TaskDone]]:
    """Everything that becomes of these people's messages from `start` to `end` (aware UTC, whole minutes, end excluded).

    `on_send` is told of each message at the moment at which it would go.
    """
    course = Course(household, world=world, start=start, end=end, on_send=on_send)
    course.run()
    return course.outcomes(), course.tasks
