"""Orders and their lines: what was bought, when it was promised, and when it came."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, select, update

from aftercart.model import Line, Order
from aftercart.store import Tx, rows
from aftercart.store.among import among
from aftercart.store.tables import order_lines, orders
from aftercart.store.tables.columns import Json

#: The dated facts of an order that events fill in.
FACTS = ("promised_at", "delivered_at", "cancelled_at", "refunded_at")


def add(
    tx: Tx, heads: Sequence[Mapping[str, Any]], lines: Sequence[Mapping[str, Any]]
) -> None:
    """Inserts orders and lines that are not there yet. Rows have the columns' names."""
    rows.insert_or_keep(tx, orders, heads)
    rows.insert_or_keep(tx, order_lines, lines)


def correct(tx: Tx, head: Mapping[str, Any]) -> None:
    """Sets what only the placing of an order tells: when, how much, in which currency."""
    tx.execute(
        update(orders)
        .where(orders.c.id == head["id"])
        .values({name: head[name] for name in ("placed_at", "total", "currency")})
    )


def note(tx: Tx, order_id: str, **facts: datetime) -> None:
    """Writes dated facts of an order. The first delivery, cancellation or refund stays; a promise may be made anew."""
    for name, at in facts.items():
        column = orders.c[name]
        first = () if name == "promised_at" else (column.is_(None),)
        tx.execute(
            update(orders).where(orders.c.id == order_id, *first).values({name: at})
        )


def note_eta(tx: Tx, order_id: str, *, eta: datetime, told_at: datetime) -> None:
    """Writes a new estimated arrival, unless a newer one is known: events may come in any order."""
    older = orders.c.eta_at.is_(None) | (orders.c.eta_at <= told_at)
    tx.execute(
        update(orders)
        .where(orders.c.id == order_id, older)
        .values(eta=eta, eta_at=told_at)
    )


#: An order's fields are its columns, and last of all its lines.
_OWN = [orders.c[f.name] for f in fields(Order) if f.name != "lines"]

#: Statements are built once; see `rows`.
_LATE = select(orders.c.customer_id, orders.c.id).where(
    among(orders.c.customer_id),
    orders.c.promised_at < bindparam("now", type_=orders.c.promised_at.type),
    orders.c.promised_at > bindparam("since", type_=orders.c.promised_at.type),
    orders.c.delivered_at.is_(None),
    orders.c.cancelled_at.is_(None),
)


def load(tx: Tx, ids: Collection[str]) -> dict[str, Order]:
    """The orders of these ids with their lines."""
    wanted = {"ids": sorted(filter(None, ids))}
    found = tx.execute(_by_id(tx.dialect.name), wanted).all()
    return {row[0]: whole(row) for row in found}


def placed_between(tx: Tx, *, start: datetime, end: datetime) -> list[Order]:
    """The orders placed in a stretch of time, without their lines."""
    query = select(*_OWN).where(orders.c.placed_at >= start, orders.c.placed_at < end)
    return [Order(*row) for row in tx.execute(query.order_by(orders.c.placed_at))]


def span(tx: Tx, *, start: datetime, end: datetime) -> tuple[datetime, datetime] | None:
    """When the first and the last order of a stretch of time were placed; None where there is none."""
    at = orders.c.placed_at
    query = select(func.min(at, type_=at.type), func.max(at, type_=at.type))
    first, last = tx.execute(query.where(at >= start, at < end)).one()
    return (first, last) if first and last else None


def of_customer(tx: Tx, customer_id: str, *, now: datetime, limit: int) -> list[Order]:
    """A customer's orders placed by `now`, with their lines, newest first."""
    query = (
        select(orders.c.id)
        .where(orders.c.customer_id == customer_id, orders.c.placed_at <= now)
        .order_by(orders.c.placed_at.desc(), orders.c.id)
        .limit(limit)
    )
    ids = list(tx.scalars(query))
    found = load(tx, ids)
    return [found[id_] for id_ in ids]


def last_bought(
    tx: Tx,
    customer_ids: Collection[str],
    *,
    categories: Collection[str],
    now: datetime,
) -> dict[str, dict[str, datetime]]:
    """Per customer and category the time of the newest purchase by `now`."""
    found: dict[str, dict[str, datetime]] = {}
    if not categories:
        return found
    newest = func.max(order_lines.c.placed_at, type_=order_lines.c.placed_at.type)
    for part in rows.chunks(sorted(customer_ids)):
        query = (
            select(
                order_lines.c.customer_id, order_lines.c.category, newest.label("at")
            )
            .where(
                order_lines.c.customer_id.in_(part),
                order_lines.c.category.in_(sorted(categories)),
                order_lines.c.placed_at <= now,
            )
            .group_by(order_lines.c.customer_id, order_lines.c.category)
        )
        for row in tx.execute(query):
            found.setdefault(row.customer_id, {})[row.category] = row.at
    return found


def late(
    tx: Tx, customer_ids: Collection[str], *, now: datetime, since: datetime
) -> dict[str, str]:
    """Customers with an order that is past its promise and not there: customer -> order.

    Orders promised before `since` are left out: a delivery that was never reported must not silence a person for ever.
    """
    asked = {"ids": customer_ids, "now": now, "since": since}
    return {row.customer_id: row.id for row in tx.execute(_LATE, asked)}


@lru_cache(maxsize=2)
def _by_id(dialect: str) -> Select[Any]:
    return with_lines(dialect).where(among(orders.c.id))


@lru_cache(maxsize=2)
def with_lines(dialect: str) -> Select[Any]:
    """One row for each order, its lines as JSON: a row for each line takes five times as long to read."""
    c = order_lines.c
    row, rows_of = (
        (func.json_build_array, func.json_agg)
        if dialect == "postgresql"
        else (func.json_array, func.json_group_array)
    )
    line = row(c.line, c.product, c.name, c.category, c.quantity, c.price)
    listed = select(rows_of(line, type_=Json)).where(c.order_id == orders.c.id)
    return select(*_OWN, listed.scalar_subquery())


def whole(row: Row[Any]) -> Order:
    """A row of `with_lines` as a noun."""
    told = list(row)
    told[-1] = _lines(told[-1])
    return Order(*told)


def _lines(listed: list[list[Any]] | None) -> tuple[Line, ...]:
    return tuple(_line(*told) for told in sorted(listed or ()))


def _line(
    _: int, product: str, name: str, category: str, quantity: float, price: float
) -> Line:
    return Line(product, name, category, _exact(quantity), _exact(price))


@lru_cache(maxsize=4096)
def _exact(number: float) -> Decimal:
    return Decimal(str(number))
