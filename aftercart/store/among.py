"""How does a statement ask for a hundred ids? By one parameter that holds them all.

A placeholder for each id makes the client spend more on the list than the database does on the rows, and both databases have a
limit for placeholders. A statement with `among` is built once and has one text, however many are asked for.
"""

from collections.abc import Collection
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    BindParameter,
    Boolean,
    ColumnElement,
    Dialect,
    Text,
    bindparam,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator, TypeEngine


class _Texts(TypeDecorator[Collection[str]]):
    """Some texts: an array on PostgreSQL, JSON on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        kind: TypeEngine[Any] = Text() if dialect.name == "sqlite" else ARRAY(Text)
        return dialect.type_descriptor(kind)

    def process_bind_param(
        self, value: Collection[str] | None, dialect: Dialect
    ) -> Any:
        texts = list(value or ())
        return orjson.dumps(texts).decode() if dialect.name == "sqlite" else texts


class _Among(FunctionElement[bool]):
    """`column` is one of the texts of a parameter."""

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> "_Among":
        """As it is: made a truth value (`... = 1` on SQLite), it would find its rows without the index."""
        return self


def among(column: ColumnElement[Any], parameter: str = "ids") -> ColumnElement[bool]:
    """Whether a text column holds one of the texts that are given as this parameter."""
    given: BindParameter[Any] = bindparam(parameter, type_=_Texts())
    return _Among(column, given)


@compiles(_Among, "sqlite")
def _on_sqlite(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:
    column, given = (compiler.process(c, **kw) for c in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({given}))"  # noqa: S608 - names and placeholders of our own


@compiles(_Among, "postgresql")
def _on_postgresql(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:
    column, given = (compiler.process(c, **kw) for c in element.clauses)
    return f"{column} = ANY({given})"
