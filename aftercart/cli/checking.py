"""`aftercart check`, `preview`, `schema`: what marketing asks before anybody hears from it."""

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.panel import Panel
from rich.text import Text

from aftercart import loading, previewing, rendering, settings, sms
from aftercart.cli.showing import out, problems, quiet_logs
from aftercart.errors import Problem, SettingsError
from aftercart.model import Channel
from aftercart.runtime import open_runtime, read_settings


class Format(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def check(
    format: Annotated[Format, typer.Option(help="text, json or github")] = Format.TEXT,
) -> None:
    """Compile every campaign, template and setting; every mistake at once, as file:line:column: message."""
    found: list[Problem] = []
    try:
        chosen = settings.read(os.environ)
    except SettingsError as error:
        found += error.problems
        chosen = settings.Settings()
    found += loading.check_folder(chosen.folder / "campaigns")
    found += rendering.check(chosen.folder / "templates")
    if format is Format.JSON:
        typer.echo(orjson.dumps([vars(p) for p in found], option=orjson.OPT_INDENT_2))
    elif format is Format.GITHUB:
        for p in found:
            hint = f" ({p.hint})" if p.hint else ""
            typer.echo(
                f"::error file={p.file},line={p.line},col={p.column}::{p.message}{hint}"
            )
    else:
        problems(found)
        files = len({p.file for p in found})
        if found:
            out.print(f"{len(found)} problems in {files} files")
        else:
            for name, value in chosen.masked().items():
                out.print(
                    Text(f"{name}  {value}", style="bright_black"), soft_wrap=True
                )
            out.print("campaigns, templates and settings are fine")
    if found:
        raise typer.Exit(1)


def preview(
    campaign: Annotated[
        str, typer.Argument(help="A file of campaigns/, without .yaml")
    ],
    customer: Annotated[
        str | None, typer.Option(help="A customer's id; without one, sample words")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where the HTML goes")] = Path(
        "var/preview"
    ),
) -> None:
    """What a customer would see: HTML (as a file), subject, preview line, text, SMS with its parts."""
    quiet_logs()
    rt = open_runtime(read_settings())
    for shown in previewing.preview(rt, campaign, customer_id=customer):
        if shown.channel is Channel.SMS:
            cost = sms.measure(shown.rendered.text)
            words = f"SMS · {cost.parts} part(s), {cost.units} units, {cost.encoding}"
            if cost.culprits:
                words += f" because of {' '.join(cost.culprits)}"
            out.print(
                Panel(shown.rendered.text, title=words, title_align="left", width=64)
            )
            continue
        folder.mkdir(parents=True, exist_ok=True)
        page = folder / f"{shown.template}.html"
        page.write_text(shown.rendered.html)
        title = f"e-mail · {shown.rendered.subject}"
        body = f"{shown.preview_text}\n\n{shown.rendered.text.strip()}"
        out.print(Panel(Text(body), title=Text(title), title_align="left", width=84))
        out.print(f"HTML, {page.stat().st_size / 1024:.0f} KB: {page}")
    rt.close()


def schema() -> None:
    """The JSON Schema of a campaign, for editors: aftercart schema > campaigns/schema.json"""
    typer.echo(json.dumps(loading.json_schema(), indent=2, ensure_ascii=False))
