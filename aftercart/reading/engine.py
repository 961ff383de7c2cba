"""How is DuckDB opened so that it can touch one file and nothing else?

No network, no extensions, one readable file, a ceiling on memory; what does not fit spills into a folder of our own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from aftercart.errors import InputError

MEMORY = "256MB"
THREADS = 2


@contextmanager
def locked_engine(file: Path) -> Iterator[tuple[Any, Path]]:
    """A DuckDB that may read `file` and use its own folder, and that folder; both are gone afterwards.

    `folder / "input"` is another name for the file: names with `*` or `?` would be taken for patterns.
    """
    with TemporaryDirectory(prefix="aftercart-import-") as made:
        folder = Path(made).resolve()
        target = file.resolve()
        (folder / "input").symlink_to(target)
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY,
            "threads": THREADS,
            "temp_directory": str(folder / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
        }
        connection = duckdb.connect(str(folder / "staging.duckdb"), config=config)
        try:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"SET allowed_directories = [{quoted(f'{folder}/')}]")
            connection.execute(f"SET allowed_paths = [{quoted(str(target))}]")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            yield connection, folder
        finally:
            connection.close()


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def named(column: str) -> str:
    """A column's name as an SQL identifier."""
    return '"' + column.replace('"', '""') + '"'


def parquet(folder: Path) -> str:
    """The FROM clause that reads the input as Parquet, with the number of each row."""
    return f"read_parquet({quoted(str(folder / 'input'))}, file_row_number = true)"


def columns(connection: Any, folder: Path, *, path: Path) -> dict[str, str]:
    """The columns of the Parquet file and their types.

    Raises:
        InputError: when it is not a Parquet file, or a damaged one.
    """
    try:
        found = connection.execute(f"DESCRIBE SELECT * FROM {parquet(folder)}")  # noqa: S608
        types = {name: str(kind) for name, kind, *_ in found.fetchall()}
    except duckdb.Error as error:
        raise damaged(path, error) from None
    types.pop("file_row_number", None)
    return types


def damaged(path: Path, error: Exception) -> InputError:
    """The error for a Parquet file that cannot be read to its end."""
    words = str(error).splitlines()[0].replace(str(path.resolve()), path.name)
    return InputError(f"{path}: is not a readable Parquet file: {words}")


def as_text(column: str, kind: str) -> str:
    """The SQL that turns a column into text: nested values into JSON, zoned times into UTC.

    Text, because DuckDB cannot hand over a zoned time without a library that we do not have.
    """
    name = named(column)
    if nested(kind):
        return f"CAST(to_json({name}) AS VARCHAR)"
    return f"CAST({name} AS VARCHAR)"


def nested(kind: str) -> bool:
    """Whether a column of this type holds structures instead of single values."""
    return kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION", "JSON"))
