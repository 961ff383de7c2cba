"""The SQL of a condition and its predicate are two ways to ask one question: they must never differ."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from aftercart.conditions import Scope, categories, parse, predicate, reach
from aftercart.store import Store, Tx, happenings, tags
from aftercart.store.customers import as_of, from_row
from aftercart.store.selecting import where_clause
from aftercart.store.tables import (
    answers,
    customers,
    events,
    order_lines,
    orders,
    provider_events,
)
from tests.store.planting import message, plant

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
STARTED = NOW - timedelta(days=5)
CUSTOMER = frozenset({"customer"})


def _fill(store: Store) -> None:
    """Eighty customers of all kinds, some of them exactly on an edge, some with orders that lie after NOW."""
    dice = random.Random(7)
    edges = [timedelta(days=d) for d in (0, 1, 5, 30, 31)]
    people, bought, lines = [], [], []
    for n in range(80):
        people.append(
            {
                "id": f"c{n}",
                "first_name": dice.choice(["", "Ann", "Ömer", "O'Neil"]),
                "email": dice.choice(["", "a@shop.example"]),
                "phone": dice.choice(["", "+441632960000"]),
                "timezone": dice.choice(["Europe/London", "America/New_York"]),
                "country": dice.choice(["", "GB", "IE", "US"]),
                "locale": dice.choice(
                    ["en", "en-GB", "de", "de_AT", "DE-at", "deu", ""]
                ),
                "created_at": NOW,
            }
        )
        for m in range(dice.choice([0, 0, 1, 2, 5])):
            at = NOW - dice.choice([*edges, timedelta(hours=dice.randint(-200, 2000))])
            order = {"id": f"o{n}-{m}", "customer_id": f"c{n}", "placed_at": at}
            # amounts that binary fractions cannot hold
            order["total"] = Decimal(dice.choice(["0.10", "0.20", "0.30", "19.99"]))
            bought.append(order)
            lines.append(
                {
                    "order_id": order["id"],
                    "line": 0,
                    "customer_id": f"c{n}",
                    "placed_at": at,
                    "product": "p",
                    "name": "Thing",
                    "category": dice.choice(["eggs", "milk"]),
                    "quantity": 1,
                    "price": 1,
                }
            )
    with store.write() as tx:
        tx.execute(insert(customers), people)
        tx.execute(insert(orders), bought)
        tx.execute(insert(order_lines), lines)
        for n in range(80):
            _fill_past(tx, f"c{n}", dice, edges)


def _fill_past(
    tx: Tx, who: str, dice: random.Random, edges: Sequence[timedelta]
) -> None:
    """What a customer did besides ordering, and the tags that they have."""

    def times() -> list[datetime]:
        odd = timedelta(hours=dice.randint(-200, 2000))
        count = dice.choice([0, 1, 3])
        return [NOW - dice.choice([*edges, odd]) for _ in range(count)]

    told = [
        {"id": f"{who}-{type_}-{n}", "type": type_, "at": at, "customer_id": who}
        for type_ in ("article.viewed", "review.posted")
        for n, at in enumerate(times())
    ]
    for one in told:
        tx.execute(insert(events).values(body={}, received_at=NOW, **one))
    (message_id,) = plant(tx, message(customer_id=who))
    for n, at in enumerate(times()):
        tx.execute(
            insert(provider_events).values(
                key=f"{who}-{n}",
                message_id=message_id,
                provider="p",
                at=at,
                signal=dice.choice(["clicked", "opened"]),
                machine=dice.choice([False, False, True]),
            )
        )
    for n, at in enumerate(times()):
        tx.execute(
            insert(answers).values(
                message_id=f"{who}-{n}",
                campaign=dice.choice(["nps", "other"]),
                customer_id=who,
                score=dice.randint(0, 10),
                answered_at=at,
            )
        )
    for tag in ("vip", "wine"):
        for at in times()[:1]:
            tags.write(tx, [tags.Tagging(who, tag, at, "shop")])


def _by_sql(store: Store, text: str) -> set[str]:
    condition = parse(text, about=CUSTOMER)
    clause = where_clause(condition, now=NOW, started_at=STARTED)
    with store.read() as tx:
        return set(tx.scalars(select(customers.c.id).where(clause)))


def _by_predicate(store: Store, text: str) -> set[str]:
    condition = parse(text, about=CUSTOMER)
    holds = predicate(condition)
    with store.read() as tx:
        people = [from_row(row) for row in tx.execute(as_of(NOW))]
        seen: dict[str, dict[str, datetime]] = {}
        for line in tx.execute(
            select(order_lines).where(order_lines.c.placed_at <= NOW)
        ):
            last = seen.setdefault(line.customer_id, {})
            if line.category in categories(condition):
                known = last.get(line.category, line.placed_at)
                last[line.category] = max(known, line.placed_at)
        everybody = [person.id for person in people]
        past = happenings.load(tx, everybody, reach=reach(condition), now=NOW)
    return {
        person.id
        for person in people
        if holds(
            Scope(
                person,
                None,
                NOW,
                STARTED,
                seen.get(person.id, {}),
                past.get(person.id, {}),
            )
        )
    }


_numbers = st.one_of(
    st.integers(-3, 40).map(str),
    st.sampled_from(["1.5", "30.0", "0.5", "-0.5", "0.30", "0.60"]),
)
_WITHIN = (", within='5 days'", ", within='30 days'", ", within='3 hours'")
_FORMS = ("< {0}", "<= {0}", "> {0}", ">= {0}", "== {0}", "!= {0}")
_texts = {
    "country": st.sampled_from(["'GB'", "'IE'", "'US'", "''", "'XX'"]),
    "first_name": st.sampled_from(["'Ann'", "'ann'", "'Ömer'", '"O\'Neil"', "'%'"]),
    "language": st.sampled_from(["'en'", "'de'", "'deu'", "''"]),
    "locale": st.sampled_from(["'en'", "'en-GB'", "'EN'"]),
}


@st.composite
def _aggregates(draw: st.DrawFn) -> str:
    what = draw(
        st.sampled_from(
            ["orders", "clicks", "opens", "'article.viewed'", "'review.posted'"]
        )
    )
    how = draw(st.sampled_from(["", ", since=trigger", *_WITHIN]))
    number = draw(
        st.sampled_from(
            [
                f"count({what}{how})",
                f"sum(orders.total{how})",
                f"days_since({what})",
                "score('nps')",
            ]
        )
    )
    value, other = draw(_numbers), draw(_numbers)
    form = draw(st.sampled_from([*_FORMS, "in [{0}, {1}]", "not in [{0}, {1}]"]))
    return f"{number} {form.format(value, other)}"


@st.composite
def _leaves(draw: st.DrawFn) -> str:
    kinds = ["number", "text", "flag", "ordered", "contains", "past", "past", "tag"]
    kind = draw(st.sampled_from(kinds))
    if kind == "past":
        return draw(_aggregates())
    if kind == "tag":
        return f"tagged('{draw(st.sampled_from(['vip', 'wine', 'tea']))}')"
    if kind == "number":
        field = draw(st.sampled_from(["orders", "days_since_order"]))
        operator = draw(st.sampled_from(["<", "<=", ">", ">=", "==", "!=", "in"]))
        value, other = draw(_numbers), draw(_numbers)
        if operator == "in":
            negated = draw(st.sampled_from(["in", "not in"]))
            return f"customer.{field} {negated} [{value}, {other}]"
        return f"customer.{field} {operator} {value}"
    if kind == "text":
        field = draw(st.sampled_from(sorted(_texts)))
        value, other = draw(_texts[field]), draw(_texts[field])
        form = draw(
            st.sampled_from(["== {0}", "!= {0}", "in [{0}, {1}]", "not in [{0}, {1}]"])
        )
        return f"customer.{field} {form.format(value, other)}"
    if kind == "flag":
        field = draw(st.sampled_from(["has_email", "has_phone"]))
        return f"customer.{field}{draw(st.sampled_from(['', ' == false', ' != true']))}"
    if kind == "ordered":
        how = draw(
            st.sampled_from(
                ["", ", since=trigger", ", within='5 days'", ", within='3 hours'"]
            )
        )
        return f"ordered('{draw(st.sampled_from(['eggs', 'milk', 'tea']))}'{how})"
    part = draw(st.sampled_from(["eur", "LONDON", "_", "%", "en-", "/"]))
    return (
        f"contains(customer.{draw(st.sampled_from(['timezone', 'locale']))}, '{part}')"
    )


_conditions = st.recursive(
    _leaves() | st.sampled_from(["true", "false"]),
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
            lambda three: f"({three[0]}) {three[1]} ({three[2]})"
        ),
    ),
    max_leaves=6,
)


def test_sql_and_predicate_choose_the_same_customers(store: Store) -> None:
    _fill(store)

    @settings(
        max_examples=400,
        deadline=None,
        database=None,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
        ],
    )
    @given(text=_conditions)
    def agree(text: str) -> None:
        assert _by_sql(store, text) == _by_predicate(store, text), text

    agree()


@pytest.mark.parametrize(
    "text",
    ["customer.days_since_order > 3", "not customer.days_since_order > 3"],
)
def test_what_is_not_known_is_false_and_its_opposite_true(
    store: Store, text: str
) -> None:
    with store.write() as tx:
        row = {"id": "new", "timezone": "UTC", "created_at": NOW}
        tx.execute(insert(customers), [row])

    chosen = _by_sql(store, text)

    assert chosen == ({"new"} if text.startswith("not") else set())


def test_a_language_is_meant_wherever_it_is_spoken_and_however_it_is_spelt(
    store: Store,
) -> None:
    spelt = ["de", "DE", "de-DE", "DE-at", "de_CH", "DE_LI", "deu", "nds", "en-DE", ""]
    with store.write() as tx:
        more = {"timezone": "UTC", "created_at": NOW}
        rows = [{"id": one or "none", "locale": one, **more} for one in spelt]
        tx.execute(insert(customers), rows)
    german = {"de", "DE", "de-DE", "DE-at", "de_CH", "DE_LI"}
    others = {"deu", "nds", "en-DE", "none"}

    for text, chosen in {
        "customer.language == 'de'": german,
        "customer.language != 'de'": others,
        "customer.language in ['nds', 'deu']": {"nds", "deu"},
        "customer.language == ''": {"none"},
    }.items():
        assert _by_sql(store, text) == _by_predicate(store, text) == chosen


@pytest.mark.parametrize("total", ["0.29", "0.57", "1.10", "1234567.89"])
def test_totals_are_added_to_the_cent(store: Store, total: str) -> None:
    row = {"customer_id": "new", "placed_at": NOW, "total": Decimal(total)}
    with store.write() as tx:
        person = {"id": "new", "timezone": "UTC", "created_at": NOW}
        tx.execute(insert(customers), [person])
        tx.execute(insert(orders), [row | {"id": f"o-{n}"} for n in range(3)])

    chosen = _by_sql(store, f"sum(orders.total) == {3 * Decimal(total)}")

    assert chosen == {"new"}


def test_an_audience_cannot_ask_about_an_order() -> None:
    condition = parse("order.late", about=frozenset({"customer", "order"}))

    with pytest.raises(ValueError, match=r"no order\.late"):
        where_clause(condition, now=NOW, started_at=STARTED)


def test_an_audience_cannot_ask_about_items() -> None:
    about = frozenset({"customer", "order"})
    condition = parse("any(item.price > 3)", about=about)

    with pytest.raises(ValueError, match="no items"):
        where_clause(condition, now=NOW, started_at=STARTED)
