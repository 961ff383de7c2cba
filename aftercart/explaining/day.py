"""Did this customer get this campaign on this day, and if not, why not? One answer, also for people whom it never concerned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from aftercart import moments
from aftercart.campaigns import (
    Campaign,
)
from aftercart.explaining import unentered
from aftercart.explaining.lines import Line, clock
from aftercart.model import Customer, Enrollment, Message, State
from aftercart.policy import permission
from aftercart.runtime import Runtime
from aftercart.store import Tx, lives

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Day:
    """The answer: `got` where a message went, else `sentence` says why none did; `checks` are what was looked at, in order."""

    date: date
    got: bool
    sentence: str
    checks: Sequence[Line] = ()
    message: Message | None = None  #: what it is about, where there is one


def of_day(
    tx: Tx, rt: Runtime, campaign: Campaign, customer: Customer, day: date
) -> Day:
    """What became of the campaign for this customer on a day of their own calendar.

    First what the log says of that day, then who was on the way, and last why nobody entered.
    """
    start, end = _span(customer, day)
    mine = [
        m
        for m in lives.messages_of(tx, [customer.id], since=_EVER).get(customer.id, ())
        if m.campaign == campaign.name and m.created_at < end
    ]
    if told := _told(customer, day, mine, start, end):
        return told
    ways = [
        e
        for e in lives.begun_by(tx, campaign.name, customer.id, before=end)
        if _on_the_way(e, mine, start)
    ]
    if ways:
        return _under_way(customer, day, ways[-1])
    trial = rt.shop.trial
    checks = list(
        unentered.checks(tx, campaign, customer, day, start, end, trial=trial)
    )
    missing = next((c for c in checks if c.outcome != "yes"), None)
    return Day(day, False, _sentence(missing), checks)


def _sentence(missing: Line | None) -> str:
    """Why nobody entered, read aloud."""
    if missing is None:
        return "Everything that it asks for was there, and there is no record of a run: the campaign may not have been there yet, or nobody planned."
    seen, needed = missing.seen, missing.needed
    match missing.check:
        case "status":
            return f"The campaign is {seen}."
        case "trigger":
            return f"There was no {needed} on that day."
        case "day of the calendar":
            return f"It was no day of this campaign: {seen}."
        case "consent":
            return f"The customer {seen}."
        case "limit":
            return f"The campaign's limit was reached: {seen}; at most {needed}."
        case "birthday" | "since":
            return f"It was not the day: {seen}."
        case "last order" | "answer" | "late order" | "staples" | "running low":
            return f"{missing.check.capitalize()}: {seen}; it needs {needed}."
    return f"The condition does not hold: {missing.check} (seen: {seen})."


_EVER = datetime.min.replace(tzinfo=moments.zone("UTC"))


def _span(customer: Customer, day: date) -> tuple[datetime, datetime]:
    """The first moment of the day on the customer's clock, and of the next day."""
    zone = moments.zone(customer.timezone)
    first = moments.moment(datetime.combine(day, time(0)), zone)
    return first, moments.moment(datetime.combine(day + _DAY, time(0)), zone)


def _told(
    customer: Customer,
    day: date,
    mine: Sequence[Message],
    start: datetime,
    end: datetime,
) -> Day | None:
    """What the log says of the day: a message that went, else the newest that was looked at and did not."""
    for message in mine:
        if message.accepted_at and start <= message.accepted_at < end:
            by = permission.WORDS[message.channel]
            sentence = f"Sent by {by} at {clock(customer, message.accepted_at)}."
            return Day(day, True, sentence, message=message)
    for message in reversed(mine):
        last = message.accepted_at or max(message.due_at, message.created_at)
        first = min(message.created_at, message.due_at)
        if message.accepted_at and message.accepted_at >= end and first < end:
            words = f"Not yet: it went at {clock(customer, message.accepted_at)}."
            return Day(day, False, words, message=message)
        if not message.accepted_at and message.reason and start <= last < end:
            return Day(day, False, message.reason.sentence(), message=message)
        if message.state is State.SCHEDULED and first < end:
            words = f"It waits for {clock(customer, message.due_at)}."
            return Day(day, False, words, message=message)
    return None


def _on_the_way(e: Enrollment, mine: Sequence[Message], start: datetime) -> bool:
    """Whether a way that began before was still to bring its first message on that day."""
    brought = [m for m in mine if m.occurrence.partition("#")[0] == e.occurrence]
    if brought:
        return min(m.created_at for m in brought) >= start
    return e.due_at >= start


def _under_way(customer: Customer, day: date, e: Enrollment) -> Day:
    started = clock(customer, e.started_at)
    words = f"On the way since {started}; no message was due yet."
    return Day(day, False, words)
