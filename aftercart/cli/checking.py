"""`aftercart check`, `schema`: what marketing asks before anybody hears from it."""

import json
import os
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

import orjson
import typer
from rich.text import Text

from aftercart import loading, rendering, settings, vetting
from aftercart.campaigns import Campaign, Send
from aftercart.cli.showing import count, fewer, out, problems
from aftercart.errors import Problem, SettingsError
from aftercart.model import Purpose
from aftercart.policy.still import templates as templates_of
from aftercart.shop import Shop


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
    campaigns = chosen.folder / "campaigns"
    mistakes = loading.check_folder(campaigns)
    found += mistakes
    # what a template must hold depends on who sends it; with a broken campaign that is not known for sure
    templates = chosen.folder / "templates"
    if mistakes:
        found += rendering.guarded.check(templates)
    else:
        every, shop = loading.load(campaigns)
        found += rendering.guarded.check(
            templates,
            purposes=_purposes(every),
            coupons=_with_coupon(every, shop),
            locale=shop.locale,
        )
        people = vetting.first_names(chosen)
        found += rendering.with_people(templates, people, locale=shop.locale)
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


def _purposes(campaigns: Iterable[Campaign]) -> dict[str, Purpose]:
    """The purpose for which each template is used."""
    return {
        template: campaign.purpose
        for campaign in campaigns
        for step in campaign.steps
        if isinstance(step, Send)
        for template in templates_of(step)
    }


def _with_coupon(campaigns: Iterable[Campaign], shop: Shop) -> set[str]:
    """The templates in which a coupon can be shown: those that only campaigns with one use."""
    brings: dict[str, bool] = {}
    for campaign in campaigns:
        for template in _purposes([campaign]):
            has = campaign.name in shop.coupons
            brings[template] = brings.get(template, True) and has
    return {template for template, has in brings.items() if has}


def schema() -> None:
    """The JSON Schema of a campaign, for editors: aftercart schema > campaigns/schema.json"""
    typer.echo(json.dumps(loading.json_schema(), indent=2, ensure_ascii=False))
