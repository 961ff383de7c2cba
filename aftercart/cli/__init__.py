"""The command `aftercart`: what can be asked for, and how an error is shown.

Exit codes: 0 fine, 1 findings (a mistake in a file, bad rows), 2 usage (settings, arguments).
"""

import sys

import typer

from aftercart.cli import (
    backtesting,
    cancelling,
    checking,
    comparing,
    demonstrating,
    desk,
    importing,
    measuring,
    pausing,
    previewing,
    rehearsing,
    running,
)
from aftercart.cli.showing import show_error
from aftercart.errors import AftercartError

app = typer.Typer(
    name="aftercart",
    help="Messages after the cart: campaigns as files, every send and every non-send explained.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
db = typer.Typer(name="db", help="The database.", no_args_is_help=True)

app.command()(demonstrating.demo)
app.command()(running.up)
app.command()(running.web)
app.add_typer(importing.app)
app.command()(checking.check)
app.command()(rehearsing.test)
app.command()(backtesting.backtest)
app.command()(comparing.plan)
app.command()(previewing.preview)
app.command()(demonstrating.replay)
app.command()(desk.log)
app.command()(desk.explain)
app.command()(measuring.results)
app.command()(pausing.pause)
app.command()(pausing.resume)
app.command()(cancelling.cancel)
app.command()(demonstrating.sandbox)
app.command()(checking.schema)
app.add_typer(db)
db.command(name="upgrade")(running.upgrade)


def main() -> None:
    """The entry point: runs the command; an error of ours is one block of words, never a traceback."""
    try:
        app()
    except AftercartError as error:
        sys.exit(show_error(error))
