"""Time on the customer's clock, above all on the days when clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercart import moments
from aftercart.errors import InputError
from aftercart.recurrence import EVERY_DAY, Days

#: Thirteen clocks: both hemispheres, half and quarter hours, a change of half an hour, changes at midnight, and none at all.
ZONES = [
    "UTC",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "America/Havana",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
]
LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
some_days = st.builds(
    Days,
    st.sets(st.integers(0, 6), min_size=1).map(tuple),
    # in every month, all of its first or of its last week are such days
    st.sampled_from([(), (1, 2, 3, 4, 5, 6, 7), (-7, -6, -5, -4, -3, -2, -1)]),
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@cache
def changes(name: str) -> list[datetime]:
    """The moments of 2026, to the minute, at which this clock is changed."""
    zone, found = ZoneInfo(name), []
    hour = utc("2026-01-01 00:00")
    while hour.year == 2026:
        later = hour + timedelta(minutes=30)
        if hour.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
            found.append(later)
        hour = later
    return found


def test_the_zones_change_as_these_tests_expect() -> None:
    assert {name: len(changes(name)) for name in ZONES} == {
        name: 0 if name in ("UTC", "Asia/Kathmandu", "Asia/Tokyo") else 2
        for name in ZONES
    }


zones = st.sampled_from(ZONES)
clock = st.builds(time, st.integers(0, 23), st.integers(0, 59))


@st.composite
def near_a_change(draw: st.DrawFn) -> tuple[datetime, ZoneInfo]:
    """A moment within a day and a half of a change of a clock, or anywhere where clocks never change."""
    name = draw(zones)
    around = draw(st.sampled_from(changes(name) or [utc("2026-06-01 12:00")]))
    return around + timedelta(minutes=draw(st.integers(-2160, 2160))), ZoneInfo(name)


@settings(max_examples=400, deadline=None)
@given(case=near_a_change())
def test_a_moment_that_a_clock_shows_once_is_found_again(
    case: tuple[datetime, ZoneInfo],
) -> None:
    at, zone = case
    wall = at.astimezone(zone)

    again = moments.moment(wall.replace(tzinfo=None, fold=0), zone)

    # A time that the clock shows twice is the first of the two.
    assert again == at or (wall.fold == 1 and again < at)
    assert moments.local(again, zone).replace(fold=0) == wall.replace(fold=0)


@pytest.mark.parametrize("name", ZONES)
def test_every_minute_of_a_gap_is_its_end(name: str) -> None:
    zone = ZoneInfo(name)
    for change in changes(name):
        before = (change - timedelta(minutes=1)).astimezone(zone).replace(tzinfo=None)
        after = change.astimezone(zone).replace(tzinfo=None)
        missing = before + timedelta(minutes=1)
        while missing < after:
            assert moments.moment(missing, zone) == change
            missing += timedelta(minutes=7, seconds=3, microseconds=9)


def test_a_gap_ends_at_the_second() -> None:
    at = moments.moment(datetime.fromisoformat("2026-03-29 01:59:59.999999"), LONDON)

    assert at == utc("2026-03-29 01:00:00")


@settings(max_examples=200, deadline=None)
@given(case=near_a_change(), days=st.integers(0, 60))
def test_days_later_the_clock_shows_the_same_time(
    case: tuple[datetime, ZoneInfo], days: int
) -> None:
    at, zone = case

    later = moments.add_days(at, zone, days, at_day_start=False)

    wanted = at.astimezone(zone).replace(tzinfo=None, fold=0) + timedelta(days=days)
    assert later == moments.moment(wanted, zone)
    assert later.tzinfo is UTC


def test_two_days_over_a_change_are_47_hours() -> None:
    at = utc("2026-03-28 16:00")

    later = moments.add_days(at, LONDON, 2, at_day_start=False)

    assert later - at == timedelta(hours=47)


def test_a_day_begins_at_its_first_moment_even_where_midnight_is_skipped() -> None:
    havana = ZoneInfo("America/Havana")
    at = utc("2026-03-06 20:00")

    start = moments.add_days(at, havana, 2, at_day_start=True)

    assert moments.local(start, havana).isoformat() == "2026-03-08T01:00:00-04:00"


@settings(max_examples=400, deadline=None)
@given(case=near_a_change(), one=clock, other=clock)
def test_the_next_moment_of_a_window_is_in_it_and_stays(
    case: tuple[datetime, ZoneInfo], one: time, other: time
) -> None:
    at, zone = case
    opens, closes = sorted([one, other])
    if opens == closes:
        closes = time(23, 59, 59)

    found = moments.next_in_window(at, zone, opens, closes)

    assert at <= found <= at + timedelta(hours=26)
    assert moments.next_in_window(found, zone, opens, closes) == found
    shown = found.astimezone(zone).time()
    assert opens <= shown or found.astimezone(zone).date() in _change_days(zone)
    assert shown < closes or found.astimezone(zone).date() in _change_days(zone)


def _change_days(zone: ZoneInfo) -> set[date]:
    return {change.astimezone(zone).date() for change in changes(zone.key)}


def test_a_window_that_is_open_keeps_the_moment_and_one_that_closed_waits() -> None:
    opens, closes = time(16), time(19)

    inside = moments.next_in_window(utc("2026-01-05 18:59:59"), LONDON, opens, closes)
    closed = moments.next_in_window(utc("2026-01-05 19:00"), LONDON, opens, closes)
    before = moments.next_in_window(utc("2026-01-05 03:00"), NEW_YORK, opens, closes)

    assert inside == utc("2026-01-05 18:59:59")
    assert closed == utc("2026-01-06 16:00")
    assert before == utc("2026-01-05 21:00")


def test_a_window_in_a_gap_opens_at_its_end_and_in_a_repeated_hour_once() -> None:
    gap = moments.next_in_window(
        utc("2026-03-29 00:30"), LONDON, time(1, 10), time(1, 40)
    )
    second_time = moments.next_in_window(
        utc("2026-10-25 01:15"), LONDON, time(1, 10), time(1, 40)
    )

    assert gap == utc("2026-03-29 01:00")
    assert second_time == utc("2026-10-26 01:10")


def test_a_day_that_a_calendar_skips_has_no_window() -> None:
    apia = ZoneInfo("Pacific/Apia")
    night = utc("2011-12-30 09:00")

    found = moments.next_in_window(night, apia, time(10), time(18))

    assert moments.local(found, apia).isoformat() == "2011-12-31T10:00:00+14:00"


@settings(max_examples=400, deadline=None)
@given(case=near_a_change(), at=clock, days=some_days)
def test_occurrences_before_and_after_a_moment_enclose_it(
    case: tuple[datetime, ZoneInfo], at: time, days: Days
) -> None:
    now, zone = case

    last = moments.last_occurrence(now, zone, days, at)
    after = moments.next_occurrence(now, zone, days, at)

    assert last <= now < after
    assert moments.next_occurrence(last, zone, days, at) == after
    assert moments.last_occurrence(after, zone, days, at) == after
    assert moments.last_occurrence(after - timedelta.resolution, zone, days, at) == last


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("at", [time(0), time(0, 30), time(1, 30), time(2, 15)])
def test_a_daily_time_comes_once_on_each_of_365_days(name: str, at: time) -> None:
    zone, now = ZoneInfo(name), utc("2026-01-01 12:00")
    dates = []
    for _ in range(365):
        now = moments.next_occurrence(now, zone, EVERY_DAY, at)
        dates.append(moments.local(now, zone).date())

    assert len(set(dates)) == 365
    assert dates[-1] - dates[0] == timedelta(days=364)


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("at", [time(0), time(2, 15)])
@pytest.mark.parametrize(
    "days", [Days(dates=(-1,)), Days((6,), (-7, -6, -5, -4, -3, -2, -1))]
)
def test_a_monthly_time_comes_once_in_each_of_120_months(
    name: str, at: time, days: Days
) -> None:
    zone, now = ZoneInfo(name), utc("2025-12-31 12:00")
    months = []
    for _ in range(120):
        now = moments.next_occurrence(now, zone, days, at)
        day = moments.local(now, zone).date()
        assert day in days
        months.append((day.year, day.month))

    # the first may still be of the old year, where it is not yet the time of its last day
    ahead = 0 if months[0] == (2026, 1) else 1
    assert months == [
        (2026 + (n - ahead) // 12, (n - ahead) % 12 + 1) for n in range(120)
    ]


def test_on_no_day_there_is_no_occurrence() -> None:
    for find in (moments.next_occurrence, moments.last_occurrence):
        with pytest.raises(ValueError, match="none of the days"):
            find(utc("2026-01-01 12:00"), LONDON, (), time(10))


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        moments.local(datetime.fromisoformat("2026-01-01"), LONDON)


def test_a_zone_is_known_by_its_name() -> None:
    assert moments.zone("Europe/London").key == "Europe/London"
    assert moments.zone("Europe/London") is moments.zone("Europe/London")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Europe/Lodnon", 'did you mean "Europe/London"?'),
        ("europe/london", 'did you mean "Europe/London"?'),
        ("../etc/passwd", 'for example "Europe/London"'),
        ("", 'for example "Europe/London"'),
        ("Europe", "is not a time zone"),
        ("\x00", "is not a time zone"),
    ],
)
def test_an_unknown_zone_is_refused_with_a_hint(name: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        moments.zone(name)

    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("day", "kept"),
    [
        (date(2026, 3, 8), ("03-08",)),
        (date(2026, 2, 28), ("02-28", "02-29")),
        (date(2028, 2, 28), ("02-28",)),
        (date(2028, 2, 29), ("02-29",)),
        (date(2100, 2, 28), ("02-28", "02-29")),
    ],
)
def test_the_28th_stands_in_for_a_29th_that_does_not_come(
    day: date, kept: tuple[str, ...]
) -> None:
    assert moments.celebrated(day) == kept
