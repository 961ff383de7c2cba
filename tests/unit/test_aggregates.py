"""Counting in a condition: what is counted, over which time, and what is answered to a slip."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from aftercart.conditions import (
    ConditionError,
    Scope,
    parse,
    predicate,
    reach,
    sources,
    trace,
)
from aftercart.model import Customer

NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
STARTED = NOW - 2 * DAY
ABOUT = frozenset({"customer"})

Past = Mapping[str, Sequence[tuple[datetime, Decimal]]]


def past(source: str, *ages: timedelta, value: str = "1") -> Past:
    """What happened so long ago, the oldest first."""
    return {source: [(NOW - age, Decimal(value)) for age in ages]}


def scope(known: Past, *tags: str) -> Scope:
    customer = Customer("c-7", tags=frozenset(tags))
    return Scope(customer, None, NOW, STARTED, past=known)


def holds(text: str, known: Past, *tags: str) -> bool:
    return predicate(parse(text, about=ABOUT))(scope(known, *tags))


def test_within_begins_just_after_a_time_ago_and_ends_now() -> None:
    text = "count(orders, within='7 days') == 1"

    assert not holds(text, past("orders", 7 * DAY))
    assert holds(text, past("orders", 7 * DAY - SECOND))
    assert holds(text, past("orders", timedelta(0)))


def test_what_lies_after_now_has_not_happened() -> None:
    tomorrow = past("orders", -DAY, value="9")

    assert holds("count(orders) == 0", tomorrow)
    assert holds("sum(orders.total) == 0", tomorrow)
    assert not holds("days_since(orders) < 5", tomorrow)
    assert not holds("score('nps') == 9", past("score:nps", -DAY, value="9"))


def test_since_the_trigger_is_strictly_after_the_start() -> None:
    text = "count('article.viewed', since=trigger) > 0"

    assert not holds(text, past("article.viewed", NOW - STARTED))
    assert holds(text, past("article.viewed", NOW - STARTED - SECOND))


def test_totals_are_added_to_the_cent() -> None:
    three = past("orders", 3 * DAY, 2 * DAY, DAY, value="0.10")

    assert holds("sum(orders.total) == 0.30", three)
    assert not holds("sum(orders.total) > 0.3", three)
    assert holds("sum(orders.total, within='2 days') in [0.1]", three)


def test_days_are_whole_and_count_from_the_latest() -> None:
    known = past("review.posted", 40 * DAY, 10 * DAY - SECOND)

    assert holds("days_since('review.posted') == 9", known)


def test_the_newest_answer_is_the_one_that_counts() -> None:
    known = {"score:nps": [(NOW - DAY, Decimal(9)), (NOW, Decimal(3))]}

    assert holds("score('nps') <= 6", known)
    assert not holds("score('other') <= 6", known)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("count(clicks) == 0", True),
        ("sum(orders.total) < 1", True),
        ("days_since(clicks) > 3", False),
        ("not days_since(clicks) > 3", True),
        ("days_since(clicks) not in [3]", False),
        ("score('nps') <= 10", False),
    ],
)
def test_nothing_is_a_count_of_zero_and_no_known_day_or_score(
    text: str, outcome: bool
) -> None:
    assert holds(text, {}) is outcome


def test_a_tag_is_there_or_not() -> None:
    assert holds("tagged('vip')", {}, "vip", "wine")
    assert not holds("tagged('vip')", {}, "wine")


def test_a_condition_names_its_sources_and_how_far_back_it_looks() -> None:
    text = (
        "count(orders, within='30 days') > 1 or sum(orders.total, within='90 days') > 9 or "
        "count(clicks, within='7 days') > 0 and days_since(clicks) < 3 or score('nps') > 8"
    )
    condition = parse(text, about=ABOUT)

    assert sources(condition) == {"orders", "clicks", "score:nps"}
    assert reach(condition) == {"orders": 90 * DAY, "clicks": None, "score:nps": None}


def test_what_stands_behind_a_name_is_asked_for_too() -> None:
    keen = parse("count(clicks) > 3", about=ABOUT)
    condition = parse("keen", about=ABOUT, named={"keen": keen})

    assert sources(condition) == {"clicks"}


def test_a_trace_shows_each_number_that_it_saw() -> None:
    text = (
        "count(clicks) > 1 and sum(orders.total) > 20 and days_since(orders) > 1 and "
        "days_since(clicks) > 1 and score('nps') < 7 and score('x') < 7 and tagged('vip')"
    )
    known = {
        **past("orders", 9 * DAY, 3 * DAY, value="10.50"),
        **past("score:nps", DAY, value="4"),
    }

    seen = trace(parse(text, about=ABOUT), scope(known, "wine", "old"))

    assert [one.value for one in seen] == [
        "0",
        "21.00",
        "3 days ago",
        "never",
        "4 of 10",
        "no answer",
        "tags: old, wine",
    ]


# fmt: off
SLIPS = [
    ("count(orders)", 1, "count(...) alone is not a condition", "compare it with a number: count(orders, within='90 days') >= 3"),
    ("count(order) > 1", 7, '"order" cannot be counted', "did you mean \"orders\"? Events stand in quotes, such as 'article.viewed'"),
    ("count('orders') > 1", 7, "orders stands without quotes", "write orders"),
    ("count('order.placed') > 1", 7, "orders are counted as orders", "write orders"),
    ("count(article.viewed) > 1", 7, "a type of event stands in quotes", "write 'article.viewed'"),
    ("count('viewed') > 1", 7, "\"viewed\" is not a type of event; write 'noun.verb'", "for example 'article.viewed'"),
    ("count() > 1", 1, "count(...) takes one thing to look at", "write count(orders, within='90 days') >= 3"),
    ("count(orders, 3) > 1", 1, "count(...) takes one thing to look at", "write count(orders, within='90 days') >= 3"),
    ("count(orders, within='5 dyas') > 1", 22, 'within: "dyas" is not a unit of time; use minutes, hours, days or weeks: did you mean "5 days"?', ""),
    ("count(orders, within=5) > 1", 22, "within takes a duration in quotes", "within='30 days'"),
    ("count(orders, sinc=trigger) > 1", 20, 'count(...) does not know "sinc"', 'did you mean "since"?'),
    ("count(orders, since=trigger, within='5 days') > 1", 37, "since and within cannot both be meant", "keep one"),
    ("count(orders) > 'a'", 17, "count(orders) is a number, and this is a text", "compare it with a number"),
    ("count(orders) in 3", 18, '"in" needs a list of values', "for example [1, 2]"),
    ("count(orders) > count(clicks)", 17, "a field is compared with a value", "a text in quotes, a number, true or false"),
    ("1 < count(orders)", 1, "a comparison begins with a field", "for example order.total > 100"),
    ("sum(orders) > 3", 5, "sum(...) adds up one thing: orders.total", "write sum(orders.total, within='90 days') > 200"),
    ("days_since(orders, within='5 days') > 3", 27, "days_since(...) looks at the latest, so it takes no since or within", "write days_since(orders) > 30"),
    ("score(nps) > 3", 7, "score(...) takes a survey campaign in quotes", "write score('nps-survey') <= 6"),
    ("cuont(orders) > 3", 1, 'unknown function "cuont"', 'did you mean "count"?'),
    ("ordered('eggs') > 3", 1, "a comparison begins with a field", "for example order.total > 100"),
    ("count > 3", 1, 'unknown field "count"', "count is a function: write count(...)"),
    ("tagged(vip)", 1, "tagged(...) takes one tag in quotes", "write tagged('vip')"),
    ("tagged('VIP Club')", 8, '"VIP Club" is not a tag: small letters, digits, and hyphens between them', "did you mean 'vip-club'?"),
    ("tagged('?')", 8, '"?" is not a tag: small letters, digits, and hyphens between them', "write tagged('vip')"),
]
# fmt: on


@pytest.mark.parametrize(("text", "column", "words", "hint"), SLIPS)
def test_a_slip_has_its_column_its_words_and_a_way_out(
    text: str, column: int, words: str, hint: str
) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text, about=ABOUT)

    (found,) = caught.value.mistakes
    assert (found.column, found.message, found.hint) == (column, words, hint)
