"""Durations: calendar days apart from elapsed time, and clear words for what is neither."""

from datetime import timedelta

import pytest

from aftercart.durations import Duration, parse
from aftercart.errors import InputError


@pytest.mark.parametrize(
    ("text", "days", "span"),
    [
        ("2 days", 2, timedelta(0)),
        ("1 day", 1, timedelta(0)),
        ("1 week", 7, timedelta(0)),
        ("15 minutes", 0, timedelta(minutes=15)),
        ("48 hours", 0, timedelta(hours=48)),
        (" 90  Days ", 90, timedelta(0)),
        ("2days", 2, timedelta(0)),
    ],
)
def test_a_duration_is_calendar_days_or_elapsed_time(
    text: str, days: int, span: timedelta
) -> None:
    assert parse(text) == Duration(days, span)


def test_the_length_of_a_duration_is_plain_time() -> None:
    assert parse("2 days").length == timedelta(days=2)
    assert parse("48 hours").length == timedelta(days=2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("two days", '"two days" is not a duration; write a whole number and a unit'),
        ("2", '"2" is not a duration'),
        ("1.5 days", '"1.5 days" is not a duration'),
        ("-2 days", '"-2 days" is not a duration'),
        ("2 dyas", '"dyas" is not a unit of time; .* did you mean "2 days"\\?'),
        ("1 dya", 'did you mean "1 day"\\?'),
        ("10d", 'did you mean "10 days"\\?'),
        ("5 min", 'did you mean "5 minutes"\\?'),
        ("3 months", "use minutes, hours, days or weeks"),
        ("0 days", "no time at all"),
        ("4000 days", "longer than ten years"),
        ("999999999 weeks", "longer than ten years"),
    ],
)
def test_what_is_no_duration_is_answered_with_one(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse(text)
