"""The frequency cap."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from aftercart.campaigns import Limit
from aftercart.policy import Send, Wait, allow
from aftercart.reasons import Code
from tests.unit.policy.cases import DAY, HOUR, NOW

DAILY, WEEKLY = Limit(1, DAY), Limit(3, 7 * DAY)


def _until(*granted: datetime) -> datetime | None:
    verdict = allow(granted, limits=(DAILY, WEEKLY), now=NOW)
    return verdict.until if isinstance(verdict, Wait) else None


def test_who_has_had_nothing_may_have_one() -> None:
    assert allow((), limits=(DAILY, WEEKLY), now=NOW) == Send()


def test_without_limits_there_is_no_cap() -> None:
    assert allow([NOW] * 100, limits=(), now=NOW) == Send()


def test_one_a_day_means_a_day_apart_to_the_second() -> None:
    assert _until(NOW - DAY + timedelta(seconds=1)) == NOW + timedelta(seconds=1)
    assert _until(NOW - DAY) is None


def test_the_tightest_limit_says_how_long() -> None:
    week = (NOW - 6 * DAY, NOW - 4 * DAY, NOW - 2 * DAY)

    assert _until(*week) == NOW + DAY
    assert _until(*week[1:]) is None
    assert _until(*week[:2], NOW - HOUR) == NOW + DAY


def test_the_words_say_how_many_and_in_which_period() -> None:
    verdict = allow([NOW - HOUR], limits=(DAILY, WEEKLY), now=NOW)

    assert isinstance(verdict, Wait)
    assert verdict.reason.code is Code.FREQUENCY_CAP
    assert "1 marketing message within 1 day" in verdict.reason.sentence()


@given(
    waits=st.lists(st.integers(0, 40), max_size=30),
    counts=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 9)), max_size=3),
)
def test_whoever_waits_as_told_never_breaks_a_limit(
    waits: list[int], counts: list[tuple[int, int]]
) -> None:
    limits = [Limit(count, days * DAY) for count, days in counts]
    granted: list[datetime] = []
    now = NOW
    for hours in waits:
        now += hours * HOUR
        verdict = allow(granted, limits=limits, now=now)
        if isinstance(verdict, Wait):
            assert verdict.until > now
            now = verdict.until
            assert allow(granted, limits=limits, now=now) == Send()
        granted.append(now)

    for limit in limits:
        for at in granted:
            assert sum(at - limit.period < g <= at for g in granted) <= limit.count
