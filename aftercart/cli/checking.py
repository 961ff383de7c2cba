"""`aftercart check`, `schema`: what marketing asks before anybody hears from it."""

import json
import os
from enum import StrEnum
from typing import Annotated

import orjson
import typer
from rich.text import Text

from aftercart import loading, settings, vetting
from aftercart.cli.showing import count, fewer, out, problems
from aftercart.errors import Problem, SettingsError


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
    found += vetting.check(chosen)
    _say(found, chosen, format)
    if found:
        raise typer.Exit(1)


def _say(found: list[Problem], chosen: settings.Settings, format: Format) -> None:
    all_ = len(found)
    files = len({p.file for p in found})
    found = fewer(found)
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
        if found:
            out.print(f"{count(all_, 'problem')} in {count(files, 'file')}")
        else:
            for name, value in chosen.masked().items():
                out.print(
                    Text(f"{name}  {value or 'not set'}", style="bright_black"),
                    soft_wrap=True,
                )
            out.print("campaigns, templates and settings are fine")


def schema() -> None:
    """The JSON Schema of a campaign, for editors: aftercart schema > campaigns/schema.json"""
    typer.echo(json.dumps(loading.json_schema(), indent=2, ensure_ascii=False))
