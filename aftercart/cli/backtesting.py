"""`aftercart backtest`: what campaigns would have done, as a table, as JSON, and as a page with charts."""

import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from aftercart import backtesting
from aftercart.backtesting import Backtest, Plan
from aftercart.cli.showing import count, days, err, out, quiet_logs, table
from aftercart.errors import InputError
from aftercart.model import Channel
from aftercart.runtime import read_settings
from aftercart.settings import Settings
from aftercart.web import paper

#: Reasons that the terminal names for each campaign; the report has all.
_WHY = 3
#: How many of the last days are played where none are named.
_DAYS = 30


def backtest(
    campaign: Annotated[
        list[str] | None,
        typer.Argument(help="Files of campaigns/, without .yaml; all without one"),
    ] = None,
    from_: Annotated[
        str,
        typer.Option(
            "--from",
            help="First day, e.g. 2017-03-01 (UTC); without it, the last 30 days of orders",
        ),
    ] = "",
    to: Annotated[
        str, typer.Option("--to", help="Last day, included; without it, the first one")
    ] = "",
    report: Annotated[
        Path | None, typer.Option(help="Write a page with charts and samples here")
    ] = None,
    messages: Annotated[
        Path | None,
        typer.Option(help="Write every message here, one object a line"),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Luck of deliveries that history does not know")
    ] = 1,
    processes: Annotated[
        int, typer.Option(min=0, help="How many at once; 0 for one on each core")
    ] = 0,
    json: Annotated[bool, typer.Option("--json", help="All counts as JSON")] = False,
) -> None:
    """What campaigns would have done to the customers that are known: who, when, why not, how much. Sends nothing, writes nothing."""
    quiet_logs()
    chosen = read_settings()
    start, end = (
        days(from_, to or from_) if from_ else backtesting.latest(chosen, days=_DAYS)
    )
    plan = Plan(start, end, campaign or (), seed, processes, messages is not None)
    began = time.monotonic()
    found, lines = _run(chosen, plan)
    if messages:
        _write(messages, b"\n".join(sorted(lines)) + b"\n")
    if report:
        _write(report, paper.page(found).encode())
    if json:
        typer.echo(orjson.dumps(backtesting.as_json(found), option=orjson.OPT_INDENT_2))
        return
    _show(found)
    for path in filter(None, (report, messages)):
        out.print(f"written: {path}", soft_wrap=True)
    out.print(_summary(found, time.monotonic() - began), soft_wrap=True)


def _run(chosen: Settings, plan: Plan) -> tuple[Backtest, list[bytes]]:
    """The back-test with its progress, and each message as a line where they are wanted."""
    lines: list[bytes] = []
    with _progress() as progress:
        task = progress.add_task("customers", total=0)
        found = backtesting.run(
            chosen,
            plan,
            on_page=lambda done, total: progress.update(
                task, completed=done, total=total
            ),
            on_message=lambda told: lines.append(orjson.dumps(told)),
        )
    return found, lines


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f}"),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


def _write(path: Path, text: bytes) -> None:
    try:
        path.write_bytes(text)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None


def _show(found: Backtest) -> None:
    tally = found.tally
    shown = table(
        "campaign", "people", "e-mails", "texts", "not sent", "why not, mostly",
        numbers=("people", "e-mails", "texts", "not sent"),
    )  # fmt: skip
    for campaign in found.campaigns:
        name = campaign.name
        why = backtesting.why_not(tally, name)
        mostly = ", ".join(f"{n:,} {code}" for code, n in why[:_WHY])
        shown.add_row(
            name,
            f"{tally.reached[name]:,}",
            f"{tally.sent[name, Channel.EMAIL]:,}",
            f"{tally.sent[name, Channel.SMS]:,}",
            f"{sum(n for _, n in why):,}",
            mostly,
        )
    out.print(shown)
    out.print()
    _waits(found)
    _collisions(found)
    _texts(found)


def _waits(found: Backtest) -> None:
    """What went later than it might have."""
    if not found.tally.held:
        return
    shown = table("had to wait", "messages", "because", numbers=("messages",))
    for (campaign, code), n in found.tally.held.most_common():
        shown.add_row(campaign, f"{n:,}", found.tally.examples[campaign, code])
    out.print(shown)
    out.print()


def _collisions(found: Backtest) -> None:
    if not found.tally.collisions:
        return
    shown = table(
        "had the place", "waited for one", "messages", "and were",
        numbers=("messages",),
    )  # fmt: skip
    for (winner, loser, became), n in found.tally.collisions.most_common(10):
        shown.add_row(winner, loser, f"{n:,}", became)
    out.print(shown)
    out.print()


def _texts(found: Backtest) -> None:
    parts = Counter[str]()
    for (_, country), n in found.tally.parts.items():
        parts[country] += n
    if not parts:
        return
    shown = table(
        "texts to", "messages", "parts", "cost", numbers=("messages", "parts", "cost")
    )
    cost = found.tally.cost(found.shop.sms_prices)
    for country, n in parts.most_common():
        texts = sum(c for (_, to), c in found.tally.texts.items() if to == country)
        price = (
            f"{cost[country]:,.2f} {found.shop.currency}"
            if country in cost
            else "no price in shop.yaml"
        )
        shown.add_row(country, f"{texts:,}", f"{n:,}", price)
    out.print(shown)
    out.print()


def _summary(found: Backtest, took: float) -> str:
    tally, plan = found.tally, found.plan
    sent = sum(tally.sent.values())
    people = tally.people - tally.per_person[0]
    most = max(tally.per_week, default=0)
    last = plan.end - timedelta(minutes=1)
    return (
        f"{plan.start:%Y-%m-%d} to {last:%Y-%m-%d}, {count(found.orders, 'order')}: "
        f"{count(sent, 'message')} to {people:,} of {count(tally.people, 'customer')}, "
        f"{sum(tally.ended.values()):,} not sent; nobody has more than {most} marketing within 7 days; {took:.1f} s"
    )
