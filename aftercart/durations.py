"""How long is "2 days"? Lengths of time as people write them.

Days and weeks are days of the calendar on the customer's clock; minutes and hours are elapsed time. That is why a duration
keeps the two apart.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from aftercart.errors import InputError
from aftercart.spelling import closest

_FORM = re.compile(r"\s*(\d{1,9})\s*([A-Za-z]+)\s*")
_DAYS = {"day": 1, "week": 7}
_MINUTES = {"minute": 1, "hour": 60}
_LONG = {"month": 30, "year": 365}
_SHORT = {"d": "day", "w": "week", "h": "hour", "m": "minute", "min": "minute"}
_WORDS = [word + end for word in (*_DAYS, *_MINUTES) for end in ("", "s")]
_LONGEST = timedelta(days=3650)


@dataclass(frozen=True)
class Duration:
    """`days` of the calendar, or an elapsed `span`; one of them is set."""

    days: int = 0
    span: timedelta = timedelta(0)

    @property
    def length(self) -> timedelta:
        """The plain length, where nobody's calendar matters."""
        return timedelta(days=self.days) + self.span


def parse(text: str) -> Duration:
    """The duration that a text such as "2 days", "15 minutes" or "1 week" means.

    Raises:
        InputError: with the text, what is wrong with it and how to write it.
    """
    found = _FORM.fullmatch(text)
    if not found:
        raise InputError(
            f'"{text}" is not a duration; write a whole number and a unit, for example "2 days" or "90 minutes"'
        )
    count, word = int(found[1]), found[2].lower()
    unit = word.removesuffix("s")
    if unit in _LONG:
        raise InputError(
            f'"{found[2]}" is not a unit of time; use minutes, hours, days or weeks: did you mean "{count * _LONG[unit]} days"?'
        )
    if unit not in _DAYS and unit not in _MINUTES:
        meant = _SHORT.get(word) or closest(word, _WORDS) or "days"
        plural = meant.removesuffix("s") + ("" if count == 1 else "s")
        raise InputError(
            f'"{found[2]}" is not a unit of time; use minutes, hours, days or weeks: did you mean "{count} {plural}"?'
        )
    if count == 0:
        raise InputError(f'"{text}" is no time at all; write at least 1')
    days = count * _DAYS.get(unit, 0)
    minutes = count * _MINUTES.get(unit, 0)
    if days > _LONGEST.days or minutes > _LONGEST.days * 1440:
        raise InputError(f'"{text}" is longer than ten years')
    return Duration(days, timedelta(minutes=minutes))
