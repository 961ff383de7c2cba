"""What do the short texts in a campaign mean: "16:00-19:00", "tuesdays at 10:00", "1 per 7 days"?"""

import re
from datetime import datetime, time, timedelta

from aftercart import durations, recurrence
from aftercart.campaigns import Limit, Recurring, Window
from aftercart.conditions import TAG
from aftercart.durations import Duration
from aftercart.errors import InputError
from aftercart.intake import EVENT_TYPES
from aftercart.spelling import did_you_mean, one_slip


def clock(text: str) -> time:
    """A time of day such as "16:00".

    Raises:
        InputError: when it is not one.
    """
    found = re.fullmatch(r"\s*(\d{1,2}):(\d{2})\s*", text)
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise InputError(
            f'"{text.strip()}" is not a time of day; write hours and minutes from 00:00 to 23:59, for example 16:00'
        )
    return time(int(found[1]), int(found[2]))


def moment(text: str) -> datetime:
    """A date and a time of day such as "2026-03-02 10:00", on a clock that is not said here; a date alone is its first moment.

    Raises:
        InputError: when it is not one.
    """
    day, _, hour = text.strip().partition(" ")
    try:
        date = datetime.strptime(day, "%Y-%m-%d")  # noqa: DTZ007 - whose clock it is, the place says
    except ValueError:
        raise InputError(
            f'"{text}" is not a date and a time; write for example "2026-03-02 10:00"'
        ) from None
    if not 2000 <= date.year < 2100:
        raise InputError(f'"{text}" is far away; write a year from 2000 to 2099')
    return datetime.combine(date, clock(hour) if hour.strip() else time())


def window(text: str) -> Window:
    """A span of the day such as "16:00-19:00".

    Raises:
        InputError: when it is not one, or when it goes over midnight.
    """
    parts = re.split(r"\s*[-–—]\s*", text.strip())
    if len(parts) != 2:
        raise InputError(
            f'"{text}" is not a span of the day; write two times, for example "16:00-19:00"'
        )
    opens, closes = map(clock, parts)
    if closes <= opens:
        raise InputError(
            f'"{text}" ends before it begins; a span never goes over midnight'
        )
    return Window(opens, closes)


def length(text: str) -> timedelta:
    """A duration as a plain length.

    Raises:
        InputError: when it is not one.
    """
    return durations.parse(text).length


def duration(text: str) -> Duration:
    """A duration that keeps days of the calendar and elapsed time apart.

    Raises:
        InputError: when it is not one.
    """
    return durations.parse(text)


def limit(text: str) -> Limit:
    """A limit such as "1 per 7 days".

    Raises:
        InputError: when it is not one.
    """
    found = re.fullmatch(r"\s*(\d{1,4})\s+(?:per|in|within)\s+(.+)", text)
    if not found or int(found[1]) == 0:
        raise InputError(
            f'"{text}" is not a limit; write how many and per how long, for example "1 per 7 days"'
        )
    return Limit(int(found[1]), length(found[2]))


def share(text: str) -> float:
    """A share such as "5%", as 0.05.

    Raises:
        InputError: when it is not one, or more than half.
    """
    found = re.fullmatch(r"\s*(\d{1,2}(?:\.\d)?)\s*%\s*", text)
    if not found or not 0 < float(found[1]) <= 50:
        raise InputError(
            f'"{text}" is not a share of people; write from 0.1% to 50%, for example "5%"'
        )
    return float(found[1]) / 100


def part(text: str) -> float:
    """A part of the whole such as "80%", as 0.8.

    Raises:
        InputError: when it is not one, or nothing, or all.
    """
    found = re.fullmatch(r"\s*(\d{1,2}(?:\.\d)?)\s*%\s*", text)
    if not found or not float(found[1]):
        raise InputError(
            f'"{text}" is not a part of people; write from 0.1% to 99.9%, for example "80%"'
        )
    return float(found[1]) / 100


def scores(text: str) -> tuple[int, int]:
    """Scores of a survey such as "0-6", or one alone.

    Raises:
        InputError: when they are not from 0 to 10.
    """
    found = re.fullmatch(r"\s*(\d{1,2})\s*(?:[-–—]\s*(\d{1,2})\s*)?", text)
    low = int(found[1]) if found else 11
    high = int(found[2] or found[1]) if found else 11
    if not low <= high <= 10:
        raise InputError(
            f'"{text}" are no scores; write two from 0 to 10, for example "0-6"'
        )
    return low, high


def recurring(text: str) -> Recurring:
    """Days and a time such as "mondays and thursdays at 10:00" or "1st of the month at 9:30".

    Raises:
        InputError: when it is not that.
    """
    days, found, at = text.strip().partition(" at ")
    if not found:
        raise InputError(
            f'"{text}" does not say when; write days and a time, for example "tuesdays at 10:00"'
        )
    return Recurring(recurrence.parse(days), clock(at))


def until(text: str) -> Recurring:
    """A time to wait until, such as "16:00" or "fridays at 10:00".

    Raises:
        InputError: when it is neither.
    """
    return (
        recurring(text)
        if " at " in text
        else Recurring(recurrence.EVERY_DAY, clock(text))
    )


def orders(text: str) -> int:
    """A number of orders such as "2 orders".

    Raises:
        InputError: when it is not one.
    """
    found = re.fullmatch(r"\s*(\d{1,3})(\s+orders?)?\s*", text)
    if not found or int(found[1]) == 0:
        raise InputError(f'"{text}" is not a number of orders, for example "2 orders"')
    return int(found[1])


def tag(text: str) -> str:
    """A tag such as "vip".

    Raises:
        InputError: when it is not one.
    """
    if not TAG.fullmatch(text) or len(text) > 64:
        shaped = "-".join(re.findall(r"[a-z0-9]+", text.lower()))[:64].strip("-")
        raise InputError(
            f'"{text}" is not a tag; write small letters, digits, and hyphens between them, for example {shaped or "vip"}'
        )
    return text


def event_type(text: str) -> str:
    """A type of event. One that we do not know is the shop's own, unless it is a known one misspelt.

    Raises:
        InputError: when it is not `noun.verb`, or one or two letters away from a known type.
    """
    if text in EVENT_TYPES:
        return text
    hint = did_you_mean(text, EVENT_TYPES, most=20)
    if not re.fullmatch(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*", text):
        raise InputError(f'"{text}" is not a type of event: {hint}')
    if any(one_slip(text, known) for known in EVENT_TYPES):
        raise InputError(f'there is no event "{text}": {hint}')
    return text
