"""When will this customer need it again?"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercart.forecasting import (
    MEMORY,
    SOONEST_DAYS,
    add_purchase,
    expected_days,
    nudge_at,
)

LONDON, TOKYO = ZoneInfo("Europe/London"), ZoneInfo("Asia/Tokyo")
DAY = timedelta(days=1)
LAST = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
TEN = time(10)
FORTNIGHT = timedelta(days=14)


def _nudge(
    *gaps: int, now: datetime = LAST, zone: ZoneInfo = LONDON
) -> datetime | None:
    return nudge_at(LAST, gaps=gaps, typical=FORTNIGHT, zone=zone, at=TEN, now=now)


@pytest.mark.parametrize(
    ("gaps", "days"),
    [
        ((), 14),
        ((7,), 14),
        ((7, 7), 10.5),
        ((7, 7, 7), 7),
        ((30, 30, 30), 30),
        ((7, 8, 60), 14),
    ],
)
def test_the_shops_word_counts_until_three_own_purchases_outvote_it(
    gaps: tuple[int, ...], days: float
) -> None:
    assert expected_days(gaps, typical=FORTNIGHT) == days


def test_old_habits_fade() -> None:
    assert expected_days([60] * 20 + [7] * MEMORY, typical=FORTNIGHT) == 7


def test_a_nudge_is_for_the_morning_before_the_need() -> None:
    assert _nudge() == datetime(2026, 3, 15, 10, 0, tzinfo=UTC)
    assert _nudge(7, 7, 7) == datetime(2026, 3, 8, 10, 0, tzinfo=UTC)


def test_the_morning_is_the_customers() -> None:
    # six in the evening in London is three in the morning of the next day in Tokyo
    assert _nudge(zone=TOKYO) == datetime(2026, 3, 16, 1, 0, tzinfo=UTC)


def test_the_morning_is_the_same_hour_when_clocks_have_changed() -> None:
    spring = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)

    found = nudge_at(
        spring, gaps=(), typical=FORTNIGHT, zone=LONDON, at=TEN, now=spring
    )

    assert found == datetime(2026, 4, 2, 9, 0, tzinfo=UTC)


def test_nobody_is_nudged_right_after_an_order() -> None:
    daily = _nudge(*[1] * 8)

    assert daily == datetime(2026, 3, 2 + SOONEST_DAYS, 10, 0, tzinfo=UTC)


def test_history_that_comes_in_late_is_told_at_the_next_opportunity() -> None:
    late = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)

    assert _nudge(now=late) == late
    night = late.replace(hour=23, minute=59)
    assert _nudge(now=night) == datetime(2026, 3, 19, 10, 0, tzinfo=UTC)


def test_who_has_stayed_away_for_long_needs_no_reminder() -> None:
    assert _nudge(now=datetime(2026, 3, 22, 9, 59, tzinfo=UTC)) is not None
    assert _nudge(now=datetime(2026, 3, 22, 10, 1, tzinfo=UTC)) is None


@given(
    gaps=st.lists(st.integers(1, 200), max_size=12),
    days=st.integers(1, 120),
    hours=st.integers(0, 24 * 300),
)
def test_a_nudge_is_never_in_the_past_nor_right_after_an_order(
    gaps: list[int], days: int, hours: int
) -> None:
    now = LAST + timedelta(hours=hours)

    found = nudge_at(
        LAST, gaps=gaps, typical=timedelta(days=days), zone=LONDON, at=TEN, now=now
    )

    if found is not None:
        assert found >= now
        assert found >= LAST + (SOONEST_DAYS - 1) * DAY
        assert found.astimezone(LONDON).time() >= TEN


def test_purchases_of_one_day_are_one() -> None:
    gaps = add_purchase((10,), last_at=LAST, at=LAST + timedelta(hours=23))

    assert gaps == (10,)
    assert add_purchase((10,), last_at=LAST, at=LAST + DAY) == (10, 1)


def test_only_so_many_gaps_are_remembered() -> None:
    gaps: tuple[int, ...] = ()
    for n in range(MEMORY + 5):
        gaps = add_purchase(gaps, last_at=LAST, at=LAST + (n + 1) * DAY)

    assert gaps == tuple(range(6, MEMORY + 6))
