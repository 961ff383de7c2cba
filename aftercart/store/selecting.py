"""Which customers does a condition mean, as SQL? The same answer as the predicate gives, for an audience of any size.

To be used in a statement that selects from `customers`. Every part is true or false and never NULL, as in the predicate: a
comparison with what is not known is false, and so its opposite is true.
"""

from collections.abc import Callable, Collection
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, or_, true

from aftercart.conditions import (
    Aggregate,
    And,
    Compare,
    Condition,
    Contains,
    Fixed,
    Named,
    Node,
    Not,
    Or,
    Ordered,
    Tagged,
)
from aftercart.store import counting, happenings
from aftercart.store.tables import customer_tags, customers, order_lines, orders

Clause = ColumnElement[bool]


def where_clause(
    condition: Condition, *, now: datetime, started_at: datetime
) -> Clause:
    """The condition as a clause over `customers`, as of `now`.

    Raises:
        ValueError: when the condition is about orders or items, of which an audience has none.
    """
    return _clause(condition.root, now, started_at)


def everybody() -> Clause:
    """All of them."""
    return true()


def keeps(day: str, days: Collection[str], *, by: date) -> Clause:
    """Who keeps one of these days of the year ("03-08"): as their birthday, or as the day since which they are customers, in later years."""
    if day == "birthday":
        return customers.c.birthday.in_(sorted(days))
    earlier = (customers.c.since != "") & (customers.c.since < f"{by.year}-01-01")
    return earlier & func.substr(customers.c.since, 6, 5).in_(sorted(days))


def last_ordered(*, after: datetime, by: datetime, now: datetime) -> Clause:
    """Whose latest order, as of `now`, was placed in this span."""

    def placed(since: datetime, until: datetime) -> Clause:
        mine = orders.c.customer_id == customers.c.id
        span = (orders.c.placed_at > since) & (orders.c.placed_at <= until)
        return exists().where(mine, span).correlate(customers)

    return and_(placed(after, by), not_(placed(by, now)))


def _clause(node: Node, now: datetime, started_at: datetime) -> Clause:
    inside = partial(_clause, now=now, started_at=started_at)
    match node:
        case Fixed():
            return true() if node.value else false()
        case Named():
            return inside(node.of)
        case Not():
            return not_(inside(node.of))
        case And():
            return and_(*map(inside, node.parts))
        case Or():
            return or_(*map(inside, node.parts))
        case Ordered():
            return _ordered(node, now, started_at)
        case Aggregate():
            return counting.aggregate(node, now=now, started_at=started_at)
        case Tagged():
            return _tagged(node, now)
        case Contains():
            # Only texts that are ASCII by nature can be searched, so that both databases fold them alike.
            column = func.lower(customers.c[_column(node.field)])
            return column.contains(node.part.casefold(), autoescape=True)
        case Compare():
            return _compare(node, now)
    raise ValueError("an audience has no items")


def _tagged(node: Tagged, now: datetime) -> Clause:
    c = customer_tags.c
    mine = (c.customer_id == customers.c.id) & (c.tag == node.tag) & (c.at <= now)
    return exists().where(mine).correlate(customers)


def _column(path: str) -> str:
    owner, _, name = path.partition(".")
    if owner != "customer":
        raise ValueError(f"an audience has no {path}")
    return name


def _compare(node: Compare, now: datetime) -> Clause:
    test = _test(_column(node.field), now)
    return counting.compared(test, node.operator, node.value)


def _test(name: str, now: datetime) -> Callable[[str, Any], Clause]:
    if name in ("has_email", "has_phone"):
        return partial(_yes_no, customers.c[name.removeprefix("has_")])
    if name == "orders":
        return partial(counting.orders_placed, now=now)
    if name == "days_since_order":
        return partial(counting.days_since, happenings.rows_of("orders"), now=now)
    if name == "language":
        return partial(_language, func.lower(customers.c.locale))
    return partial(_text, customers.c[name])


def _text(column: ColumnElement[str], operator: str, value: str) -> Clause:
    return column == value if operator == "==" else column != value


def _language(locale: ColumnElement[str], operator: str, value: str) -> Clause:
    narrower = (locale.startswith(value + mark, autoescape=True) for mark in "-_")
    spoken = or_(locale == value, *narrower)
    return spoken if operator == "==" else not_(spoken)


def _yes_no(address: ColumnElement[str], operator: str, value: bool) -> Clause:
    return address != "" if value == (operator == "==") else address == ""


def _ordered(node: Ordered, now: datetime, started_at: datetime) -> Clause:
    bought = (
        (order_lines.c.customer_id == customers.c.id)
        & (order_lines.c.category == node.category)
        & (order_lines.c.placed_at <= now)
    )
    if node.since_trigger:
        bought &= order_lines.c.placed_at > started_at
    elif node.within is not None:
        bought &= order_lines.c.placed_at >= now - node.within
    return exists().where(bought).correlate(customers)
