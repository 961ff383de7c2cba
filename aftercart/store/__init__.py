"""The database: how it is opened, and what a transaction is. The truth about every message lives here.

SQLite (WAL, synchronous=FULL: a claim that was committed survives a power cut) and PostgreSQL, with the same tests.
"""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DisconnectionError,
    OperationalError,
)

from aftercart.errors import Problem, SettingsError
from aftercart.store import migrations
from aftercart.store.alone import is_alone

#: What the functions of the store take first: an open transaction.
Tx = Connection

T = TypeVar("T")

#: On a disk with less than this left, or less than a fiftieth of a small one, nothing is claimed.
LEAST_ROOM = 100 * 2**20
_LEAST_PART = 50

#: A connection that rested for so long may have been closed by somebody in between.
_RESTED_SECONDS = 1.0

#: Between two tries of what must be written down, in seconds; the pause doubles.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0


class Store:
    """An open database. `read` and `write` are the only ways in."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._folder = Path(engine.url.database or "").resolve().parent
        self._alone = threading.Lock()
        self.connections = 0  #: how many were made so far
        event.listen(engine, "connect", self._connected)

    @property
    def dialect(self) -> str:
        return self._engine.dialect.name

    @property
    def file(self) -> Path | None:
        """Where the database is one."""
        database = self._engine.url.database
        return Path(database or "").resolve() if self.dialect == "sqlite" else None

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A consistent view; takes no write lock."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A transaction that commits durably when the block ends, and leaves nothing when it raises."""
        with self._engine.connect() as connection:
            connection = connection.execution_options(aftercart_write=True)
            with connection.begin():
                yield connection

    def insist(self, act: Callable[[Tx], T], *, patience: timedelta) -> T:
        """What `act` answers, done in a `write`; again where the database was away or wanted this transaction to give way.

        For what must be written down whatever happens. `act` may have been committed before it is done again.
        """
        until, pause = time.monotonic() + patience.total_seconds(), _FIRST_PAUSE
        while True:
            try:
                with self.write() as tx:
                    return act(tx)
            except OperationalError:
                if time.monotonic() + pause > until:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    @contextmanager
    def write_alone(self, *, patience: timedelta = timedelta()) -> Iterator[Tx | None]:
        """As `write`, with nobody else in such a block meanwhile; None where somebody still is after so long. For the planner.

        Processes that share a SQLite file wait for each other, as all who write to it do.
        """
        if not self._alone.acquire(timeout=patience.total_seconds()):
            yield None
            return
        try:
            with self.write() as tx:
                yield tx if is_alone(tx, patience=patience) else None
        finally:
            self._alone.release()

    def room(self) -> int | None:
        """How many bytes are left on the disk of the database; None where that is its server's."""
        if self.dialect != "sqlite":
            return None
        return shutil.disk_usage(self._folder).free

    def lacks_room(self) -> str:
        """Why nothing may be claimed now: what becomes of a message could not be written down. Empty where there is room.

        PostgreSQL's disk is its server's, which refuses a claim that it cannot write.
        """
        if self.dialect != "sqlite":
            return ""
        disk = shutil.disk_usage(self._folder)
        least = min(LEAST_ROOM, disk.total // _LEAST_PART)
        if disk.free >= least:
            return ""
        return (
            f"the disk of the database has {_mb(disk.free)} left, and nothing is sent with less than {_mb(least)}: "
            f"make room at {self._folder}"
        )

    def takes_no_writes(self) -> str:
        """Why nothing can be written down at all; empty where it can."""
        if self.dialect == "postgresql":
            with self.read() as tx:
                stands = tx.scalar(text("SHOW transaction_read_only")) == "on"
            return "the database is read-only, or a standby" if stands else ""
        read_only = bool(os.statvfs(self._folder).f_flag & os.ST_RDONLY)
        file = self.file
        if read_only or (file and file.exists() and not os.access(file, os.W_OK)):
            return f"the file of the database at {self._folder} may not be written to"
        return ""

    def upgrade(self) -> None:
        """Brings the schema to this version. Safe to call at every start, from several processes.

        Raises:
            SettingsError: when the database cannot be opened.
        """
        try:
            # who only reads must not wait for a writer
            if migrations.pending(self._engine):
                migrations.upgrade(self._engine)
        except DatabaseError as error:
            words = str(error.orig or error).strip().splitlines()[0]
            hint = (
                "is its folder there, may we write into it, and is the file ours?"
                if self.dialect == "sqlite"
                else "does it run, and may we in?"
            )
            raise _wrong_url(f"the database cannot be opened: {words}", hint) from error

    def close(self) -> None:
        self._engine.dispose()

    def _connected(self, _raw: Any, _record: Any) -> None:
        self.connections += 1


def _mb(count: int) -> str:
    return f"{count / 2**20:,.1f} MB"


def open_store(url: str, *, pool_size: int = 8) -> Store:
    """Opens the database of a URL; makes no table.

    Raises:
        SettingsError: when the URL names no database that we know.
    """
    parsed = _parse(url)
    options: dict[str, Any] = {
        "json_serializer": lambda value: orjson.dumps(value, default=str).decode(),
        "json_deserializer": _from_json,
        "pool_size": pool_size,
        "max_overflow": pool_size,
        # the parameters of a statement that failed are customers' own words, and its error ends in the log
        "hide_parameters": True,
    }
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise _wrong_url(
                "a database in memory is lost with its process", "name a file"
            )
        options["connect_args"] = {"timeout": 15, "check_same_thread": False}
        engine = create_engine(parsed, **options)
        _prepare_sqlite(engine)
    else:
        engine = create_engine(parsed, **options)
        _prepare_postgresql(engine)
        _ask_the_rested(engine)
    return Store(engine)


def _from_json(stored: str | bytes | float) -> Any:
    # SQLite keeps a bare number as a number
    return stored if isinstance(stored, int | float) else orjson.loads(stored)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise _wrong_url(
            "is not a database URL", "e.g. sqlite:///aftercart.db"
        ) from None
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise _wrong_url(
            f"{parsed.drivername!r} is not supported", "sqlite:// or postgresql://"
        )
    return parsed


def _wrong_url(message: str, hint: str) -> SettingsError:
    return SettingsError(
        [Problem("environment AFTERCART_DATABASE_URL", 0, 0, message, hint)]
    )


def _ask_the_rested(engine: Engine) -> None:
    """Asks a connection whether it is still there, unless it was used a moment ago: under load that is every second query."""

    @event.listens_for(engine, "checkin")
    def _used(_raw: Any, record: Any) -> None:
        record.info["used"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _wanted(raw: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get("used", 0.0) < _RESTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(raw)
        except Exception as error:
            if not engine.dialect.is_disconnect(error, raw, None):  # type: ignore[arg-type]
                raise
            # the pool throws it away and opens another
            raise DisconnectionError from error


def _prepare_postgresql(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connected(raw: Any, _record: Any) -> None:
        # times arrive as the store gives them on, and need not be turned one by one
        raw.execute("SET TIME ZONE 'UTC'")
        raw.commit()


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connected(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # we say BEGIN ourselves: the driver's own rules start writers too late
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "busy_timeout=15000",
            "cache_size=-32000",
            "temp_store=MEMORY",
        ):
            raw.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        # a writer takes the lock at once: upgrading a read lock later can fail half-way
        connection.exec_driver_sql(
            "BEGIN IMMEDIATE" if options.get("aftercart_write") else "BEGIN"
        )
