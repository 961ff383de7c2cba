"""`aftercart cancel`: what is planned and shall not go any more."""

from typing import Annotated

import orjson
import typer

from aftercart import calling_off
from aftercart.calling_off import CalledOff, Scope
from aftercart.cli.showing import count, out, quiet_logs
from aftercart.errors import InputError
from aftercart.runtime import open_desk, read_settings


def cancel(
    what: Annotated[
        str,
        typer.Argument(
            help='"campaign:<name>", "order:<id>", "customer:<id>" or "message:<id>"'
        ),
    ] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="All that is planned, of all campaigns")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="With --all: you are sure")
    ] = False,
    why: Annotated[
        str, typer.Option("--why", help="For the log, and for support")
    ] = "no reason was given",
    json: Annotated[bool, typer.Option("--json", help="The figures as JSON")] = False,
) -> None:
    """Call off what is planned, for good. For later, not never: aftercart pause."""
    quiet_logs()
    if everything == bool(what):
        raise InputError(
            'say what is to be called off, for example "aftercart cancel order:o-1", or --all alone'
        )
    if everything and not yes:
        raise InputError(
            "this calls off all that is planned, of all campaigns, for good: if you are sure, --all --yes"
        )
    rt = open_desk(read_settings())
    try:
        scope = Scope("all") if everything else calling_off.read_scope(rt, what)
        done = calling_off.call_off(rt, scope, who="command line", why=why.strip("."))
    finally:
        rt.close()
    _show(scope, done, json=json)


def _show(scope: Scope, done: CalledOff, *, json: bool) -> None:
    if json:
        typer.echo(orjson.dumps({"scope": str(scope), **vars(done)}))
        return
    out.print(
        f"called off: {scope}: {count(done.messages, 'message')}, {count(done.ways, 'enrollment')}"
    )
    if done.at_provider:
        out.print(
            f"{count(done.at_provider, 'message')} at the provider, or on the way there, can not be called back"
        )
