"""A year of orders, stored in a minute: the bulk way in for imports.

Rows are tuples of text in the form that both databases keep: times as ISO UTC with microseconds, numbers as decimals. On
PostgreSQL they travel by COPY, on SQLite by prepared statements. What is there already is never altered.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update

from aftercart.store import Tx, rows
from aftercart.store.tables import order_lines, orders

#: The columns of a row, in this order.
ORDER = (
    "id",
    "customer_id",
    "placed_at",
    "promised_at",
    "delivered_at",
    "total",
    "currency",
)
LINE = (
    "order_id",
    "line",
    "customer_id",
    "placed_at",
    "product",
    "name",
    "category",
    "shop_category",
    "quantity",
    "price",
)

Cells = tuple[Any, ...]


@dataclass(frozen=True)
class Stored:
    """What became of a run of lines: added, known, or left out because their orders are there with other lines."""

    added: int
    known: int
    left_out: int
    others: frozenset[str] = frozenset()


def add_orders(tx: Tx, heads: Sequence[Cells], lines: Sequence[Cells]) -> Stored:
    """Stores whole orders. Of an order that is there, only lines that were missing are added, and its total with them.

    An order that is there with other products is left as it is, and named in the answer.
    """
    known = _known(tx, [head[0] for head in heads])
    told: dict[str, dict[int, str]] = {}
    for line in lines:
        if line[0] in known:
            told.setdefault(line[0], {})[line[1]] = line[4]
    gaps = {
        order: products.keys() - known[order].keys()
        for order, products in told.items()
        if known[order].items() < products.items()
    }
    others = {
        order
        for order, products in told.items()
        if order not in gaps and not _holds(known[order], products)
    }
    new = [
        line
        for line in lines
        if line[0] not in known or line[1] in gaps.get(line[0], ())
    ]
    _insert(tx, "orders", ORDER, [head for head in heads if head[0] not in known])
    _insert(tx, "order_lines", LINE, new)
    for head in heads:
        if head[0] in gaps:
            total = update(orders).where(orders.c.id == head[0])
            tx.execute(total.values(total=Decimal(head[5])))
    left = sum(len(told[order]) for order in others)
    return Stored(len(new), len(lines) - len(new) - left, left, frozenset(others))


def refresh_statistics(tx: Tx) -> None:
    """Tells the database's planner what a bulk load has changed, so that the first queries are not its slowest."""
    for table in ("orders", "order_lines"):
        tx.exec_driver_sql(f"ANALYZE {table}")


def _known(tx: Tx, ids: Collection[str]) -> dict[str, dict[int, str]]:
    """The orders among these that are there, each with its lines' products by place."""
    found: dict[str, dict[int, str]] = {}
    for part in rows.chunks(sorted(ids)):
        query = select(orders.c.id).where(orders.c.id.in_(part))
        there = {order: dict[int, str]() for order in tx.scalars(query)}
        if there:
            places = select(
                order_lines.c.order_id, order_lines.c.line, order_lines.c.product
            ).where(order_lines.c.order_id.in_(list(there)))
            for order, line, product in tx.execute(places):
                there[order][line] = product
        found |= there
    return found


def _holds(known: Mapping[int, str], told: Mapping[int, str]) -> bool:
    """Whether an order has these products already, wherever they stand in it."""
    return Counter(told.values()) <= Counter(known.values())


def _insert(tx: Tx, table: str, columns: Sequence[str], new: Sequence[Cells]) -> None:
    if not new:
        return
    names = ", ".join(columns)
    if tx.dialect.name == "sqlite":
        places = ", ".join("?" * len(columns))
        tx.exec_driver_sql(
            f"INSERT INTO {table} ({names}) VALUES ({places}) ON CONFLICT DO NOTHING",  # noqa: S608
            list(new),
        )
        return
    # COPY knows no conflicts, and an event may bring the same order this very moment
    incoming = f"incoming_{table}"
    tx.exec_driver_sql(
        f"CREATE TEMP TABLE {incoming} ON COMMIT DROP AS SELECT {names} FROM {table} WITH NO DATA"  # noqa: S608
    )
    raw: Any = tx.connection.driver_connection
    with raw.cursor() as cursor, cursor.copy(f"COPY {incoming} FROM STDIN") as copy:
        for row in new:
            copy.write_row(row)
    tx.exec_driver_sql(
        f"INSERT INTO {table} ({names}) SELECT {names} FROM {incoming} ON CONFLICT DO NOTHING"  # noqa: S608
    )
    tx.exec_driver_sql(f"DROP TABLE {incoming}")
