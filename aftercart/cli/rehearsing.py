"""`aftercart test`: plays the tests that stand in the campaigns' own files."""

from typing import Annotated, Any

import orjson
import typer
from rich.text import Text

from aftercart import loading, rehearsing
from aftercart.cli.showing import count, out, quiet_logs
from aftercart.rehearsing import Rehearsed
from aftercart.runtime import read_settings


def test(
    campaign: Annotated[
        list[str] | None,
        typer.Argument(help="Files of campaigns/, without .yaml; all without one"),
    ] = None,
    json: Annotated[bool, typer.Option(help="One object per test")] = False,
) -> None:
    """Play the tests of the campaigns: an invented customer, a pushed clock, and what has to come of it."""
    quiet_logs()
    settings = read_settings()
    chosen = loading.load_campaigns(settings.folder / "campaigns", campaign or ())
    played: list[Rehearsed] = []
    for one in rehearsing.rehearse(settings, chosen):
        played.append(one)
        if json:
            typer.echo(orjson.dumps(_as_json(one)))
        else:
            _show(one)
    wrong = sum(bool(one.wrong) for one in played)
    if not json:
        if untested := [c.name for c in chosen if not c.examples]:
            out.print(f"without tests: {', '.join(untested)}")
        out.print(
            f"{count(len(played), 'test')}, {count(wrong, 'failure')}"
            if played
            else "there are no tests"
        )
    if wrong:
        raise typer.Exit(1)


def _show(one: Rehearsed) -> None:
    mark = Text("✗ ", style="red") if one.wrong else Text("✓ ", style="green")
    title = one.example.title or f"line {one.example.place.line}"
    out.print(mark + Text(f"{one.campaign}: {title}"), soft_wrap=True)
    if not one.wrong:
        return
    for words in one.wrong:
        out.print(Text(f"    {words}", style="red"), soft_wrap=True)
    out.print("    what came:", style="bright_black")
    for came in one.came:
        out.print(Text(f"      {came}", style="bright_black"), soft_wrap=True)
    if not one.came:
        out.print(
            "      nothing, and nobody entered the campaign", style="bright_black"
        )


def _as_json(one: Rehearsed) -> dict[str, Any]:
    return {
        "campaign": one.campaign,
        "test": one.example.title,
        "place": str(one.example.place),
        "passed": not one.wrong,
        "wrong": list(one.wrong),
        "came": [
            {
                "at": came.at,
                "channel": came.channel,
                "template": came.template,
                "reason": came.reason.to_json() if came.reason else None,
            }
            for came in one.came
        ],
    }
