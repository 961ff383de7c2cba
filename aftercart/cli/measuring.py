"""`aftercart results`: what campaigns do, beside those who were held back."""

from typing import Annotated, Any

import orjson
import typer
from rich.text import Text

from aftercart import measuring
from aftercart.cli.showing import day, out, quiet_logs, table
from aftercart.errors import InputError
from aftercart.measuring import Results
from aftercart.runtime import open_runtime, read_settings


def results(
    campaign: Annotated[
        str | None, typer.Argument(help="A file of campaigns/, without .yaml")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Only first messages from this day on")
    ] = None,
    json: Annotated[bool, typer.Option(help="One object per campaign")] = False,
) -> None:
    """What campaigns do: how many reach their goal, beside the share that is held back, and whether that is chance."""
    quiet_logs()
    try:
        start = day(since) if since else None
    except ValueError:
        raise InputError(f'--since "{since}" is not a day; write 2026-03-01') from None
    rt = open_runtime(read_settings())
    found = list(measuring.results(rt, campaign, since=start))
    rt.close()
    if json:
        for one in found:
            typer.echo(orjson.dumps(_as_json(one)))
        return
    if not found:
        out.print("no campaign has a goal; see docs/campaigns.md")
    for one in found:
        _show(one, rt.shop.currency)


def _show(one: Results, currency: str) -> None:
    days = one.goal.within.days
    title = f"{one.campaign.name}: {one.goal.event} within {days} days"
    shown = table(
        "", "people", "reached it", "share", "worth per head",
        title=title, numbers=("people", "reached it", "share", "worth per head"),
    )  # fmt: skip
    bought = one.goal.event == "order.placed"
    for name, group, worth in (
        ("got it", one.got, one.worth_got),
        ("held back", one.held, one.worth_held),
    ):
        share = f"{100 * group.share:.1f} %" if group.people else ""
        shown.add_row(
            name,
            f"{group.people:,}",
            f"{group.converted:,}",
            share,
            f"{worth:,} {currency}" if bought and group.people else "",
        )
    out.print(shown)
    if one.campaign.holdout:
        out.print(Text(one.uplift.sentence()), soft_wrap=True)
    else:
        out.print(
            'nobody is held back: without "holdout: 5%" there is nothing to compare with'
        )
    if one.variants:
        _show_variants(one, currency)
    out.print()


def _show_variants(one: Results, currency: str) -> None:
    """The variants of each message below each other; a person counts for the first that they got."""
    numbers = ("people", "reached it", "share", "worth per head")
    shown = table("message", "variant", "template", *numbers, numbers=numbers)
    bought = one.goal.event == "order.placed"
    for v in one.variants:
        shown.add_row(
            str(v.send),
            v.name,
            v.template,
            f"{v.got.people:,}",
            f"{v.got.converted:,}",
            f"{100 * v.got.share:.1f} %" if v.got.people else "",
            f"{v.worth:,} {currency}" if bought and v.got.people else "",
        )
    out.print(shown)
    for v in one.variants:
        if v.beside:
            out.print(Text(v.beside.beside(v.name, v.other)), soft_wrap=True)


def _as_json(one: Results) -> dict[str, Any]:
    return {
        "campaign": one.campaign.name,
        "goal": {"event": one.goal.event, "days": one.goal.within.days},
        "got": {**vars(one.got), "worth_each": str(one.worth_got)},
        "held": {**vars(one.held), "worth_each": str(one.worth_held)},
        "difference": one.uplift.difference,
        "low": one.uplift.low,
        "high": one.uplift.high,
        "sentence": one.uplift.sentence(),
        "variants": [
            {
                "message": v.send,
                "variant": v.name,
                "template": v.template,
                **vars(v.got),
                "worth_each": str(v.worth),
                "difference": v.beside.difference if v.beside else None,
                "low": v.beside.low if v.beside else None,
                "high": v.beside.high if v.beside else None,
                "sentence": v.beside.beside(v.name, v.other) if v.beside else "",
            }
            for v in one.variants
        ],
    }
