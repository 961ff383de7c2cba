"""Has what somebody waits for happened? A wait for an event, from its beginning to its end."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from aftercart import conditions
from aftercart.campaigns import Campaign, WaitFor
from aftercart.model import Enrollment, Event

#: The fact of an enrollment that says which wait has begun, since when, until when, and what ended it.
FACT = "waits"


@dataclass(frozen=True)
class Waiting:
    """A wait that has begun. `met` is when that happened which it is for."""

    step: WaitFor
    since: datetime
    until: datetime
    met: datetime | None = None


def begin(step: WaitFor, number: int, *, since: datetime) -> dict[str, Any]:
    """The facts that say that this wait, the step of this number, began then."""
    until = since + step.within
    return {
        FACT: {
            "step": number,
            "since": since.isoformat(),
            "until": until.isoformat(),
        }
    }


def begun(enrollment: Enrollment, campaign: Campaign) -> Waiting | None:
    """The wait for an event in which this person stands; None for any other step, or where it has not begun."""
    said: Mapping[str, Any] = enrollment.facts.get(FACT) or {}
    if said.get("step") != enrollment.step or enrollment.step >= len(campaign.steps):
        return None
    step = campaign.steps[enrollment.step]
    if not isinstance(step, WaitFor):
        return None
    met = said.get("met")
    return Waiting(
        step,
        datetime.fromisoformat(said["since"]),
        datetime.fromisoformat(said["until"]),
        datetime.fromisoformat(met) if met else None,
    )


def met(
    enrollment: Enrollment,
    campaign: Campaign,
    event: Event,
    scope: conditions.Scope,
) -> Enrollment | None:
    """The enrollment as it goes on because of this event, due when that happened; None where the event is not what it waits for.

    Only what the same customer does after the wait began counts, up to its end. `scope` sees the order of the event.
    """
    waiting = begun(enrollment, campaign)
    if waiting is None or waiting.met or event.customer_id != enrollment.customer_id:
        return None
    step = waiting.step
    if event.type != step.event or not waiting.since < event.at <= waiting.until:
        return None
    if step.where and not conditions.predicate(step.where)(scope):
        return None
    said = {**enrollment.facts[FACT], "met": event.at.isoformat()}
    facts = {**enrollment.facts, FACT: said}
    return replace(enrollment, due_at=event.at, facts=facts)
