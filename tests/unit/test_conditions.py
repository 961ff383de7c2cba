"""The condition language: what it means, what it refuses, and that it never runs anything."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercart.conditions import (
    CATALOGUE,
    FUNCTIONS,
    Condition,
    ConditionError,
    Mistake,
    Scope,
    categories,
    parse,
    predicate,
    trace,
)
from aftercart.model import Customer, Line, Order

NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
DAY = timedelta(days=1)
BOTH = frozenset({"customer", "order"})
CUSTOMER = frozenset({"customer"})

ANN = Customer(
    "c-7",
    first_name="Ann",
    email="ann@shop.example",
    timezone="Europe/London",
    country="GB",
    orders=3,
    last_order_at=NOW - 2 * DAY - timedelta(hours=3),
)
ORDER = Order(
    "o-5",
    "c-7",
    placed_at=NOW - 3 * DAY,
    promised_at=NOW - 2 * DAY,
    delivered_at=NOW - 2 * DAY,
    total=Decimal("23.20"),
    currency="GBP",
    lines=(
        Line("p-1", "Chicken thighs", "chicken", Decimal(1), Decimal("6.40")),
        Line("p-2", "Free-range eggs", "eggs", Decimal(2), Decimal("3.20")),
    ),
)


def scope(
    *,
    customer: Customer = ANN,
    order: Order | None = ORDER,
    last_bought: Mapping[str, datetime] | None = None,
) -> Scope:
    return Scope(customer, order, NOW, NOW - 2 * DAY, last_bought or {})


def holds(text: str, seen: Scope | None = None) -> bool:
    return predicate(parse(text, about=BOTH))(seen or scope())


def mistakes(text: str, about: frozenset[str] = BOTH) -> list[tuple[int, str, str]]:
    with pytest.raises(ConditionError) as caught:
        parse(text, about=about)
    return [(m.column, m.message, m.hint) for m in caught.value.mistakes]


@pytest.mark.parametrize(
    "text",
    [
        "customer.country == 'GB'",
        "customer.country in ['GB', 'IE']",
        "customer.country not in ['US']",
        "customer.orders >= 3 and customer.orders < 4",
        "customer.days_since_order == 2",
        "customer.has_email and not customer.has_phone",
        "customer.has_phone == false",
        "customer.first_name != 'Bo'",
        "order.total > 23.19",
        "order.total == 23.20",
        "order.total > -1",
        "order.items == 2",
        "order.currency == 'GBP'",
        "order.delivered and not order.cancelled and not order.refunded",
        "not order.late",
        "any(item.category == 'chicken')",
        "any(item.category == 'eggs' and item.quantity >= 2)",
        "any(item.price == 3.20)",
        "all(item.price < 10)",
        "not all(item.category == 'eggs')",
        "any(contains(item.name, 'FREE'))",
        "any(item.product in ['p-2', 'p-9'])",
        "any(item.category == 'eggs' and customer.orders > 2)",
        "contains(customer.timezone, 'london')",
        "true or false",
        "customer.orders > 1\n  and order.items > 1",
    ],
)
def test_a_true_condition_holds(text: str) -> None:
    assert holds(text)
    assert not holds(f"not ({text})")


def test_not_binds_more_tightly_than_and_which_binds_more_tightly_than_or() -> None:
    assert holds("true or false and false")
    assert not holds("not true or false and true")


@pytest.mark.parametrize(
    "text",
    [
        "customer.days_since_order > 0",
        "customer.days_since_order <= 0",
        "customer.days_since_order != 3",
        "customer.days_since_order not in [1, 2]",
    ],
)
def test_a_comparison_with_what_is_not_known_is_false(text: str) -> None:
    stranger = Customer("c-9")

    assert not holds(text, scope(customer=stranger))


@pytest.mark.parametrize(
    "text",
    [
        "order.late",
        "order.refunded == false",
        "order.total >= 0",
        "order.currency != 'GBP'",
        "any(item.quantity > 0)",
        "all(item.quantity > 0)",
    ],
)
def test_nothing_holds_for_an_order_that_is_not_there(text: str) -> None:
    assert not holds(text, scope(order=None))


def test_all_is_false_for_an_order_whose_items_are_not_known() -> None:
    bare = Order("o-6", "c-7", placed_at=NOW - DAY)

    assert not holds("all(item.price < 10)", scope(order=bare))


def test_what_happens_to_an_order_later_has_not_happened_yet() -> None:
    refunded_tomorrow = Order(
        "o-6", "c-7", placed_at=NOW - DAY, refunded_at=NOW + DAY, delivered_at=NOW
    )

    seen = scope(order=refunded_tomorrow)

    assert not holds("order.refunded", seen)
    assert holds("order.delivered", seen)


@pytest.mark.parametrize(
    ("times", "late"),
    [
        ({}, False),
        ({"promised_at": NOW + DAY}, False),
        ({"promised_at": NOW - DAY}, True),
        ({"promised_at": NOW + DAY, "eta": NOW + 2 * DAY}, True),
        ({"promised_at": NOW - DAY, "delivered_at": NOW - DAY}, False),
        ({"promised_at": NOW - 2 * DAY, "delivered_at": NOW - DAY}, True),
        ({"promised_at": NOW - DAY, "cancelled_at": NOW - DAY}, False),
        ({"promised_at": NOW - DAY, "delivered_at": NOW + DAY}, True),
    ],
)
def test_an_order_is_late_after_its_promise_or_by_its_eta(
    times: dict[str, datetime], late: bool
) -> None:
    order = Order("o-6", "c-7", placed_at=NOW - 3 * DAY, **times)  # type: ignore[arg-type]

    assert holds("order.late", scope(order=order)) is late


def test_ordered_since_the_trigger_does_not_count_the_order_that_triggered() -> None:
    started = NOW - 2 * DAY
    text = "ordered('eggs', since=trigger)"

    assert not holds(text, scope(last_bought={"eggs": started}))
    assert holds(text, scope(last_bought={"eggs": started + timedelta(seconds=1)}))
    assert not holds(text, scope(last_bought={"milk": NOW}))


def test_ordered_within_counts_back_from_now() -> None:
    text = "ordered('eggs', within='30 days')"

    assert holds(text, scope(last_bought={"eggs": NOW - 30 * DAY}))
    assert not holds(text, scope(last_bought={"eggs": NOW - 31 * DAY}))


def test_ordered_alone_means_ever() -> None:
    assert holds("ordered('eggs')", scope(last_bought={"eggs": NOW - 900 * DAY}))
    assert not holds("ordered('eggs')")


def test_the_categories_that_must_be_looked_up_are_those_of_ordered() -> None:
    text = "ordered('eggs') or not (ordered('milk', within='3 days') and order.late)"

    assert categories(parse(text, about=BOTH)) == {"eggs", "milk"}


def test_conditions_with_the_same_text_are_equal_and_compiled_once() -> None:
    one, two = parse("order.late", about=BOTH), parse("order.late", about=BOTH)

    assert one == two
    assert predicate(one) is predicate(two)
    assert str(one) == "order.late"


# fmt: off
WRONG = [
    ("", 1, "the condition is empty", ""),
    ("customer.contry == 'GB'", 1, 'unknown field "customer.contry"', 'did you mean "customer.country"?'),
    ("country == 'GB'", 1, 'unknown field "country"', 'did you mean "customer.country"?'),
    ("ordered", 1, 'unknown field "ordered"', "ordered is a function: write ordered(...)"),
    ("customer.orders > 'x'", 19, "customer.orders is a number, and this is a text", "compare it with a number"),
    ("customer.country == 44", 21, "customer.country is a text, and this is a number", "compare it with a text such as 'GB'"),
    ("order.late == 1", 15, "order.late is true or false, and this is a number", "compare it with true or false"),
    ("customer.country < 'GB'", 1, '"<" compares numbers; customer.country is a text', 'use "==", "!=" or "in"'),
    ("1 < order.total < 3", 1, "one comparison at a time", 'join two with "and": order.total > 10 and order.total < 50'),
    ("100 < order.total", 1, "a comparison begins with a field", "for example order.total > 100"),
    ("order.late is true", 1, '"is" does not compare', 'write "==" or "!="'),
    ("customer.country in 'GB'", 21, '"in" needs a list of values', "for example ['GB', 'IE']"),
    ("customer.country in []", 21, '"in" needs a list of values', "for example ['GB', 'IE']"),
    ("customer.country == ['GB']", 21, "a list needs another word", 'write "in" or "not in"'),
    ("customer.country == GB", 21, '"GB" is not a value', "put it in quotes: 'GB'"),
    ("customer.orders == none", 20, '"none" is not a value', 'for "not known", leave the comparison out'),
    ("customer.orders == None", 20, "nothing equals none", "a comparison with what is not known is false"),
    ("order.total > order.items", 15, "a field is compared with a value", "a text in quotes, a number, true or false"),
    ("order.total", 1, "order.total alone is not a condition", "compare it with a number"),
    ("'GB'", 1, "a value alone is not a condition", "name a field to compare it with"),
    ("order.total + 1 > 3", 1, "a comparison begins with a field", "for example order.total > 100"),
    ("order.total + 1", 1, "a condition does not calculate", "compare a field with a value"),
    ("customer.country == 'gb'", 21, "customer.country is always in upper case", "did you mean 'GB'?"),
    ("customer.language in ['en', 'DE']", 29, "customer.language is always in lower case", "did you mean 'de'?"),
    ("customer.language == 'de-at'", 22, "'de-at' is not a language alone, of two or three letters", "write 'de'"),
    ("customer.language == 'german'", 22, "'german' is not a language alone, of two or three letters", "for example 'de'"),
    ("any(item.category == 'Eggs')", 22, "item.category is always in lower case", "did you mean 'eggs'?"),
    ("item.price > 3", 1, "item.price is about one item", "write it inside any(...) or all(...): any(item.price == …)"),
    ("any(customer.orders > 3)", 5, "nothing in any(...) is about an item", "use item.category, item.name, …"),
    ("any(all(item.price > 3))", 5, "all(...) inside any(...) or all(...)", ""),
    ("any()", 1, "any(...) takes one condition on items", "write any(item.category == 'chicken')"),
    ("orderd('eggs')", 1, 'unknown function "orderd"', 'did you mean "ordered"?'),
    ("ordered('eggs', 'milk')", 1, "ordered(...) takes one category in quotes and one of since, within", "write ordered('eggs', since=trigger) or ordered('eggs', within='30 days')"),
    ("ordered('eggs', sinc=trigger)", 22, 'ordered(...) does not know "sinc"', 'did you mean "since"?'),
    ("ordered('eggs', since=monday)", 23, "since takes one word: trigger", "write since=trigger"),
    ("ordered('eggs', within=30)", 24, "within takes a duration in quotes", "within='30 days'"),
    ("ordered('eggs', within='30 dyas')", 24, 'within: "dyas" is not a unit of time; use minutes, hours, days or weeks: did you mean "30 days"?', ""),
    ("ordered('Eggs')", 9, "categories are always in lower case", "did you mean 'eggs'?"),
    ("contains(order.total, 'x')", 10, "contains(...) does not look into order.total", ""),
    ("contains(customer.first_name, 'x')", 10, "contains(...) does not look into customer.first_name", ""),
    ("contains(customer.locale)", 1, "contains(...) takes a field and a text in quotes", "write contains(item.name, 'free-range')"),
    ("customer.country = 'GB'", 18, '"=" does not compare', 'write "=="'),
    ("order.late && order.refunded", 12, '"&&" is not a word of this language', 'write "and"'),
    ("order.late || order.refunded", 12, '"||" is not a word of this language', 'write "or"'),
    ("!order.late", 1, '"!" is not a word of this language', 'write "not"'),
    ("order.items <> 3", 13, '"<>" is not a word of this language', 'write "!="'),
    ("order.late AND order.refunded", 12, "and, or, not, in are written small", ""),
    ("customer.country == ‘GB’", 21, "a curly quote", "use straight quotes: 'chicken'"),
    ("order.late or", 13, "the condition cannot be read from here on", "is a quote, a bracket, or an and/or missing?"),
    ("order.late # soon", 12, "a condition has no comments", "end the text before the #"),
    ("order.total > 9e99", 15, "the number is too large", "at most 1,000,000,000,000 either way"),
    ("customer.country == '\\x00'", 21, "a text has only characters that can be seen", "delete the \\"),
    ("order.late" + " or order.late" * 200, 1, "the condition has 2,810 characters; at most 2,000", ""),
]
# fmt: on


@pytest.mark.parametrize(("text", "column", "message", "hint"), WRONG)
def test_a_mistake_has_its_column_its_words_and_a_hint(
    text: str, column: int, message: str, hint: str
) -> None:
    assert mistakes(text)[0] == (column, message, hint)


def test_all_mistakes_of_a_text_are_found_at_once() -> None:
    text = "customer.contry == 'GB' and (order.totl > 3 or order.late == 'x')"

    found = mistakes(text)

    assert [column for column, _, _ in found] == [1, 30, 62]


def test_columns_count_characters_and_not_bytes() -> None:
    found = mistakes("customer.first_name == 'Ömér' and ordr.late")

    assert found[0][:2] == (35, 'unknown field "ordr.late"')


def test_columns_of_a_text_over_several_lines_count_through() -> None:
    text = "order.late\nand ordr.late"

    assert mistakes(text)[0][0] == 16
    assert text[15:] == "ordr.late"


def test_an_audience_does_not_see_orders() -> None:
    assert mistakes("order.late", CUSTOMER) == [
        (1, "order.late is not known here", "this place sees only customer fields")
    ]
    assert mistakes("any(item.price > 3)", CUSTOMER)[0][1] == (
        "there is no order here, so any(...) has no items"
    )


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "(lambda: 1)()",
        "[x for x in order.items]",
        "customer.__class__ == 'x'",
        "f'{order.total}' == 'x'",
        "order.late if order.late else order.late",
        "(a := order.late)",
        "customer.orders ** 9 ** 9 ** 9 > 1",
        "'x' * 200000000 == 'x'",
        "any(*order.items)",
        "ordered(**{})",
        "order.late." + "real" * 400,
        "(" * 900,
        "not " * 490 + "true",
        "-" * 1900 + "1",
        "a" + ".a" * 999,
        "order.late\x00",
        "customer.country == b'GB'",
        "...",
    ],
)
def test_nothing_but_the_language_is_let_through(text: str) -> None:
    assert mistakes(text)


@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet="customer.d '()<=>![]andor\\\n#\u00e9\"0%:*", max_size=60))
def test_any_text_is_a_condition_or_a_list_of_mistakes(text: str) -> None:
    try:
        condition = parse(text, about=BOTH)
    except ConditionError as error:
        assert all(1 <= m.column <= len(text) + 1 for m in error.mistakes)
        assert all(isinstance(m, Mistake) and m.message for m in error.mistakes)
    else:
        assert isinstance(condition, Condition)
        assert predicate(condition)(scope()) in (True, False)


def test_a_trace_shows_every_comparison_with_the_value_it_saw() -> None:
    text = (
        "customer.orders >= 9 and any(item.category == 'chicken') "
        "and not ordered('eggs', since=trigger) and order.late"
    )
    at = NOW - 9 * DAY

    seen = trace(parse(text, about=BOTH), scope(last_bought={"eggs": at}))

    assert [(s.text, s.value, s.passed) for s in seen] == [
        ("customer.orders >= 9", "3", False),
        ("any(item.category == 'chicken')", "chicken, eggs", True),
        (
            "not ordered('eggs', since=trigger)",
            "last bought 2026-02-23 16:00 UTC",
            True,
        ),
        ("order.late", "no", False),
    ]
    stands = [text[s.column - 1 :] for s in seen]
    assert all(
        at.startswith(s.text.removeprefix("not "))
        for at, s in zip(stands, seen, strict=True)
    )


def test_a_trace_turns_round_what_stands_behind_a_not() -> None:
    text = "not (customer.orders >= 9 or not order.late) and not not order.late"

    seen = trace(parse(text, about=BOTH), scope())

    assert [(s.text, s.passed) for s in seen] == [
        ("not customer.orders >= 9", True),
        ("order.late", False),
        ("order.late", False),
    ]


def test_a_trace_says_what_is_not_known() -> None:
    text = "customer.days_since_order > 3 or ordered('tea') or any(item.price > 2)"
    stranger = Customer("c-9")

    seen = trace(parse(text, about=BOTH), scope(customer=stranger, order=None))

    assert [s.value for s in seen] == ["not known", "never bought", "no items known"]


def test_every_field_can_be_read_and_says_what_it_means() -> None:
    for path, field in CATALOGUE.items():
        field.read(scope(), ORDER.lines[0])
        assert path.startswith(f"{field.needs}.")
        assert field.description.endswith(".")


def test_the_documentation_lists_every_field_and_function_as_they_are() -> None:
    page = Path("docs/campaigns.md").read_text()
    rows = re.findall(r"^\| `([^`]+)` \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    functions = re.findall(r"^\| `([^`]+)` \| ([^|]+?) \|$", page, re.MULTILINE)

    fields = [(f.path, f.kind.value, f.description) for f in CATALOGUE.values()]

    assert [row for row in rows if "." in row[0]] == fields
    assert [one for one in functions if one[0] in FUNCTIONS] == list(FUNCTIONS.items())
