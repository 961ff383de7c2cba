"""Conditions that can never hold, or always do: found by their form, and never of one that does otherwise."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from aftercart.conditions import (
    Condition,
    Scope,
    clash,
    findings,
    parse,
    predicate,
)
from aftercart.model import Customer, Line, Order

NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
DAY = timedelta(days=1)
BOTH = frozenset({"customer", "order"})


def parsed(text: str, **named: str) -> Condition:
    known: dict[str, Condition] = {}
    for name, meant in named.items():
        known[name] = parse(meant, about=BOTH, named=known)
    return parse(text, about=BOTH, named=known)


def said(text: str, **named: str) -> list[tuple[int, bool, str]]:
    return [
        (f.column, f.always, " & ".join(map(str, f.parts)))
        for f in findings(parsed(text, **named))
    ]


# fmt: off
@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("customer.country == 'GB' and customer.country == 'US'", "customer.country == 'GB' & customer.country == 'US'"),
        ("customer.country in ['GB', 'IE'] and customer.country not in ['IE', 'GB']", "customer.country in ['GB', 'IE'] & customer.country not in ['IE', 'GB']"),
        ("customer.orders > 5 and customer.has_email and customer.orders < 3", "customer.orders > 5 & customer.orders < 3"),
        ("customer.orders > 2 and customer.orders < 3", "customer.orders > 2 & customer.orders < 3"),
        ("customer.orders < 0", "customer.orders < 0"),
        ("customer.orders == 2.5", "customer.orders == 2.5"),
        ("count(clicks) < 0", "count(clicks) < 0"),
        ("score('nps') > 10", "score('nps') > 10"),
        ("order.late and not order.late", "order.late & not order.late"),
        ("order.late == false and order.late", "order.late == false & order.late"),
        ("tagged('a') and not (tagged('b') or tagged('a'))", "tagged('a') & not tagged('a')"),
        ("count(orders, within='7 days') >= 3 and count(orders, within='30 days') < 3", "count(orders, within='7 days') >= 3 & count(orders, within='30 days') < 3"),
        ("count(orders, within='7 days') >= 3 and customer.orders < 3", "count(orders, within='7 days') >= 3 & customer.orders < 3"),
        ("count(clicks, since=trigger) > 1 and count(clicks) == 1", "count(clicks, since=trigger) > 1 & count(clicks) == 1"),
        ("days_since(clicks) > 30 and count(clicks, within='30 days') > 0", "days_since(clicks) > 30 & count(clicks, within='30 days') > 0"),
        ("days_since(clicks) < 3 and count(clicks, within='3 days') == 0", "days_since(clicks) < 3 & count(clicks, within='3 days') == 0"),
        ("customer.orders == 0 and customer.days_since_order < 5", "customer.orders == 0 & customer.days_since_order < 5"),
        ("ordered('eggs', within='5 days') and not ordered('eggs', within='9 days')", "ordered('eggs', within='5 days') & not ordered('eggs', within='9 days')"),
        ("ordered('eggs', within='5 days') and not ordered('eggs')", "ordered('eggs', within='5 days') & not ordered('eggs')"),
        ("order.total > 30 and order.total <= 30", "order.total > 30 & order.total <= 30"),
        ("sum(orders.total) > 30 and sum(orders.total) < 30", "sum(orders.total) > 30 & sum(orders.total) < 30"),
        ("any(item.price > 5 and item.price < 3)", "item.price > 5 & item.price < 3"),
        ("any(item.price > 5) and not any(item.price  >  5)", "any(item.price > 5) & not any(item.price  >  5)"),
        ("contains(customer.locale, 'GB') and customer.locale in ['de', 'en']", "contains(customer.locale, 'GB') & customer.locale in ['de', 'en']"),
        ("contains(customer.locale, 'en-gb') and not contains(customer.locale, 'EN')", "contains(customer.locale, 'en-gb') & not contains(customer.locale, 'EN')"),
        ("(customer.orders > 5 or customer.orders > 7) and (customer.orders < 2 or customer.orders < 1)", "customer.orders > 5 & customer.orders < 2"),
        ("customer.has_email or customer.orders > 5 and customer.orders < 3", "customer.orders > 5 & customer.orders < 3"),
        ("customer.orders >= 1 and customer.orders <= 2 and customer.orders not in [1, 2]", "customer.orders >= 1 & customer.orders <= 2 & customer.orders not in [1, 2]"),
    ],
)  # fmt: skip
def test_what_can_never_hold_names_the_parts_that_contradict_each_other(
    text: str, parts: str
) -> None:
    ((at, always, found),) = said(text)

    assert (always, found) == (False, parts)
    assert text[at - 1 :].startswith(parts.rpartition(" & ")[2].removeprefix("not "))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("customer.orders >= 0", "not customer.orders >= 0"),
        ("customer.country == 'GB' or customer.country != 'GB'", "not customer.country == 'GB' & not customer.country != 'GB'"),
        ("customer.has_email and (customer.orders > 3 or customer.orders <= 5)", "not customer.orders > 3 & not customer.orders <= 5"),
        ("not (customer.orders > 3) or customer.orders > 2", "customer.orders > 3 & not customer.orders > 2"),
    ],
)  # fmt: skip
def test_what_always_holds_names_the_parts_of_which_one_does(
    text: str, parts: str
) -> None:
    ((_, always, found),) = said(text)

    assert (always, found) == (True, parts)


@pytest.mark.parametrize(
    "text",
    [
        # what is not known makes both of them false
        "order.total > 3 or order.total <= 3",
        "customer.days_since_order > 3 or customer.days_since_order <= 3",
        "not customer.days_since_order > 3 and not customer.days_since_order <= 3",
        "order.late or order.late == false",
        # the day that is not over, and the moment just outside
        "days_since(clicks) == 3 and count(clicks, within='3 days') == 0",
        "days_since(clicks) == 3 and count(clicks, within='90 hours') > 0",
        "count(orders, within='7 days') < 3 and count(orders, within='30 days') > 5",
        "count(orders, since=trigger) > 3 and count(orders, within='30 days') < 2",
        "ordered('eggs') and not ordered('eggs', within='9 days')",
        "ordered('eggs', since=trigger) and not ordered('eggs', within='9 days')",
        "ordered('eggs') and not ordered('milk')",
        "any(item.price > 5) and any(item.price < 3)",
        "not contains(customer.locale, 'en') and customer.locale != 'de'",
        "contains(customer.locale, 'e') and not contains(customer.locale, 'en')",
        "sum(orders.total) > 3 and sum(orders.total, within='5 days') < 1",
        "order.total > 2 and order.total < 3",
        "true",
        "customer.orders > 3 or true",
    ],
)
def test_nothing_is_said_of_what_may_hold_and_may_fail(text: str) -> None:
    assert said(text) == []


def test_what_a_name_means_is_taken_into_account() -> None:
    found = said("regulars and customer.orders < 3", regulars="customer.orders >= 5")

    assert found == [(14, False, "regulars (customer.orders >= 5) & customer.orders < 3")]


def test_what_is_wrong_within_a_name_is_said_where_it_is_written() -> None:
    nobody = "customer.orders > 5 and customer.orders < 3"

    assert said("nobody", nobody=nobody) == []
    assert said("nobody and customer.has_email", nobody=nobody) == []


def test_of_a_condition_that_is_too_large_nothing_is_said() -> None:
    either = " and ".join(
        f"(ordered('a{n}') or ordered('b{n}'))" for n in range(20)
    )

    assert said(f"customer.orders < 0 or {either}")[0][2] == "customer.orders < 0"
    assert said(f"({either}) and ({either})") == []


@pytest.mark.parametrize(
    ("before", "text", "found"),
    [
        ("order.total > 50", "order.total < 20", True),
        ("customer.orders >= 3", "customer.orders < 2", True),
        ("any(item.price > 5)", "not any(item.price > 5)", True),
        # what may be otherwise by then
        ("customer.orders < 2", "customer.orders >= 3", False),
        ("not order.cancelled", "order.cancelled", False),
        ("not tagged('a')", "tagged('a')", False),
        ("count(orders, within='5 days') > 1", "customer.orders == 0", False),
        ("customer.days_since_order > 30", "customer.days_since_order < 30", False),
    ],
)
def test_of_what_held_at_the_start_only_that_counts_which_lasts(
    before: str, text: str, found: bool
) -> None:
    assert bool(clash((parsed(text), True), before=parsed(before))) is found


# Below: whatever is called impossible is false for everybody, and what is said to hold always does.

_NUMBERS = st.sampled_from(["0", "1", "2", "3", "5", "1.5", "-1", "10"])
_OPERATORS = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
_SPANS = st.sampled_from(["", ", since=trigger", ", within='2 days'", ", within='30 hours'", ", within='5 days'"])
_TEXTS = st.sampled_from(["'en'", "'en-GB'", "'de'", "''"])
_NUMERIC = st.one_of(
    st.sampled_from(
        [
            *("customer.orders", "customer.days_since_order", "order.total"),
            *("order.items", "days_since(orders)", "days_since(clicks)", "score('nps')"),
        ]
    ),
    st.builds("count(orders{})".format, _SPANS),
    st.builds("count(clicks{})".format, _SPANS),
    st.builds("sum(orders.total{})".format, _SPANS),
)
_LEAVES = st.one_of(
    st.builds("{} {} {}".format, _NUMERIC, _OPERATORS, _NUMBERS),
    st.builds("{} {} [{}, {}]".format, _NUMERIC, st.sampled_from(["in", "not in"]), _NUMBERS, _NUMBERS),
    st.builds("customer.locale {} {}".format, st.sampled_from(["==", "!="]), _TEXTS),
    st.builds("customer.locale {} [{}, {}]".format, st.sampled_from(["in", "not in"]), _TEXTS, _TEXTS),
    st.builds("contains(customer.locale, '{}')".format, st.sampled_from(["e", "EN", "-gb", "d"])),
    st.builds("ordered('eggs'{})".format, _SPANS),
    st.builds("any(item.price {} {})".format, _OPERATORS, _NUMBERS),
    st.builds("any(item.price {} {} and item.price {} {})".format, _OPERATORS, _NUMBERS, _OPERATORS, _NUMBERS),
    st.sampled_from(["tagged('a')", "order.late", "order.refunded == false", "customer.has_email", "true"]),
)
_CONDITIONS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds("not ({})".format, inner),
        st.builds("({}) and ({})".format, inner, inner),
        st.builds("({}) or ({})".format, inner, inner),
    ),
    max_leaves=5,
)
_AGES = st.lists(
    st.builds(
        lambda days, by: days * DAY + timedelta(seconds=by),
        st.integers(0, 6),
        st.sampled_from([0, 0, 1, 3600, 6 * 3600]),
    ),
    max_size=5,
)


@st.composite
def _scopes(draw: st.DrawFn) -> Scope:
    """People whose orders, counts and days fit together, as they do in a database."""
    past: dict[str, Any] = {}
    for source, values in (
        ("orders", ["0.50", "1", "1.50", "5"]),
        ("clicks", ["1"]),
        ("score:nps", ["0", "5", "10"]),
    ):
        ages = sorted(draw(_AGES), reverse=True)
        value = st.sampled_from(values).map(Decimal)
        past[source] = [(NOW - age, draw(value)) for age in ages]
    orders = past["orders"]
    customer = Customer(
        "c",
        email=draw(st.sampled_from(["", "a@b"])),
        locale=draw(st.sampled_from(["en", "en-GB", "de", "", "fr"])),
        orders=len(orders),
        last_order_at=orders[-1][0] if orders else None,
        tags=draw(st.sampled_from([frozenset(), frozenset({"a"})])),
    )
    bought: Mapping[str, datetime] = (
        {"eggs": draw(st.sampled_from([at for at, _ in orders]))} if orders else {}
    )
    prices = draw(st.lists(st.sampled_from(["0", "1.5", "2", "4"]).map(Decimal), max_size=3))
    order = Order(
        "o",
        "c",
        placed_at=NOW - DAY,
        promised_at=draw(st.sampled_from([None, NOW - DAY, NOW + DAY])),
        refunded_at=draw(st.sampled_from([None, NOW])),
        total=draw(st.sampled_from(["0", "1", "1.25", "3", "12"]).map(Decimal)),
        lines=tuple(Line("p", "n", "eggs", Decimal(1), price) for price in prices),
    )
    known = draw(st.sampled_from([order, order, None]))
    return Scope(customer, known, NOW, NOW - 3 * DAY, bought, past)


@settings(
    max_examples=500,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(text=_CONDITIONS, scopes=st.lists(_scopes(), min_size=8, max_size=8))
def test_what_is_called_impossible_never_holds_and_what_is_called_certain_always(
    text: str, scopes: list[Scope]
) -> None:
    condition = parsed(text)
    never, always = clash((condition, True)), clash((condition, False))
    event(f"never: {bool(never)}, always: {bool(always)}")

    outcomes = {predicate(condition)(scope) for scope in scopes}

    assert not (never and always), text
    assert not (never and True in outcomes), text
    assert not (always and False in outcomes), text
