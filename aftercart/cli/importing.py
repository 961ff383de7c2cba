"""`aftercart import customers|orders|events FILE…`: what is asked on the command line, and what is shown of an import."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.progress import TimeRemainingColumn as Remaining
from rich.text import Text

from aftercart import enrolling, importing
from aftercart.errors import AftercartError
from aftercart.importing import Report
from aftercart.importing.report import Progress as Told
from aftercart.runtime import Runtime, open_runtime, read_settings

#: Bad rows that are shown without being asked for all.
SHOWN = 20

app = typer.Typer(
    name="import",
    help="Read customers, orders or events from CSV, Parquet or NDJSON. Good rows are kept, bad ones listed; twice changes nothing.",
    no_args_is_help=True,
)

Files = Annotated[
    list[Path], typer.Argument(metavar="FILE…", help="CSV, Parquet or NDJSON")
]
Columns = Annotated[
    str,
    typer.Option(
        metavar="OURS=THEIRS,…", help="Where the file names a column otherwise"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One object per file and line")]
AllBad = Annotated[
    bool, typer.Option("--all-bad", help=f"List all bad rows, not the first {SHOWN}")
]

#: Reads one file: path, progress -> what came of it.
Import = Callable[[Path, Told], Report]


@app.command()
def customers(
    file: Files, columns: Columns = "", json: AsJson = False, all_bad: AllBad = False
) -> None:
    """Customers, one row each: customer_id, first_name, email, phone, timezone, country, locale, and three consents."""
    names = _mapping(columns)

    def read(rt: Runtime, path: Path, progress: Told) -> Report:
        return importing.import_customers(rt, path, columns=names, progress=progress)

    with _runtime() as rt:
        _run(file, partial(read, rt), json=json, all_bad=all_bad)


@app.command()
def orders(
    file: Files, columns: Columns = "", json: AsJson = False, all_bad: AllBad = False
) -> None:
    """Orders, one row per order line: order_id, customer_id, placed_at, product, category, quantity, line_total or price."""
    names = _mapping(columns)

    def read(rt: Runtime, path: Path, progress: Told) -> Report:
        return importing.import_orders(rt, path, columns=names, progress=progress)

    with _runtime() as rt:
        try:
            _run(file, partial(read, rt), json=json, all_bad=all_bad)
        finally:
            # even where nothing is new or a file was refused: an earlier run may have ended between its orders and this
            enrolling.rebuild_rhythms(rt)


@app.command()
def events(
    file: Files, columns: Columns = "", json: AsJson = False, all_bad: AllBad = False
) -> None:
    """Events, one each, in the form in which they would be posted; they enroll whom they concern."""
    names = _mapping(columns)

    def read(rt: Runtime, path: Path, progress: Told) -> Report:
        take_in = partial(enrolling.take_in, rt)
        return importing.import_events(
            path, take_in=take_in, columns=names, progress=progress
        )

    with _runtime() as rt:
        _run(file, partial(read, rt), json=json, all_bad=all_bad)


def _mapping(said: str) -> dict[str, str]:
    """`ours=theirs,…` as a mapping."""
    pairs = [pair.partition("=") for pair in said.split(",") if pair.strip()]
    for ours, equals, theirs in pairs:
        if not (ours.strip() and equals and theirs.strip()):
            raise typer.BadParameter(
                f'"{ours}{equals}{theirs}" is not OURS=THEIRS; write for example customer_id=Client,email=Mail',
                param_hint="--columns",
            )
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}


@contextmanager
def _runtime() -> Iterator[Runtime]:
    """The runtime of this process. What is wrong with settings or files ends the command with 2 and its words."""
    try:
        rt = open_runtime(read_settings())
        try:
            yield rt
        finally:
            rt.close()
    except AftercartError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def _run(files: list[Path], read: Import, *, json: bool, all_bad: bool) -> None:
    fine = True
    for path in files:
        with _bar(path.name) as told:
            report = read(path, told)
        fine = fine and report.fine
        if json:
            typer.echo(orjson.dumps(asdict(report)))
        else:
            _show(report, most=len(report.bad) if all_bad else SHOWN)
    if not fine:
        raise typer.Exit(1)


def _show(report: Report, *, most: int) -> None:
    for bad in report.bad[:most]:
        typer.echo(f"{report.file}: {bad}")
    more = report.bad_count - min(len(report.bad), most)
    if more:
        hidden = len(report.bad) > most
        hint = "; --all-bad lists more" if hidden else "; mend these and import again"
        typer.echo(f"… and {more:,} more{hint}")
    typer.echo(summary(report))


def summary(report: Report) -> str:
    """An import in one line, to be pasted into a chat."""
    rate = report.read / report.seconds if report.seconds else 0
    said = (
        f"{report.read:,} rows read",
        f"{report.added:,} added",
        f"{report.known:,} known already",
        f"{report.left_out:,} left out",
        f"{report.seconds:.1f} s ({rate:,.0f} rows/s)",
    )
    return f"{report.file}: " + ", ".join(said)


@contextmanager
def _bar(name: str) -> Iterator[Told]:
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        _Rate(),
        Remaining(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        task = progress.add_task(name, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


class _Rate(ProgressColumn):
    """Rows a second, once that is known."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} rows/s" if task.speed else "")
