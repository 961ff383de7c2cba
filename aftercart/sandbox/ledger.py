"""What reached the sandbox? A durable file, one JSON object per line, written before the answer goes out.

A line is what tests and people compare with the delivery log. Lines that wait at the same time share one sync.
"""

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from aftercart.errors import InputError

Entry = dict[str, Any]


class Ledger:
    """Appends entries; `append` returns once the entry is on the disk."""

    def __init__(self, path: Path, *, written: Callable[[Entry, int], None]) -> None:
        """`written` is told every entry with the offset at which it ends, in the order of the file.

        Raises:
            InputError: when another process writes to this file.
        """
        self.path, self._written = path, written
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            insist_on_being_alone(self._file, path)
        except InputError:
            os.close(self._file)
            raise
        self.size = _drop_torn_line(self._file)
        self._waiting: list[tuple[Entry, bytes, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def append(self, entry: Entry) -> None:
        """Write one entry; it is on the disk when this returns."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._waiting.append((entry, orjson.dumps(entry) + b"\n", done))
        if self._writing is None:
            self._writing = loop.create_task(self._drain())
        await done

    def fileno(self) -> int:
        """The open file: whoever holds it too keeps the ledger locked."""
        return self._file

    def close(self) -> None:
        """Close the file. Nothing may be waiting."""
        os.close(self._file)

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                lines = b"".join(line for _, line, _ in batch)
                try:
                    end = await loop.run_in_executor(None, self._write, lines)
                except OSError as error:
                    failed: OSError | None = error
                else:
                    failed = None
                    self.size = end - len(lines)
                for entry, line, done in batch:
                    if failed is None:
                        self.size += len(line)
                        self._written(entry, self.size)
                    _settle(done, failed)
        finally:
            # where the server was stopped in the middle, nobody waits any more, and what was not written has not come
            self._waiting.clear()
            self._writing = None

    def _write(self, lines: bytes) -> int:
        """Where the file ends after it: a server that was stopped may have left a line that nobody counted."""
        while lines:
            lines = lines[os.write(self._file, lines) :]
        os.fsync(self._file)
        return os.fstat(self._file).st_size


def insist_on_being_alone(file: int, path: Path) -> None:
    """Locks an open ledger until it is closed, or its process is gone.

    Raises:
        InputError: when another process has it.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError(
            f"another process writes to the ledger {path}: wait until it has ended, or name another one with --ledger"
        ) from None


def _settle(done: asyncio.Future[None], failed: OSError | None) -> None:
    if done.cancelled():
        return
    if failed is None:
        done.set_result(None)
    else:
        done.set_exception(failed)


def read_ledger(path: Path, *, start: int = 0) -> Iterator[Entry]:
    """The entries of a ledger in order, from the byte `start` on. A last line that was torn by a crash was never answered and is left out."""
    for entry, _ in read_with_offsets(path, start=start):
        yield entry


def read_with_offsets(path: Path, *, start: int = 0) -> Iterator[tuple[Entry, int]]:
    """Each entry with the offset at which it ends."""
    if not path.exists():
        return
    with path.open("rb") as file:
        end = file.seek(start)
        for line in file:
            if not line.endswith(b"\n"):
                return
            end += len(line)
            yield orjson.loads(line), end


def _drop_torn_line(file: int) -> int:
    """Cut what a crash left half written, so that the next entry does not grow onto it; the size that remains."""
    size = end = os.fstat(file).st_size
    while end > 0:
        start = max(0, end - 65_536)
        newline = os.pread(file, end - start, start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end != size:
        os.ftruncate(file, end)
    return end
