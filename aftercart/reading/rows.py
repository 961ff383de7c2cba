"""What stands in a file, row by row, in constant memory? For CSV, NDJSON and Parquet alike.

A row that cannot be read is still a row: it comes with its number and a sentence in `fault`, so that the others can be kept.
In CSV everything is text: leading zeros and `+44…` survive.
"""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import orjson

from aftercart.errors import InputError
from aftercart.reading import engine

#: What a file's name may end in, and what it then is.
FORMS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
}

_NDJSON_LOOKAHEAD = 100
_LONGEST_LINE = 8_000_000

_STRAY_QUOTE = (
    "has text after a closing quotation mark; double the marks that belong to the text"
)
_OPEN_QUOTE = "opens a quotation mark that is never closed: nothing after it could be read; close or double it"


@dataclass(frozen=True)
class Row:
    """One row: its number among the rows of data, its line where the file has lines, and its values by column."""

    number: int
    line: int | None = None
    values: dict[str, Any] = field(default_factory=dict)
    fault: str = ""


@dataclass(frozen=True)
class Table:
    """An opened file: its columns (for NDJSON those of the first rows) and its rows, which can be read once."""

    columns: tuple[str, ...]
    rows: Iterator[Row]


def form_of(path: Path) -> str:
    """Which of the three a file is, by its name.

    Raises:
        InputError: when there is no such file, or its name says none of the three.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file in it")
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    form = FORMS.get(path.suffix.lower())
    if form is None:
        known = ", ".join(sorted(FORMS))
        raise InputError(
            f"{path}: cannot tell what {path.suffix or 'a name without an ending'} is; the name must end in one of {known}"
        )
    return form


@contextmanager
def open_table(path: Path) -> Iterator[Table]:
    """Opens a file of rows.

    Raises:
        InputError: when it is missing, of no known form, empty, or damaged.
    """
    form = form_of(path)
    if form == "parquet":
        with engine.locked_engine(path) as (connection, folder):
            types = engine.columns(connection, folder, path=path)
            yield Table(tuple(types), _parquet(connection, folder, types, path))
    elif form == "ndjson":
        with path.open("rb") as file:
            rows = _ndjson(file)
            first = list(islice(rows, _NDJSON_LOOKAHEAD))
            names = dict.fromkeys(name for row in first for name in row.values)
            yield Table(tuple(names), _chained(first, rows))
    else:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            header, rows = _csv(file, path)
            yield Table(header, rows)


def count_rows(path: Path) -> int:
    """About how many rows a file has: what a progress bar needs. Line breaks inside of quotes count as rows.

    Raises:
        InputError: as `open_table`.
    """
    form = form_of(path)
    if form == "parquet":
        with engine.locked_engine(path) as (connection, folder):
            engine.columns(connection, folder, path=path)
            query = f"SELECT count(*) FROM {engine.parquet(folder)}"  # noqa: S608
            return int(connection.execute(query).fetchall()[0][0])
    lines = 0
    last = b"\n"
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            lines += block.count(b"\n")
            last = block[-1:]
    return max(lines + (last != b"\n") - (form == "csv"), 0)


def _csv(file: TextIOWrapper, path: Path) -> tuple[tuple[str, ...], Iterator[Row]]:
    start = file.readline()
    file.seek(0)
    delimiter = max(",;\t|", key=start.count)
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    try:
        header = tuple(name.strip() for name in next(reader, ()))
    except csv.Error as error:
        raise InputError(f"{path}:1: is not readable as CSV: {error}") from None
    if not any(header):
        raise InputError(
            f"{path}:1: is empty; the first line must name the columns, for example customer_id,email"
        )
    twice = {name for name in header if name and header.count(name) > 1}
    if twice:
        raise InputError(
            f"{path}:1: the column {', '.join(sorted(twice))} is there twice; rename one"
        )
    return header, _csv_rows(reader, header)


def _csv_rows(reader: Any, header: tuple[str, ...]) -> Iterator[Row]:
    number = 0
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            number += 1
            if "expected after" in str(error):
                yield Row(number, line, fault=_STRAY_QUOTE)
                continue
            yield Row(number, line, fault=_OPEN_QUOTE)
            return
        if cells is None:
            return
        if not cells:
            continue
        number += 1
        if len(cells) != len(header):
            fault = f"has {len(cells)} fields where the first line names {len(header)} columns"
            yield Row(number, line, fault=fault)
        elif any("\ufffd" in cell or "\x00" in cell for cell in cells):
            fault = "holds characters that are not UTF-8; save the file as UTF-8"
            yield Row(number, line, fault=fault)
        else:
            yield Row(number, line, dict(zip(header, cells, strict=True)))


def _ndjson(file: Any) -> Iterator[Row]:
    number = line = 0
    while text := file.readline(_LONGEST_LINE):
        line += 1
        if not text.strip():
            continue
        number += 1
        try:
            values = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            yield Row(number, line, fault=f"is not JSON: {error}")
            continue
        if isinstance(values, dict):
            yield Row(number, line, values)
        else:
            yield Row(number, line, fault='is not an object; write {"name": value, …}')


def _parquet(
    connection: Any, folder: Path, types: dict[str, str], path: Path
) -> Iterator[Row]:
    chosen = ", ".join(engine.as_text(name, kind) for name, kind in types.items())
    query = f"SELECT file_row_number + 1, {chosen} FROM {engine.parquet(folder)}"  # noqa: S608
    structured = {name for name, kind in types.items() if engine.nested(kind)}
    try:
        connection.execute(query)
        while part := connection.fetchmany(1_000):
            for number, *cells in part:
                values = dict(zip(types, cells, strict=True))
                for name in structured:
                    values[name] = orjson.loads(values[name] or b"null")
                yield Row(number, None, values)
    except duckdb.Error as error:
        raise engine.damaged(path, error) from None


def _chained(first: list[Row], rest: Iterator[Row]) -> Iterator[Row]:
    yield from first
    yield from rest
