"""How does the terminal speak? Tables with aligned numbers, colour for states only, errors as one block."""

import logging
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from aftercart.errors import (
    AftercartError,
    ConfigError,
    InputError,
    Problem,
    SettingsError,
)
from aftercart.model import State

#: Where the output goes into a file or a pipe there is no width to ask for; tables stay readable at this one.
_PIPED = 132
#: Of one file; nobody reads on.
MOST_SHOWN = 50
#: A file beyond this is not opened again to show its lines; of a long line so much is shown.
_LARGE, _WIDE = 1 << 20, 120

out = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPED)
err = Console(stderr=True, highlight=False)

COLOURS = {
    State.SCHEDULED: "cyan",
    State.SENDING: "blue",
    State.ACCEPTED: "green",
    State.UNCERTAIN: "yellow",
    State.UNKNOWN: "magenta",
    State.FAILED: "red",
    State.SKIPPED: "bright_black",
    State.EXPIRED: "yellow",
    State.CANCELLED: "bright_black",
}


def state(value: State) -> Text:
    """A state as a coloured word."""
    return Text(value.value, style=COLOURS[value])


def table(*columns: str, title: str = "", numbers: Sequence[str] = ()) -> Table:
    """An empty table; the columns named in `numbers` are right-aligned."""
    made = Table(
        title=title or None,
        title_justify="left",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )
    for name in columns:
        made.add_column(
            name,
            justify="right" if name in numbers else "left",
            header_style="bold",
            overflow="fold",
        )
    return made


def count(number: int, thing: str) -> str:
    """A number of things in words: "1 message", "3 messages"."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def show_error(error: AftercartError) -> int:
    """Prints an error of ours as one block on stderr; answers the exit code."""
    if isinstance(error, ConfigError):
        problems(error.problems, to=err)
        return 2 if isinstance(error, SettingsError) else 1
    err.print(Text(f"error: {error}", style="red"), soft_wrap=True)
    return 2


def fewer(found: Sequence[Problem]) -> list[Problem]:
    """The first problems of each file, and how many more there are: a file with thousands has one cause, and a reader stops early."""
    shown: list[Problem] = []
    by_file = Counter(p.file for p in found)
    kept: Counter[str] = Counter()
    for problem in found:
        kept[problem.file] += 1
        if kept[problem.file] <= MOST_SHOWN:
            shown.append(problem)
        elif kept[problem.file] == MOST_SHOWN + 1:
            more = count(by_file[problem.file] - MOST_SHOWN, "more problem")
            words = f"and {more} in this file"
            shown.append(Problem(problem.file, 0, 0, words, "mend the first ones"))
    return shown


def problems(found: Iterable[Problem], *, to: Console = out) -> None:
    """Problems as `file:line:column: message`, each with its line, a caret and how to mend it."""
    lines: dict[str, list[str]] = {}
    for problem in found:
        to.print(
            f"[bold]{escape(problem.place)}:[/] [red]{escape(problem.message)}[/]",
            soft_wrap=True,
        )
        if problem.file not in lines:
            lines[problem.file] = _lines(problem.file)
        if 0 < problem.line <= len(lines[problem.file]):
            line, column = _around(lines[problem.file][problem.line - 1], problem)
            to.print(Text(f"    {line}", style="bright_black"), soft_wrap=True)
            to.print(Text("    " + " " * (column - 1) + "^", style="red"))
        if problem.hint:
            to.print(Text(f"    {problem.hint}"), soft_wrap=True)


def _lines(file: str) -> list[str]:
    path = Path(file)
    try:
        if not path.is_file() or path.stat().st_size > _LARGE:
            return []
        return path.read_text("utf-8-sig").splitlines()
    except (OSError, ValueError):
        return []


def _around(line: str, problem: Problem) -> tuple[str, int]:
    """The line, or of a long one what is near the problem, and the problem's column in it."""
    line = re.sub(r"[^ -~\u00a0-\U0010ffff]", " ", line)
    if len(line) <= _WIDE:
        return line, problem.column
    start = max(0, problem.column - 1 - _WIDE // 2)
    before, after = "…" * (start > 0), "…" * (start + _WIDE < len(line))
    near = line[start : start + _WIDE]
    return f"{before}{near}{after}", problem.column - start + len(before)


def quiet_logs(*, verbose: bool = False) -> None:
    """Log lines go to stderr; a command that prints a result keeps only warnings."""
    level = logging.INFO if verbose else logging.WARNING
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def day(text: str) -> datetime:
    """A date or an instant of the command line as aware UTC; a date is its first moment.

    Raises:
        ValueError: when it is neither.
    """
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def days(first: str, last: str) -> tuple[datetime, datetime]:
    """The stretch from a first day to a last one, which is included, as aware UTC.

    Raises:
        InputError: when they are no dates, or in the wrong order.
    """
    try:
        start, end = day(first), day(last) + timedelta(days=1)
    except ValueError as error:
        raise InputError(
            f"--from and --to are dates such as 2017-03-01: {error}"
        ) from None
    if start >= end:
        raise InputError(f"--from {first} is after --to {last}")
    return start, end
