"""Small shapes of SQL that both databases share: insert once, insert or replace, and rows to nouns."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

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
    statement = _or_keep(tx.dialect.name, table, key)
    for part in chunks(rows):
        new.update(tx.execute(statement, [dict(r) for r in part]).scalars())
    return new


def insert_or_keep(tx: Tx, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """As `insert_once`, faster, for bulk loads that do not ask which rows were new."""
    if rows:
        tx.execute(_or_keep(tx.dialect.name, table, ""), list(rows))


def upsert(
    tx: Tx,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    keys: Sequence[str],
    update: Sequence[str],
) -> None:
    """Inserts rows; where the keys exist already, replaces the columns of `update`."""
    if rows:
        statement = _or_replace(tx.dialect.name, table, tuple(keys), tuple(update))
        tx.execute(statement, [dict(r) for r in rows])


# Statements are built once and kept: building one costs as much as running it.


@lru_cache(maxsize=128)
def _or_keep(dialect: str, table: Table, key: str) -> Any:
    statement = _insert(dialect, table).on_conflict_do_nothing()
    return statement.returning(table.c[key]) if key else statement


@lru_cache(maxsize=128)
def _or_replace(
    dialect: str, table: Table, keys: tuple[str, ...], update: tuple[str, ...]
) -> Any:
    statement = _insert(dialect, table)
    return statement.on_conflict_do_update(
        index_elements=list(keys),
        set_={name: statement.excluded[name] for name in update},
    )


def _insert(dialect: str, table: Table) -> Any:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table)
