"""Which days are "mondays and thursdays", or "last friday of the month"? Days that come again, as people write and read them."""

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from aftercart.errors import InputError
from aftercart.spelling import did_you_mean

_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEK = (0, 1, 2, 3, 4, 5, 6)
_GROUPS = {
    "day": _WEEK,
    "weekday": _WEEK[:5],
    "weekend": _WEEK[5:],
    **{name: (number,) for number, name in enumerate(_NAMES)},
}
_PLACES = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1}
_FILLING = {"", "and", "on", "the", "each", "every"}
_MONTHLY = {"month", "months", "monthly"}
#: Every month has the first 28 dates, and each weekday four times.
_DATES, _WEEKS = 28, 4


@dataclass(frozen=True)
class Days:
    """Days of the calendar: these weekdays (Monday is 0), all of them or only those on some dates.

    Dates are counted from the first of the month, which is 1, or from its last day, which is -1. So the first Monday of the month
    is the Monday on one of 1 to 7, and its last one on one of -7 to -1.
    """

    weekdays: tuple[int, ...] = _WEEK
    dates: tuple[int, ...] = ()

    def __contains__(self, day: object) -> bool:
        if not isinstance(day, date) or day.weekday() not in self.weekdays:
            return False
        length = monthrange(day.year, day.month)[1]
        return not self.dates or not {day.day, day.day - length - 1}.isdisjoint(
            self.dates
        )


EVERY_DAY = Days()


def parse(text: str) -> Days:
    """The days that words such as "mondays and thursdays", "1st and 15th of the month" or "last friday of the month" mean.

    Raises:
        InputError: when they mean none, or some that not every month has; a misspelt day is answered with the one that may be meant.
    """
    said, monthly = re.subn(r"\s+of\s+(the|a|each|every)\s+month\s*$", "", text.lower())
    words = [word for word in re.split(r"[,\s]+", said) if word not in _FILLING]
    if not words:
        raise InputError(f'"{text}" names no day, for example "tuesdays at 10:00"')
    if monthly:
        return _of_the_month(words)
    if any(word in _MONTHLY or _place(word) is not None for word in words):
        raise InputError(
            f'"{text}" does not name a day of the month; write for example "1st of the month at 10:00" or "first monday of the month at 10:00"'
        )
    return Days(tuple(sorted({number for word in words for number in _weekdays(word)})))


def spoken(days: Days) -> str:
    """The days in words: "Mondays and Thursdays", "every day", "1st and 15th of the month"."""
    if not days.dates:
        named = [f"{_NAMES[number].capitalize()}s" for number in days.weekdays]
        return "every day" if days.weekdays == _WEEK else _listed(named)
    if days.weekdays == _WEEK:
        dates = [_ordinal(date) for date in days.dates if date > 0]
        dates += ["last day"] if -1 in days.dates else []
        return f"{_listed(dates)} of the month"
    counted = [name for name, place in _PLACES.items() if 7 * place in days.dates]
    return f"{_listed(counted)} {_NAMES[days.weekdays[0]].capitalize()} of the month"


def _of_the_month(words: Sequence[str]) -> Days:
    last = words[-1].removesuffix("s")
    if last == "day":
        words = words[:-1]
    uncounted = [word for word in words if _place(word) is None]
    if words and not uncounted:
        return Days(dates=_dates(words))
    if not words or uncounted != [words[-1]]:
        what = uncounted[0] if uncounted else "day"
        raise InputError(
            f'"{what}" is not counted; write for example "1st of the month" or "first monday of the month"'
        )
    if last not in _NAMES:
        hint = "write monday" if last in _GROUPS else did_you_mean(last, _NAMES)
        raise InputError(f'"{words[-1]}" is not one day of the week: {hint}')
    if len(words) == 1:
        raise InputError(
            f'"{last}" comes several times in a month; write for example "first {last} of the month", or "{last}s" for all of them'
        )
    return Days((_NAMES.index(last),), _weeks(words[:-1], last))


def _dates(words: Sequence[str]) -> tuple[int, ...]:
    dates: set[int] = set()
    for word in words:
        place = _place(word)
        if not place or place > _DATES:
            raise InputError(
                f'not every month has a "{word}"; write a day from 1st to {_DATES}th, or "last day of the month"'
            )
        dates.add(place)
    return tuple(sorted(dates))


def _weeks(words: Sequence[str], name: str) -> tuple[int, ...]:
    dates: set[int] = set()
    for word in words:
        place = _place(word)
        if not place or place > _WEEKS:
            raise InputError(
                f'not every month has a "{word} {name}"; write first, second, third, fourth or last'
            )
        dates.update(range(-7, 0) if place < 0 else range(7 * place - 6, 7 * place + 1))
    return tuple(sorted(dates))


def _place(word: str) -> int | None:
    """3 for "third", "3rd" and "3", -1 for "last", None for what counts nothing."""
    found = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th|\.)?", word)
    return int(found[1]) if found else _PLACES.get(word)


def _weekdays(word: str) -> tuple[int, ...]:
    group = _GROUPS.get(word) or _GROUPS.get(word.removesuffix("s"))
    if group is None:
        hint = did_you_mean(word, [f"{name}s" for name in _GROUPS])
        raise InputError(f'"{word}" is not a day of the week: {hint}')
    return group


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if 10 < number < 14 else ending}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
