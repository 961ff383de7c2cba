"""How often has something happened, how much was it together, how long ago? The aggregates of a condition as SQL.

As in `selecting`: over `customers`, true or false and never NULL, and the same answer as the predicate gives.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from math import ceil, floor
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    cast,
    exists,
    func,
    not_,
    or_,
    select,
    true,
)

from aftercart.conditions import Aggregate
from aftercart.store.happenings import Rows, rows_of
from aftercart.store.tables import customers

Clause = ColumnElement[bool]
_Test = Callable[[str, Any], Clause]

_DAY = timedelta(days=1)


def aggregate(node: Aggregate, *, now: datetime, started_at: datetime) -> Clause:
    """The comparison as a clause."""
    rows = rows_of(node.source)
    after = now - node.within if node.within is not None else None
    if node.since_trigger:
        after = started_at
    tests: dict[str, _Test] = {
        "count": partial(_number, _of(rows, func.count(), after, now)),
        "sum": partial(_sum, rows, after, now),
        "days_since": partial(days_since, rows, now=now),
        "score": partial(_score, rows, now),
    }
    return compared(tests[node.function], node.operator, node.value)


def compared(test: _Test, operator: str, value: Any) -> Clause:
    """A comparison in terms of single values: lists and "not in" are several."""
    if not isinstance(value, tuple):
        return test(operator, value)
    if operator == "in":
        return or_(*(test("==", one) for one in value))
    return and_(*(test("!=", one) for one in value))


def orders_placed(operator: str, value: int | Decimal, *, now: datetime) -> Clause:
    """How many orders somebody has placed by now."""
    rows = rows_of("orders")
    return _number(_of(rows, func.count(), None, now), operator, value)


def days_since(
    rows: Rows, operator: str, value: int | Decimal, *, now: datetime
) -> Clause:
    """Whole days since the latest, as two bounds on its time: the time is what the index knows."""

    def happened(after: datetime | None) -> Clause:
        there = exists().select_from(rows.table).where(*_theirs(rows, after, now))
        return there.correlate(customers)

    if operator == "!=":
        return and_(happened(None), not_(days_since(rows, "==", value, now=now)))
    low, high = _bounds(operator, value)
    return and_(
        happened(None if high is None else _ago(now, high + 1)),
        true() if low is None else not_(happened(_ago(now, low))),
    )


def _theirs(rows: Rows, after: datetime | None, now: datetime) -> list[Clause]:
    found = [rows.customer == customers.c.id, rows.mine, rows.at <= now]
    return found if after is None else [*found, rows.at > after]


def _of(
    rows: Rows, what: ColumnElement[Any], after: datetime | None, now: datetime
) -> ColumnElement[Any]:
    """One number for each customer."""
    query = select(what).select_from(rows.table).where(*_theirs(rows, after, now))
    return query.correlate(customers).scalar_subquery()


def _number(found: ColumnElement[Any], operator: str, value: int | Decimal) -> Clause:
    """A whole number that is never NULL, beside another."""
    if operator == "!=":
        return not_(_number(found, "==", value))
    low, high = _bounds(operator, value)
    return and_(
        true() if low is None else found >= low,
        true() if high is None else found <= high,
    )


def _sum(
    rows: Rows, after: datetime | None, now: datetime, operator: str, value: Any
) -> Clause:
    """In cents: SQLite would add binary fractions, and 0.10 + 0.20 would be more than 0.30."""
    cents = func.sum(cast(func.round(rows.value * 100), BigInteger))
    found = _of(rows, func.coalesce(cents, 0), after, now)
    return _number(found, operator, value * 100)


def _score(rows: Rows, now: datetime, operator: str, value: Any) -> Clause:
    newest = (
        select(rows.value)
        .select_from(rows.table)
        .where(*_theirs(rows, None, now))
        .order_by(rows.at.desc(), rows.key.desc())
        .limit(1)
        .correlate(customers)
        .scalar_subquery()
    )
    answered = exists().select_from(rows.table).where(*_theirs(rows, None, now))
    return answered.correlate(customers) & _number(newest, operator, value)


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
