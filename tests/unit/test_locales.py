"""How days, times, sums and lists read in a language, and which language a message speaks."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from aftercart import locales

TUESDAY = date(2026, 3, 3)


@pytest.mark.parametrize(
    ("locale", "day", "time", "sum_"),
    [
        ("en-GB", "Tuesday 3 March", "18:40", "€42.10"),
        ("en-US", "Tuesday, March 3", "6:40 PM", "€42.10"),
        ("de", "Dienstag, 3. März", "18:40", "42,10 €"),
        ("de-AT", "Dienstag, 3. März", "18:40", "€ 42,10"),
        ("fr", "mardi 3 mars", "18:40", "42,10 €"),
        ("pl", "wtorek, 3 marca", "18:40", "42,10 €"),
    ],
)
def test_a_day_a_time_and_a_sum_are_written_as_people_there_write_them(
    locale: str, day: str, time: str, sum_: str
) -> None:
    assert locales.day(TUESDAY, locale) == day
    assert locales.clock(datetime(2026, 3, 3, 18, 40), locale) == time  # noqa: DTZ001 - a local time
    told = locales.money(Decimal("42.10"), "EUR", locale)
    assert told.replace("\xa0", " ") == sum_


def test_counts_take_the_word_that_fits_in_polish() -> None:
    words = ("dzień", "dni", "dni temu")

    said = [locales.form(n, words, "pl") for n in (1, 2, 4, 5, 12, 22, 25)]

    assert said == [words[n] for n in (0, 1, 1, 2, 2, 1, 2)]


@pytest.mark.parametrize("locale", ["en-GB", "de", "fr"])
def test_two_words_are_enough_for_languages_with_two(locale: str) -> None:
    assert [locales.form(n, ("a", "b"), locale) for n in (1, 2, 5)] == ["a", "b", "b"]


def test_a_list_ends_as_the_language_ends_it() -> None:
    assert locales.listed(["Eier", "Milch", "Kaffee"], "de") == "Eier, Milch und Kaffee"
    assert locales.listed(["eggs", "milk"], "en-GB") == "eggs and milk"
    assert locales.listed([], "de") == ""


@pytest.mark.parametrize(
    ("wanted", "translated", "spoken"),
    [
        ("de-AT", ["de"], "de-AT"),
        ("de", ["de-AT"], "en-GB"),
        ("fr", ["de"], "en-GB"),
        ("en", [], "en-GB"),
        ("en_US", [], "en-US"),
        ("", ["de"], "en-GB"),
        ("no such thing", ["de"], "en-GB"),
    ],
)
def test_a_message_speaks_a_language_that_it_knows(
    wanted: str, translated: list[str], spoken: str
) -> None:
    assert locales.spoken(wanted, own="en-GB", translated=translated) == spoken
