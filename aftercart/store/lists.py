"""How does one statement take a hundred different rows? As one JSON parameter that the database reads like a table.

One round trip and one parameter for a batch, where a row at a time would cost the client more than the database.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSON

from aftercart.store import Tx

#: Reads one field of the listed row, by its column's name.
Field = Callable[[str], ColumnElement[Any]]


@dataclass(frozen=True)
class Listed:
    """Rows on their way into a statement: what differs between them is listed, what is the same in all is said once."""

    each: tuple[str, ...]
    same: tuple[str, ...]
    parameters: Mapping[str, Any]


def update_each(
    tx: Tx, table: Table, changes: Sequence[Mapping[str, Any]], *, key: str
) -> None:
    """Gives every row named by `key` its own new values. All changes name the same columns."""
    if changes:
        new = listed(changes, key=key)
        statement = _update(tx.dialect.name, table, new.each, new.same, key)
        tx.execute(statement, new.parameters)


def insert_each(
    tx: Tx, table: Table, rows: Sequence[Mapping[str, Any]], *, key: str
) -> None:
    """Inserts rows that all name the same columns; in `key` they differ."""
    if rows:
        new = listed(rows, key=key)
        statement = _insert(tx.dialect.name, table, new.each, new.same)
        tx.execute(statement, new.parameters)


def listed(rows: Sequence[Mapping[str, Any]], *, key: str) -> Listed:
    """Rows, at least one, as `fields` reads them; `key` is listed in any case."""
    first = rows[0]
    names = sorted(first)
    same = tuple(
        n for n in names if n != key and all(row[n] == first[n] for row in rows)
    )
    each = tuple(n for n in names if n not in same)
    flags = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS
    told = [{n: row[n] for n in each} for row in rows]
    text = orjson.dumps(told, default=_plain, option=flags).decode()
    return Listed(each, same, {"listed": text, **{_once(n): first[n] for n in same}})


def fields(
    dialect: str, table: Table, each: Sequence[str], same: Sequence[str]
) -> Field:
    """The listed rows as a table with these columns of `table`; those of `same` are parameters of their own."""
    parameter = bindparam("listed", type_=Text())
    once = {n: bindparam(_once(n), type_=table.c[n].type) for n in same}
    if dialect == "postgresql":
        shapes = [column(name, table.c[name].type) for name in each]
        recordset: Any = func.json_to_recordset(cast(parameter, JSON))
        rows = recordset.table_valued(*shapes, name="listed")
        typed = rows.render_derived(with_types=True)
        return lambda name: once[name] if name in once else typed.c[name]
    of_row = func.json_each(parameter).table_valued("value", name="listed").c.value
    return lambda name: (
        once[name]
        if name in once
        else func.json_extract(of_row, f'$."{name}"', type_=table.c[name].type)
    )


def _once(name: str) -> str:
    return f"same_{name}"


@lru_cache(maxsize=256)
def _update(
    dialect: str,
    table: Table,
    each: tuple[str, ...],
    same: tuple[str, ...],
    key: str,
) -> Any:
    field = fields(dialect, table, each, same)
    return (
        update(table)
        .where(table.c[key] == field(key))
        .values({name: field(name) for name in (*each, *same) if name != key})
    )


@lru_cache(maxsize=256)
def _insert(
    dialect: str, table: Table, each: tuple[str, ...], same: tuple[str, ...]
) -> Any:
    field = fields(dialect, table, each, same)
    names = [*each, *same]
    return insert(table).from_select(names, select(*[field(name) for name in names]))


def _plain(value: Any) -> Any:
    """Times in the one width in which SQLite keeps them; anything else as its text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value)
