"""Small shapes of SQL that both databases share: insert once, insert or replace, and rows to nouns."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

from aftercart.store import Tx

#: Rows per statement: stays below SQLite's limit of bound variables and PostgreSQL's of 65,535.
CHUNK = 500

T = TypeVar("T")


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterable[Sequence[T]]:
    """The items in runs of at most `size`."""
    return (items[i : i + size] for i in range(0, len(items), size))


def insert_once(
    tx: Tx, table: Table, rows: Sequence[Mapping[str, Any]], *, key: str
) -> set[str]:
    """Inserts rows that are not there yet; answers the values of `key` of those that were new."""
    new: set[str] = set()
    for part in chunks(rows):
        statement = _insert(tx, table).on_conflict_do_nothing()
        result = tx.execute(statement.returning(table.c[key]), [dict(r) for r in part])
        new.update(result.scalars())
    return new


def insert_or_keep(tx: Tx, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """As `insert_once`, faster, for bulk loads that do not ask which rows were new."""
    if rows:
        tx.execute(_insert(tx, table).on_conflict_do_nothing(), list(rows))


def upsert(
    tx: Tx,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    keys: Sequence[str],
    update: Sequence[str],
) -> None:
    """Inserts rows; where the keys exist already, replaces the columns of `update`."""
    if not rows:
        return
    statement = _insert(tx, table)
    statement = statement.on_conflict_do_update(
        index_elements=list(keys),
        set_={name: statement.excluded[name] for name in update},
    )
    tx.execute(statement, [dict(r) for r in rows])


def _insert(tx: Tx, table: Table) -> Any:
    insert: Insert
    if tx.dialect.name == "postgresql":
        insert = postgresql.insert(table)
    else:
        insert = sqlite.insert(table)
    return insert
