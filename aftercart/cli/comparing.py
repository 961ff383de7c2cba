"""`aftercart plan`: what the files of the working tree would change for whom, against a revision."""

from typing import Annotated, Any

import orjson
import typer
from rich.progress import BarColumn, Progress, TextColumn

from aftercart.backtesting.comparing import Change, Shift, compare
from aftercart.cli.showing import count, err, out, quiet_logs, table
from aftercart.runtime import open_runtime, read_settings

#: People who are named; the JSON has all.
_NAMED = 5


def plan(
    revision: Annotated[
        str, typer.Argument(help="A commit, branch or tag, e.g. HEAD or main")
    ] = "HEAD",
    json: Annotated[
        bool, typer.Option("--json", help="One object per campaign")
    ] = False,
) -> None:
    """What changes for whom between a git revision and the working tree: who enters, who leaves, the coming week, who is on the way."""
    quiet_logs()
    chosen = read_settings()
    rt = open_runtime(chosen)
    now = rt.clock()
    rt.close()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    ) as progress:
        tasks: dict[str, Any] = {}

        def on_page(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done)

        found = compare(chosen, revision, now=now, on_page=on_page)
    if json:
        for one in found:
            typer.echo(orjson.dumps(one))
        return
    _show(found, revision)


def _show(found: list[Change], revision: str) -> None:
    shown = table(
        "campaign", "", "next 7 days", "last 30 days", "enter", "leave", "on the way",
        numbers=("next 7 days", "last 30 days", "enter", "leave", "on the way"),
    )  # fmt: skip
    for one in found:
        how = f"{one.how}: {', '.join(one.keys)}" if one.keys else one.how
        people = one.month or one.week
        shown.add_row(
            one.campaign,
            how,
            _arrow(one.week),
            _arrow(one.month) if one.month else "no orders",
            f"{len(people.enter):,}",
            f"{len(people.leave):,}",
            f"{one.in_flight:,}" if one.in_flight else "",
        )
    out.print(shown)
    out.print()
    for one in found:
        people = one.month or one.week
        for word, ids in (("enter", people.enter), ("leave", people.leave)):
            if ids:
                more = ", …" if len(ids) > _NAMED else ""
                out.print(
                    f"{one.campaign}: {word}: {', '.join(ids[:_NAMED])}{more}",
                    soft_wrap=True,
                )
    staying = sum(one.in_flight for one in found)
    if staying:
        words = "is" if staying == 1 else "are"
        out.print(
            f"{count(staying, 'person').replace('persons', 'people')} {words} on the way with an earlier version of a campaign, and stay with it"
        )
    changed = [one for one in found if one.how != "as before"]
    week = sum(one.week.now - one.week.before for one in found)
    out.print(
        f"against {revision}: {count(len(changed), 'campaign')} {'differs' if len(changed) == 1 else 'differ'}, {week:+,} messages in the coming 7 days if nothing new happens",
        soft_wrap=True,
    )


def _arrow(shift: Shift) -> str:
    moved = f" ({shift.moved:,} at another time)" if shift.moved else ""
    if shift.before == shift.now:
        return f"{shift.now:,}{moved}"
    return f"{shift.before:,} → {shift.now:,}{moved}"
