"""Which customers does a condition mean, as SQL? The same answer as the predicate gives, for an audience of any size.

To be used in a statement that selects from `customers`. Every part is true or false and never NULL, as in the predicate: a
comparison with what is not known is false, and so its opposite is true.
"""

from collections.abc import Callable, Collection
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from math import ceil, floor
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, or_, select, true

from aftercart.conditions import (
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
)
from aftercart.store.tables import customers, order_lines, orders

Clause = ColumnElement[bool]

_DAY = timedelta(days=1)


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
        case Contains():
            # Only texts that are ASCII by nature can be searched, so that both databases fold them alike.
            column = func.lower(customers.c[_column(node.field)])
            return column.contains(node.part.casefold(), autoescape=True)
        case Compare():
            return _compare(node, now)
    raise ValueError("an audience has no items")


def _column(path: str) -> str:
    owner, _, name = path.partition(".")
    if owner != "customer":
        raise ValueError(f"an audience has no {path}")
    return name


def _compare(node: Compare, now: datetime) -> Clause:
    """One comparison; lists and "not in" in terms of single values."""
    test = _test(_column(node.field), now)
    if not isinstance(node.value, tuple):
        return test(node.operator, node.value)
    if node.operator == "in":
        return or_(*(test("==", value) for value in node.value))
    return and_(*(test("!=", value) for value in node.value))


def _test(name: str, now: datetime) -> Callable[[str, Any], Clause]:
    if name in ("has_email", "has_phone"):
        return partial(_yes_no, customers.c[name.removeprefix("has_")])
    if name == "orders":
        return partial(_count, now=now)
    if name == "days_since_order":
        return partial(_days, now=now)
    return partial(_text, customers.c[name])


def _text(column: ColumnElement[str], operator: str, value: str) -> Clause:
    return column == value if operator == "==" else column != value


def _yes_no(address: ColumnElement[str], operator: str, value: bool) -> Clause:
    return address != "" if value == (operator == "==") else address == ""


def _count(operator: str, value: int | Decimal, *, now: datetime) -> Clause:
    if operator == "!=":
        return not_(_count("==", value, now=now))
    mine = (orders.c.customer_id == customers.c.id) & (orders.c.placed_at <= now)
    count = select(func.count()).where(mine).correlate(customers).scalar_subquery()
    low, high = _bounds(operator, value)
    return and_(
        true() if low is None else count >= low,
        true() if high is None else count <= high,
    )


def _days(operator: str, value: int | Decimal, *, now: datetime) -> Clause:
    """Whole days since the latest order, as two bounds on its time: the time is what the index knows."""

    def ordered_after(at: datetime | None) -> Clause:
        mine = (orders.c.customer_id == customers.c.id) & (orders.c.placed_at <= now)
        newer = mine if at is None else mine & (orders.c.placed_at > at)
        return exists().where(newer).correlate(customers)

    if operator == "!=":
        return and_(ordered_after(None), not_(_days("==", value, now=now)))
    low, high = _bounds(operator, value)
    return and_(
        ordered_after(None if high is None else _ago(now, high + 1)),
        true() if low is None else not_(ordered_after(_ago(now, low))),
    )


def _bounds(operator: str, value: int | Decimal) -> tuple[int | None, int | None]:
    """The least and the greatest whole number that fit; none does where the least is greater."""
    match operator:
        case ">":
            return floor(value) + 1, None
        case ">=":
            return ceil(value), None
        case "<":
            return None, ceil(value) - 1
        case "<=":
            return None, floor(value)
    return ceil(value), floor(value)


def _ago(now: datetime, days: int) -> datetime:
    # Beyond what a calendar holds, "long ago" and "far ahead" are as good.
    return now - max(min(days, 300_000), -300_000) * _DAY


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
