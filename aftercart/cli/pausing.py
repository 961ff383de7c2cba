"""`aftercart pause`, `resume`: what is held, and what would go out when it is not held any more."""

from typing import Annotated

import orjson
import typer

from aftercart import loading
from aftercart.cli.showing import count, out, quiet_logs, table
from aftercart.errors import InputError
from aftercart.runtime import Runtime, open_desk, read_settings
from aftercart.spelling import did_you_mean
from aftercart.store import pauses, records
from aftercart.store.pauses import SAFE_MODE, Pause
from aftercart.store.records import Waiting


def pause(
    scope: Annotated[
        str,
        typer.Argument(
            help='"all", "channel:sms", "campaign:<name>" or a campaign\'s name'
        ),
    ],
) -> None:
    """Hold everything, a channel or a campaign. Takes effect with the next claim; nothing is lost."""
    rt = open_desk(read_settings())
    scope = _scope(rt, scope)
    with rt.store.write() as tx:
        pauses.pause(tx, scope, at=rt.clock(), by="command line")
    out.print(f"paused: {scope}")
    rt.close()


def resume(
    scope: Annotated[
        str, typer.Argument(help="What was paused; nothing with --reviewed")
    ] = "",
    reviewed: Annotated[
        bool,
        typer.Option(
            "--reviewed",
            help="End safe mode: you have looked, and what the table shows may go",
        ),
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="What waits in safe mode, one object a line")
    ] = False,
) -> None:
    """Lift a pause; what is still useful goes out. In safe mode, shows what that is."""
    quiet_logs()
    rt = open_desk(read_settings())
    if reviewed or scope in ("", SAFE_MODE):
        _review(rt, reviewed=reviewed, json=json)
    else:
        _lift(rt, scope)
    rt.close()


def _lift(rt: Runtime, scope: str) -> None:
    with rt.store.write() as tx:
        # what Aftercart itself holds has names that nobody can pause
        scope = scope if scope in pauses.paused(tx) else _scope(rt, scope)
        was_paused = pauses.resume(tx, scope, now=rt.clock())
        safe = SAFE_MODE in pauses.paused(tx)
    out.print(f"resumed: {scope}" if was_paused else f"{scope} was not paused")
    if safe:
        out.print(
            "marketing and surveys wait all the same, in safe mode: aftercart resume"
        )


def _review(rt: Runtime, *, reviewed: bool, json: bool) -> None:
    """What waits in safe mode; with the yes of a person it goes."""
    with rt.store.read() as tx:
        held = pauses.paused(tx)
        waiting = records.waiting(tx, now=rt.clock())
    if SAFE_MODE not in held and not reviewed:
        known = ", ".join(sorted(held)) or "nothing is held"
        raise InputError(f"say what is to be resumed; held now: {known}")
    _show(held.get(SAFE_MODE), waiting, json=json)
    if not reviewed:
        if not json:
            out.print(_ADVICE, soft_wrap=True)
        raise typer.Exit(1)
    if rt.identity is None:
        raise InputError("this database belongs to a demo or a replay: nothing waits")
    was_safe = rt.identity.accept()
    if not json:
        out.print("safe mode is over" if was_safe else "there was no safe mode")


_ADVICE = (
    "If this database is the one that your shop sends from, and what the table shows was not sent meanwhile: "
    "aftercart resume --reviewed. Else stop this process: what has been sent before would be sent again."
)


def _show(held: Pause | None, waiting: list[Waiting], *, json: bool) -> None:
    if json:
        for one in waiting:
            typer.echo(orjson.dumps(vars(one)))
        return
    if held:
        out.print(
            f"safe mode since {held.since:%Y-%m-%d %H:%M} UTC: {held.words}",
            soft_wrap=True,
        )
    if not waiting:
        out.print("no marketing and no survey is due")
        return
    numbers = ("would go", "too late", "not allowed")
    shown = table("campaign", "purpose", *numbers, "oldest due", numbers=numbers)
    for one in waiting:
        figures = (one.would_go, one.too_late, one.not_allowed)
        oldest = f"{one.oldest_due:%Y-%m-%d %H:%M} UTC"
        shown.add_row(one.campaign, one.purpose, *(f"{n:,}" for n in figures), oldest)
    out.print(shown)
    go, late = (sum(getattr(w, n) for w in waiting) for n in ("would_go", "too_late"))
    out.print(
        f"{count(go, 'message')} would go, in their hours and under their caps; {late:,} too late to be useful"
    )


def _scope(rt: Runtime, text: str) -> str:
    """The scope that is meant; a bare name is a campaign.

    Raises:
        InputError: when there is no such campaign or channel.
    """
    if text in ("all", "channel:email", "channel:sms"):
        return text
    name = text.removeprefix("campaign:")
    campaigns = loading.names(rt.settings.folder / "campaigns")
    if name not in campaigns:
        known = ["all", "channel:email", "channel:sms", *campaigns]
        raise InputError(
            f'"{text}" can not be paused; {did_you_mean(name, known) or "known: " + ", ".join(known)}'
        )
    return f"campaign:{name}"
