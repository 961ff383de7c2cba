"""Days that come again: as people write them, as they are read back, and clear words for what names none."""

import calendar
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercart.errors import InputError
from aftercart.recurrence import EVERY_DAY, Days, parse, spoken

#: As somebody writes it, and as it is read back.
WRITTEN = {
    "mondays": "Mondays",
    "monday and THURSDAYS": "Mondays and Thursdays",
    "mondays, tuesdays and sundays": "Mondays, Tuesdays and Sundays",
    "every day": "every day",
    "weekdays and weekends": "every day",
    "weekends": "Saturdays and Sundays",
    "1st of the month": "1st of the month",
    "the 15th and the 1st of every month": "1st and 15th of the month",
    "2nd, 3rd, 11th, 22nd of each month": "2nd, 3rd, 11th and 22nd of the month",
    "28 of a month": "28th of the month",
    "first day of the month": "1st of the month",
    "last day of the month": "last day of the month",
    "1st and last day of the month": "1st and last day of the month",
    "first Monday of the month": "first Monday of the month",
    "2nd and 4th tuesdays of the month": "second and fourth Tuesday of the month",
    "on the last friday of the month": "last Friday of the month",
    "first and last friday of the month": "first and last Friday of the month",
}


@pytest.mark.parametrize("text", WRITTEN)
def test_days_are_read_as_people_write_them_and_said_back(text: str) -> None:
    days = parse(text)

    assert spoken(days) == WRITTEN[text]
    assert parse(spoken(days)) == days


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.integers(0, 6))
def test_the_first_and_the_last_of_a_weekday_are_those_of_the_calendar(
    day: date, weekday: int
) -> None:
    name = calendar.day_name[weekday]
    in_month = [
        week[weekday]
        for week in calendar.monthcalendar(day.year, day.month)
        if week[weekday]
    ]

    for word, which in (("first", 0), ("second", 1), ("fourth", 3), ("last", -1)):
        found = [
            n
            for n in range(1, calendar.monthrange(day.year, day.month)[1] + 1)
            if day.replace(day=n) in parse(f"{word} {name} of the month")
        ]
        assert found == [in_month[which]]


@pytest.mark.parametrize(
    ("day", "is_last"),
    [
        ("2027-02-28", True),
        ("2028-02-28", False),
        ("2028-02-29", True),
        ("2026-11-30", True),
        ("2026-12-30", False),
    ],
)
def test_the_last_day_of_a_month_is_its_own(day: str, is_last: bool) -> None:
    assert (date.fromisoformat(day) in parse("last day of the month")) is is_last


def test_no_date_at_all_is_every_day() -> None:
    assert Days() == EVERY_DAY
    assert date(2026, 11, 23) in EVERY_DAY
    assert "monday" not in EVERY_DAY


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", '"" names no day, for example "tuesdays at 10:00"'),
        ("and on the", "names no day"),
        ("tuesdys", '"tuesdys" is not a day of the week: did you mean "tuesdays"?'),
        ("monthly", '"monthly" does not name a day of the month; write for example "1st of the month at 10:00"'),
        ("1st", '"1st" does not name a day of the month'),
        ("first monday", '"first monday" does not name a day of the month'),
        ("31st of the month", 'not every month has a "31st"; write a day from 1st to 28th, or "last day of the month"'),
        ("30th and last day of the month", 'not every month has a "30th"'),
        ("fifth monday of the month", 'not every month has a "fifth monday"; write first, second, third, fourth or last'),
        ("first mnday of the month", '"mnday" is not one day of the week: did you mean "monday"?'),
        ("first weekday of the month", '"weekday" is not one day of the week: write monday'),
        ("mondays of the month", '"monday" comes several times in a month; write for example "first monday of the month", or "mondays" for all of them'),
        ("day of the month", '"day" is not counted; write for example "1st of the month"'),
        ("first monday and last friday of the month", '"monday" is not counted'),
        ("0th monday of the month", 'not every month has a "0th monday"'),
        ("0th of the month", 'not every month has a "0th"'),
    ],
)  # fmt: skip
def test_what_names_no_day_of_every_month_is_refused_in_words(
    text: str, words: str
) -> None:
    with pytest.raises(InputError) as refused:
        parse(text)

    assert words in str(refused.value)
