"""`aftercart log`, `explain`: what support asks."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any

import orjson
import typer
from rich.text import Text

from aftercart import explaining, moments
from aftercart.cli.showing import count, day, out, quiet_logs, state, table
from aftercart.errors import InputError
from aftercart.explaining import Explanation
from aftercart.model import State
from aftercart.runtime import Runtime, open_runtime, read_settings
from aftercart.spelling import did_you_mean
from aftercart.store import records
from aftercart.store.records import LogRow

_PAGE = 1000
#: What `--follow` has printed; two messages may be planned in one moment.
_SEEN: set[str] = set()
_MARKS = {"yes": ("✓", "green"), "no": ("✗", "red"), "wait": ("…", "yellow")}


def log(
    customer: Annotated[str | None, typer.Option(help="A customer's id")] = None,
    order: Annotated[str | None, typer.Option(help="An order's id")] = None,
    campaign: Annotated[str | None, typer.Option(help="A campaign's name")] = None,
    state: Annotated[
        State | None, typer.Option(help="Where the message stands")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Planned since: a date or an instant")
    ] = None,
    limit: Annotated[int, typer.Option(help="How many; 0 for all")] = 50,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on with what comes")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One object a line")] = False,
) -> None:
    """The delivery log, the last to be planned first: what was sent, what was not, and why."""
    quiet_logs()
    rt = open_runtime(read_settings())
    asked = {
        "customer": customer,
        "order": order,
        "campaign": campaign,
        "state": state,
        "since": _moment(since, "--since"),
    }
    shown = _pages(rt, asked, limit=limit, json=json)
    if campaign and not shown and campaign not in rt.campaigns:
        raise InputError(
            f'there is no campaign "{campaign}"; {did_you_mean(campaign, rt.campaigns)}'
        )
    if not json and not follow:
        out.print(_foot(rt, asked, shown=shown, limit=limit), soft_wrap=True)
    while follow:
        time.sleep(1)
        _follow(rt, asked, json=json)
    rt.close()


def explain(
    customer: Annotated[str, typer.Option(help="A customer's id")],
    campaign: Annotated[
        str | None, typer.Option(help="One campaign; default: all")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            help="A day on the customer's calendar, or an instant; default: now"
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One object a line")] = False,
) -> None:
    """Why a customer got a message, or not: every check, its value, what it needed, its line in the YAML."""
    quiet_logs()
    rt = open_runtime(read_settings())
    found = explaining.explain(rt, customer, campaign=campaign, at=_day_or_moment(at))
    for each in found:
        if json:
            typer.echo(orjson.dumps(_as_json(each)))
        else:
            _show(each)
    rt.close()


def _pages(rt: Runtime, asked: dict[str, Any], *, limit: int, json: bool) -> int:
    count, before = 0, None
    while True:
        size = min(_PAGE, limit - count) if limit else _PAGE
        with rt.store.read() as tx:
            rows = records.log(tx, **asked, before=before, limit=size) if size else []
            brought = records.coupons(
                tx, [r.id for r in rows if json and r.campaign in rt.shop.coupons]
            )
        rows = [replace(r, coupon=brought.get(r.id, "")) for r in rows]
        _print(rows, json=json)
        count += len(rows)
        if len(rows) < size or not rows or count == limit:
            return count
        before = (rows[-1].created_at, rows[-1].id)


def _print(rows: Sequence[LogRow], *, json: bool) -> None:
    if json:
        for row in rows:
            typer.echo(orjson.dumps(row.to_json()))
        return
    if not rows:
        return
    shown = table("when", "campaign", "customer", "channel", "state", "why", "message")
    for row in rows:
        why = (
            row.reason.sentence()
            if row.reason and row.state is not State.ACCEPTED
            else row.delivery
        )
        shown.add_row(
            _local(row.accepted_at or row.due_at, row.timezone),
            row.campaign,
            row.customer,
            row.channel.value,
            state(row.state),
            why,
            Text(row.id[:8], style="bright_black"),
        )
    out.print(shown)


def _foot(rt: Runtime, asked: dict[str, Any], *, shown: int, limit: int) -> str:
    """What the table above does not say by itself: its order, its clock, and whether there may be more."""
    if shown:
        more = "; --limit 0 shows all" if shown == limit else ""
        return f"{count(shown, 'message')}, the last to be planned first, each on its customer's clock{more}"
    if any(asked.values()):
        return "no message fits; leave out a filter"
    database = rt.settings.masked()["AFTERCART_DATABASE_URL"]
    return f"no message so far in {database}; AFTERCART_DATABASE_URL names another database"


def _follow(rt: Runtime, asked: dict[str, Any], *, json: bool) -> None:
    """Prints what was planned since the last look, oldest first."""
    with rt.store.read() as tx:
        rows = records.log(tx, **asked, limit=_PAGE)
    fresh = [r for r in rows if r.id not in _SEEN]
    _SEEN.update(r.id for r in fresh)
    if rows:
        asked["since"] = rows[0].created_at
    _print(fresh[::-1], json=json)


def _show(each: Explanation) -> None:
    zone = each.customer.timezone
    name = f"{each.customer.first_name} ({each.customer.id})".strip()
    title = Text(f"{each.campaign.title} for {name}", style="bold")
    out.print(title.append(f"  times in {zone}", style="bright_black"))
    mark, colour = _MARKS["yes" if each.day.got else "no"]
    answer = Text(f"  {each.day.date:%a %e %b %Y}  ")
    answer.append(mark, style=colour).append(f" {each.day.sentence}")
    out.print(answer, soft_wrap=True)
    for check in each.day.checks:
        _line(check)
    if each.messages:
        out.print(Text("  Messages:", style="bright_black"))
    for told in each.messages:
        when = _day(told.message.accepted_at or told.message.due_at, zone)
        line = Text(f"  {when}  ")
        line.append_text(state(told.message.state))
        line.append(f"  {told.sentence}")
        if variant := told.message.facts.get("variant"):
            line.append(f"  variant {variant}")
        if told.version != explaining.CURRENT:
            line.append(f"  {told.version}", style="bright_black")
        out.print(line, soft_wrap=True)
        if told.checks:
            out.print(Text("    Checked now:", style="bright_black"))
        for check in told.checks:
            _line(check)
    for ahead in each.ahead:
        _line(ahead, needs="")
    if each.coming:
        out.print(Text("  In the coming seven days:", style="bright_black"))
    for one in each.coming:
        _coming(one, zone)
    out.print(Text("  For the next one:", style="bright_black"))
    for line_ in each.entry:
        _line(line_)
    out.print()


def _coming(one: explaining.Coming, zone: str) -> None:
    mark, colour = _MARKS["wait" if one.goes else "no"]
    text = Text(f"    {_day(one.at, zone)}  ")
    text.append(mark, style=colour)
    text.append(f" {one.channel}: {one.template}: {one.words}")
    out.print(text, soft_wrap=True)
    for words in one.sooner:
        out.print(
            Text(f"      not sooner: {words}", style="bright_black"), soft_wrap=True
        )


def _line(line: explaining.Line, *, needs: str = "needs: ") -> None:
    mark, colour = _MARKS[line.outcome]
    text = Text("    ")
    text.append(mark, style=colour)
    text.append(f" {line.check}: {line.seen}")
    text.append(f"  ({needs}{line.needed})", style="bright_black")
    if line.place:
        text.append(f"  {line.place}", style="bright_black")
    out.print(text, soft_wrap=True)


def _as_json(each: Explanation) -> dict[str, Any]:
    return {
        "campaign": each.campaign.name,
        "customer": each.customer.id,
        "messages": [
            {
                "id": t.message.id,
                "state": t.message.state,
                "due_at": t.message.due_at,
                "sentence": t.sentence,
                "version": t.version,
                "variant": t.message.facts.get("variant", ""),
                "checks": [vars(c) for c in t.checks],
            }
            for t in each.messages
        ],
        "waiting": [
            {"occurrence": e.occurrence, "due_at": e.due_at} for e in each.waiting
        ],
        "day": {
            "date": each.day.date,
            "got": each.day.got,
            "sentence": each.day.sentence,
            "checks": [vars(line) for line in each.day.checks],
        },
        "coming": [vars(one) for one in each.coming],
        "ahead": [vars(line) for line in each.ahead],
        "entry": [vars(line) for line in each.entry],
    }


def _day_or_moment(text: str | None) -> date | datetime | None:
    """A date as such: it is a day of the customer's calendar, and begins when theirs does."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return _moment(text, "--at")


def _moment(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    try:
        return day(text)
    except ValueError:
        raise InputError(
            f'{option}: "{text}" is not a date; write 2026-03-02 or 2026-03-02T10:00Z'
        ) from None


def _local(at: datetime, zone: str) -> str:
    return f"{moments.local(at, moments.zone(zone)):%d %b %H:%M}"


def _day(at: datetime, zone: str) -> str:
    """As the lines of an explanation say it, in a column."""
    return f"{moments.local(at, moments.zone(zone)):%a %e %b %H:%M}"
