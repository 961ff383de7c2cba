"""What came of an import: how many rows were read, added and known, and which ones were bad."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

#: Told while an import runs: rows done, rows in all.
Progress = Callable[[int, int], None]

#: Bad rows that are kept word for word; the rest is only counted.
LISTED = 1_000


def silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class BadRow:
    """One thing wrong with a row: its number among the rows of data, its line where the file has lines, what, how to mend it.

    Where only a field was left out, `kept` is true: the rest of the row is stored.
    """

    row: int
    line: int | None
    column: str
    message: str
    kept: bool = False

    def __str__(self) -> str:
        where = f"row {self.row}" + (f" (line {self.line})" if self.line else "")
        what = f"{self.column}: {self.message}" if self.column else self.message
        return f"{where}: {what}" + (" (the rest of the row is kept)" * self.kept)


@dataclass(frozen=True)
class Report:
    """The end of an import. `read` = `added` + `known` + `left_out`; what is counted are rows of the file."""

    file: str
    read: int
    added: int
    known: int
    left_out: int
    bad: tuple[BadRow, ...]  #: the first LISTED
    bad_count: int
    seconds: float

    @property
    def fine(self) -> bool:
        return self.bad_count == 0


@dataclass
class Tally:
    """An import's counts while it runs."""

    file: str
    read: int = 0
    added: int = 0
    known: int = 0
    left_out: int = 0
    bad: list[BadRow] = field(default_factory=list)
    bad_count: int = 0
    started: float = field(default_factory=monotonic)

    def complain(
        self, row: int, line: int | None, column: str, message: str, *, kept: bool
    ) -> None:
        """Lists one thing wrong."""
        self.bad_count += 1
        if len(self.bad) < LISTED:
            self.bad.append(BadRow(row, line, column, message, kept))

    def report(self) -> Report:
        """The counts as they stand."""
        return Report(
            file=self.file,
            read=self.read,
            added=self.added,
            known=self.known,
            left_out=self.left_out,
            bad=tuple(sorted(self.bad, key=lambda b: (b.row, b.column))),
            bad_count=self.bad_count,
            seconds=monotonic() - self.started,
        )
