"""How is a moment read aloud? On the customer's own clock, with ours beside it."""

from datetime import UTC, datetime, timedelta, tzinfo

from markupsafe import Markup

from aftercart import moments
from aftercart.errors import InputError

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


def when(at: datetime | None, zone: str, *, now: datetime) -> Markup:
    """A <time> element: the customer's clock to read, UTC on hover; a dash for never."""
    if at is None:
        return Markup('<span class="none">–</span>')
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.astimezone(UTC).isoformat(timespec="seconds"), utc(at), wall(at, zone, now)
    )


def wall(at: datetime, zone: str, now: datetime) -> str:
    """`2 Mar 16:00`, with the year where it is another one."""
    clock = zone_of(zone)
    here = at.astimezone(clock)
    year = f" {here:%Y}" if here.year != now.astimezone(clock).year else ""
    return f"{here.day} {here:%b}{year} {here:%H:%M}"


def day(at: datetime, zone: str, now: datetime) -> str:
    """`Monday 2 March`, with the year where it is another one."""
    clock = zone_of(zone)
    here = at.astimezone(clock)
    year = f" {here:%Y}" if here.year != now.astimezone(clock).year else ""
    return f"{here:%A} {here.day} {here:%B}{year}"


def hour(at: datetime, zone: str) -> Markup:
    """The time of day as a <time> element, where the day stands above it."""
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.astimezone(UTC).isoformat(timespec="seconds"),
        utc(at),
        f"{at.astimezone(zone_of(zone)):%H:%M}",
    )


def utc(at: datetime) -> str:
    """`2026-03-02 16:00:05 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def place(zone: str) -> str:
    """`America/New_York` as people say it: New York."""
    return zone.rpartition("/")[2].replace("_", " ")


def span(length: timedelta) -> str:
    """A length of time in its largest fitting unit: 45 s, 12 min, 5 h, 3 days."""
    if length < _MINUTE:
        return f"{max(0, int(length.total_seconds()))} s"
    if length < _HOUR:
        return f"{length // _MINUTE} min"
    if length < 2 * _DAY:
        return f"{length // _HOUR} h"
    return f"{length // _DAY} days"


def ago(at: datetime, now: datetime) -> str:
    """`12 min ago`, `in 3 h`."""
    return f"in {span(at - now)}" if at > now else f"{span(now - at)} ago"


def zone_of(name: str) -> tzinfo:
    """The zone of this name; UTC where a row holds none that exists, because a log must open all the same."""
    try:
        return moments.zone(name)
    except InputError:
        return UTC
