"""The command `aftercart`: what can be asked for, and how an error is shown.

Exit codes: 0 fine, 1 findings (a mistake in a file, bad rows), 2 usage (settings, arguments).
"""

import importlib
import sys
from collections.abc import Sequence

import typer

from aftercart.cli.showing import show_error
from aftercart.errors import AftercartError

#: Where each command stands: its file, and its name there. In the order in which they are shown.
_COMMANDS = {
    "demo": "demonstrating.demo",
    "up": "running.up",
    "web": "running.web",
    "check": "checking.check",
    "test": "rehearsing.test",
    "backtest": "backtesting.backtest",
    "plan": "comparing.plan",
    "preview": "previewing.preview",
    "replay": "demonstrating.replay",
    "log": "desk.log",
    "explain": "desk.explain",
    "results": "measuring.results",
    "pause": "pausing.pause",
    "resume": "pausing.resume",
    "cancel": "cancelling.cancel",
    "sandbox": "demonstrating.sandbox",
    "schema": "checking.schema",
    "import": "importing.app",
    "db": "running.db",
}


def commands(asked: Sequence[str] = ()) -> typer.Typer:
    """All commands; where one is asked for, it alone. What the others need is not read from the disk then: half of the wait."""
    chosen = [word for word in asked[:1] if word in _COMMANDS] or list(_COMMANDS)
    app = typer.Typer(
        name="aftercart",
        help="Messages after the cart: campaigns as files, every send and every non-send explained.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.callback()(_together)
    for name in chosen:
        file, _, attribute = _COMMANDS[name].partition(".")
        found = getattr(importlib.import_module(f"aftercart.cli.{file}"), attribute)
        if isinstance(found, typer.Typer):
            app.add_typer(found)
        else:
            app.command(name=name)(found)
    return app


def main() -> None:
    """The entry point: runs the command; an error of ours is one block of words, never a traceback."""
    try:
        commands(sys.argv[1:])()
    except AftercartError as error:
        sys.exit(show_error(error))


def _together() -> None:
    """So that a command which is read alone keeps its name."""
