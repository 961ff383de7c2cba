"""When is it ten in the morning for this customer? Time on a person's own clock, as pure functions.

Everything takes and returns aware UTC datetimes and nothing asks what time it is. When clocks go forward, a time that does not
exist happens once, at the end of the gap; when they go back, a time that exists twice happens once, the first time.
"""

from collections.abc import Container, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from aftercart.errors import InputError
from aftercart.spelling import closest

_DAY = timedelta(days=1)


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The time zone of this IANA name.

    Raises:
        InputError: when there is no such zone; says which one may be meant.
    """
    try:
        found = ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        found = None
    if found is None or name not in _names():
        near = closest(name, _names())
        hint = f'did you mean "{near}"?' if near else 'for example "Europe/London"'
        raise InputError(f'"{name}" is not a time zone: {hint}')
    return found


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    # Reads a directory: slow, and the answer does not change while we run.
    return frozenset(available_timezones())


def celebrated(day: date) -> tuple[str, ...]:
    """Which days of a year ("03-08") are kept on this day: the 28th of February stands in for the 29th in years without one."""
    own = f"{day:%m-%d}"
    leap = day.month == 2 and day.day == 28 and (day + _DAY).day == 1
    return (own, "02-29") if leap else (own,)


def local(at: datetime, zone: ZoneInfo) -> datetime:
    """The same moment as the customer's clock shows it."""
    return _aware(at).astimezone(zone)


def moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment in UTC at which the customer's clock shows `wall` (a datetime without a zone)."""
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wall.replace(fold=0):
        return first
    # A gap: read with the clock of after the change it lies before the change, and the other way round.
    # Clocks change on whole seconds, so the search between the two is over whole seconds.
    early = wall.replace(tzinfo=zone, fold=1, microsecond=0).astimezone(UTC)
    late = first.replace(microsecond=0) + timedelta(seconds=1)
    offset = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = (early + (late - early) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            early = middle
        else:
            late = middle
    return late


def add_days(
    at: datetime, zone: ZoneInfo, days: int, *, at_day_start: bool
) -> datetime:
    """The moment `days` of the customer's calendar later: at the same time of day, or when that day begins."""
    wall = local(at, zone).replace(tzinfo=None, fold=0) + timedelta(days=days)
    if at_day_start:
        wall = datetime.combine(wall.date(), time(0))
    return moment(wall, zone)


@lru_cache(maxsize=1024)  # a batch asks the same for each of its people
def next_in_window(at: datetime, zone: ZoneInfo, opens: time, closes: time) -> datetime:
    """`at` itself when the customer's clock is inside the window, else the moment when the window opens next."""
    shown = local(at, zone)
    if not shown.fold and opens <= shown.time() < closes:
        return at.astimezone(UTC)
    for day in _days_from(shown.date()):
        start, end = _window(day, zone, opens, closes)
        if start < end and end > at:
            return max(at.astimezone(UTC), start)
    raise AssertionError("a window opens every day")


def next_occurrence(
    after: datetime, zone: ZoneInfo, days: Container[date], at: time
) -> datetime:
    """The first moment strictly later than `after` at which it is `at` on one of the days."""
    for day in _days_from(local(after, zone).date() - _DAY):
        if day in days:
            found = moment(datetime.combine(day, at), zone)
            if found > after:
                return found
    raise ValueError("none of the days ever comes")


def last_occurrence(
    not_after: datetime, zone: ZoneInfo, days: Container[date], at: time
) -> datetime:
    """The latest moment, `not_after` included, at which it was `at` on one of the days."""
    for day in _days_from(local(not_after, zone).date() + _DAY, step=-_DAY):
        if day in days:
            found = moment(datetime.combine(day, at), zone)
            if found <= not_after:
                return found
    raise ValueError("none of the days ever comes")


def _window(
    day: date, zone: ZoneInfo, opens: time, closes: time
) -> tuple[datetime, datetime]:
    """The window of one local day as two moments; empty when the calendar skips that day."""
    start = moment(datetime.combine(day, opens), zone)
    end = moment(datetime.combine(day, closes), zone)
    if start.astimezone(zone).date() != day:
        return start, start
    if end <= start:
        # The whole window lies in a gap: it opens at the end of the gap, and for as long as it would have.
        length = datetime.combine(day, closes) - datetime.combine(day, opens)
        end = start + length
    return start, end


def _days_from(first: date, *, step: timedelta = _DAY) -> Iterator[date]:
    # Five weeks from one last Friday of a month to the next, the day before, and a day that a calendar may have skipped.
    for count in range(40):
        yield first + count * step


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return at
