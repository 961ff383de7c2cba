"""What was bought, says a file with one row per order line: checked, gathered into orders, larger than memory if need be.

The work is done by DuckDB in a database of its own beside the file. Rows come out as text in the form that both of our
databases take; the places of an order's lines are their places in the file, so that reading it again gives the same lines.
"""

import csv
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from aftercart.reading import engine, order_sql
from aftercart.reading.order_sql import COLUMNS
from aftercart.reading.rows import form_of, open_table

#: The columns of what comes out. Times are ISO text in UTC, numbers are decimal text.
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

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a row: which column, what (a code, see `order_sql.CHECKS`), and the value that stands there."""

    row: int
    line: int | None
    column: str
    code: str
    value: str


class Purchases:
    """A file of order lines, read and checked. Get one from `open_purchases`."""

    def __init__(self, connection: Any, *, read: int) -> None:
        self._connection = connection
        self.read = read

    def faults(self, *, limit: int) -> tuple[int, int, list[Fault]]:
        """How many rows are bad, how many faults they have together, and the first of these, by row."""
        counts = "SELECT count(*), coalesce(sum(len(faults)), 0) FROM checked WHERE len(faults) > 0"
        rows, count = self._connection.execute(counts).fetchone()
        found = self._connection.execute(order_sql.FAULTS, [limit]).fetchall()
        return rows, int(count), [Fault(*row) for row in found]

    def first_rows(self, orders: Collection[str]) -> dict[str, tuple[int, int | None]]:
        """For each of these orders the number and the line of its first row."""
        query = "SELECT order_id, min(row), min(line) FROM checked WHERE list_contains(?, order_id) GROUP BY ALL"
        found = self._connection.execute(query, [sorted(orders)]).fetchall()
        return {order: (row, line) for order, row, line in found}

    def products(self) -> list[tuple[str, str]]:
        """Every pair of product name and category that occurs in a good row."""
        query = "SELECT DISTINCT name, shop_category FROM lines ORDER BY ALL"
        pairs: list[tuple[str, str]] = self._connection.execute(query).fetchall()
        return pairs

    def orders(
        self,
        ours: Mapping[tuple[str, str], str],
        *,
        currency: str,
        lines_at_once: int,
    ) -> Iterator[tuple[list[tuple[str, ...]], list[tuple[str, ...]]]]:
        """Whole orders with their lines, in runs of about `lines_at_once`, as ORDER and LINE.

        `ours` names the category of each of `products`; `currency` is that of orders which say none.
        """
        pairs = list(ours)
        self._connection.execute(
            "CREATE TABLE shelf AS SELECT unnest(?) AS name, unnest(?) AS shop_category, unnest(?) AS category",
            [[p[0] for p in pairs], [p[1] for p in pairs], [ours[p] for p in pairs]],
        )
        heads, lines = self._connection.cursor(), self._connection.cursor()
        heads.execute(order_sql.HEADS, [currency])
        lines.execute(order_sql.LINES)
        wanted: list[tuple[str, ...]] = []
        count = 0
        while head := heads.fetchone():
            wanted.append(head[:-1])
            count += head[-1]
            if count >= lines_at_once:
                yield wanted, lines.fetchmany(count)
                wanted, count = [], 0
        if wanted:
            yield wanted, lines.fetchmany(count)


@contextmanager
def open_purchases(
    path: Path, *, columns: Mapping[str, str], progress: Progress
) -> Iterator[Purchases]:
    """Reads and checks a file of order lines. `columns` maps names of COLUMNS to those of the file.

    Raises:
        InputError: when the file is missing, of no known form, or damaged.
    """
    with engine.locked_engine(path) as (connection, folder):
        if form_of(path) == "parquet":
            _stage_parquet(connection, folder, path=path, columns=columns)
        else:
            _stage_rows(
                connection, folder, path=path, columns=columns, progress=progress
            )
        connection.execute(order_sql.MOMENT)
        connection.execute(order_sql.CHECKED)
        connection.execute("DROP TABLE raw")
        connection.execute(order_sql.GOOD_LINES)
        (read,) = connection.execute("SELECT count(*) FROM checked").fetchone()
        yield Purchases(connection, read=read)


def _stage_parquet(
    connection: Any, folder: Path, *, path: Path, columns: Mapping[str, str]
) -> None:
    types = engine.columns(connection, folder, path=path)
    chosen = [
        f"{engine.as_text(columns[c], types[columns[c]]) if c in columns else 'NULL::VARCHAR'} AS {c}"
        for c in COLUMNS
    ]
    try:
        connection.execute(
            f"CREATE TABLE raw AS SELECT file_row_number + 1 AS row, NULL::BIGINT AS line, NULL::VARCHAR AS fault, {', '.join(chosen)} FROM {engine.parquet(folder)}"  # noqa: S608
        )
    except duckdb.Error as error:
        raise engine.damaged(path, error) from None


def _stage_rows(
    connection: Any,
    folder: Path,
    *,
    path: Path,
    columns: Mapping[str, str],
    progress: Progress,
) -> None:
    """CSV and NDJSON by way of a clean copy: our own reader knows lines, and goes on after a broken row."""
    clean = folder / "clean.csv"
    with open_table(path) as table, clean.open("w", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        theirs: Sequence[str | None] = [columns.get(c) for c in COLUMNS]
        for row in table.rows:
            values = row.values
            cells = [values.get(name, "") if name else "" for name in theirs]
            writer.writerow([row.number, row.line, row.fault, *cells])
            if row.number % 50_000 == 0:
                progress(row.number)
    shape = {"row": "BIGINT", "line": "BIGINT", "fault": "VARCHAR"}
    shape |= dict.fromkeys(COLUMNS, "VARCHAR")
    types = ", ".join(f"{name!r}: {kind!r}" for name, kind in shape.items())
    connection.execute(
        f"CREATE TABLE raw AS FROM read_csv({engine.quoted(str(clean))}, header = false, auto_detect = false, delim = ',', quote = '\"', escape = '\"', new_line = '\\r\\n', columns = {{{types}}})"
    )
    clean.unlink()
