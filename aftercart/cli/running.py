"""`aftercart up`, `web`, `db upgrade`: the processes that serve."""

import signal
import socket
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
import uvicorn

from aftercart import deployment
from aftercart import web as pages
from aftercart.cli.showing import out, quiet_logs
from aftercart.errors import InputError, Problem, SettingsError
from aftercart.runtime import (
    PushedClock,
    Runtime,
    open_runtime,
    read_settings,
)
from aftercart.settings import Settings
from aftercart.store import open_store

db = typer.Typer(name="db", help="The database.", no_args_is_help=True)

Port = Annotated[int, typer.Option(help="Port; default: that of AFTERCART_PUBLIC_URL")]
Host = Annotated[str, typer.Option(help="Address to listen on")]


def up(host: Host = "127.0.0.1", port: Port = 0) -> None:
    """Scheduler, workers and web in one process: all that a small shop needs."""
    quiet_logs(verbose=True)
    rt = open_runtime(read_settings())
    refuse_pushed_clock(rt)
    insist_on_port(host, port or port_of(rt.settings))
    rt.guard()
    for line in [*_to_nobody(rt.settings), *_from_nobody(rt.settings)]:
        out.print(line, soft_wrap=True)
    root = Path(rt.settings.root)
    workers = deployment.find("workers", root=root)
    schedules = deployment.find("schedules", root=root)
    workers.use(rt)
    with deployment.embedded(workers):
        ticking = schedules.scheduler()
        ticking.start()
        try:
            serve_web(rt, host=host, port=port)
        finally:
            ticking.shutdown()
    rt.close()


def web(host: Host = "127.0.0.1", port: Port = 0) -> None:
    """The web alone: events, callbacks, customers' pages, console. Workers and scheduler run elsewhere."""
    quiet_logs(verbose=True)
    rt = open_runtime(read_settings())
    serve_web(rt, host=host, port=port)
    rt.close()


@db.command()
def upgrade() -> None:
    """Bring the database to this version's schema."""
    store = open_store(read_settings().database_url)
    store.upgrade()
    store.close()
    out.print("the database is up to date")


def serve_web(rt: Runtime, *, host: str, port: int) -> None:
    """Serves until the process is told to stop.

    Raises:
        InputError: when somebody else has the port.
    """
    port = port or port_of(rt.settings)
    insist_on_port(host, port)
    out.print(f"console  http://{host}:{port}/console   (Ctrl-C ends it)")
    server = uvicorn.Server(
        uvicorn.Config(
            pages.create_app(rt),
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
        )
    )
    # uvicorn sends itself the signal again once it has stopped; with the system's own handler that would be the end of the
    # process, and of the messages that workers in here are sending
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: setattr(server, "should_exit", True))
    server.run()


def insist_on_port(host: str, port: int) -> None:
    """Says so before anything is started when the address cannot be had.

    Raises:
        InputError: naming it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise InputError(
                f"{host}:{port} cannot be had ({error.strerror or error}); name another with --port"
            ) from None


def port_of(settings: Settings) -> int:
    """The port to listen on where none is said."""
    return urlsplit(settings.public_url).port or 8025


def _to_nobody(settings: Settings) -> list[str]:
    """A line for each channel without a provider: a shop that believes it is sending should not have to look for this."""
    chosen = {"e-mails": settings.email_provider, "texts": settings.sms_provider}
    return [
        f"{what} go to {settings.outbox} and to nobody: no provider is set"
        for what, name in chosen.items()
        if name == "outbox"
    ]


def _from_nobody(settings: Settings) -> list[str]:
    """A line where mails would go out under the sender that is shipped: its domain is reserved, and no provider takes it."""
    local = urlsplit(settings.sendgrid_base_url).hostname == "127.0.0.1"
    real = settings.email_provider == "smtp" or (
        settings.email == "sendgrid" and not local
    )
    if not (real and settings.email_from == Settings.email_from):
        return []
    return [
        f"e-mails go out as {settings.email_from}, whom no provider takes: set AFTERCART_EMAIL_FROM"
    ]


def refuse_pushed_clock(rt: Runtime) -> None:
    """A database of a demo or a replay lives at another time: nothing real may be sent from it.

    Raises:
        SettingsError: when the clock of this database is a pushed one.
    """
    if isinstance(rt.clock, PushedClock):
        raise SettingsError(
            [
                Problem(
                    "environment AFTERCART_DATABASE_URL",
                    0,
                    0,
                    f"this database belongs to a demo or a replay; its clock stands at {rt.clock():%Y-%m-%d %H:%M} UTC",
                    "name another database, or look at this one with `aftercart web`",
                )
            ]
        )
