"""How does one statement take a hundred different rows? As one JSON parameter that the database reads like a table.

One round trip and one parameter for a batch, where a row at a time would cost the client more than the database.
"""

from collections.abc import Callable, Mapping, Sequence
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


def update_each(
    tx: Tx, table: Table, changes: Sequence[Mapping[str, Any]], *, key: str = "id"
) -> None:
    """Gives every row named by `key` its own new values. All changes name the same columns."""
    if changes:
        names = tuple(sorted(changes[0]))
        statement = _update(tx.dialect.name, table, names, key)
        tx.execute(statement, {"listed": listed(changes)})


def insert_each(tx: Tx, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows that all name the same columns."""
    if rows:
        names = tuple(sorted(rows[0]))
        tx.execute(_insert(tx.dialect.name, table, names), {"listed": listed(rows)})


def listed(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as the JSON text that `fields` reads."""
    flags = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(list(rows), default=_plain, option=flags).decode()


def fields(dialect: str, table: Table, names: Sequence[str]) -> Field:
    """The parameter `listed` as a table with these columns of `table`."""
    parameter = bindparam("listed", type_=Text())
    if dialect == "postgresql":
        shapes = [column(name, table.c[name].type) for name in names]
        recordset: Any = func.json_to_recordset(cast(parameter, JSON))
        rows = recordset.table_valued(*shapes, name="listed")
        typed = rows.render_derived(with_types=True)
        return lambda name: typed.c[name]
    each = func.json_each(parameter).table_valued("value", name="listed")
    return lambda name: func.json_extract(
        each.c.value, f'$."{name}"', type_=table.c[name].type
    )


@lru_cache(maxsize=64)
def _update(dialect: str, table: Table, names: tuple[str, ...], key: str) -> Any:
    field = fields(dialect, table, names)
    return (
        update(table)
        .where(table.c[key] == field(key))
        .values({name: field(name) for name in names if name != key})
    )


@lru_cache(maxsize=64)
def _insert(dialect: str, table: Table, names: tuple[str, ...]) -> Any:
    field = fields(dialect, table, names)
    return insert(table).from_select(
        list(names), select(*[field(name) for name in names])
    )


def _plain(value: Any) -> Any:
    """Times in the one width in which SQLite keeps them; anything else as its text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value)
