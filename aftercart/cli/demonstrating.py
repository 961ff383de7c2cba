"""`aftercart demo`, `replay`, `sandbox`: everything that plays without reaching anybody."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from aftercart import demo as demo_shop
from aftercart import replaying
from aftercart.cli.running import Port, insist_on_port, port_of, serve_web
from aftercart.cli.showing import (
    days,
    err,
    out,
    quiet_logs,
    show_error,
    state,
    table,
)
from aftercart.errors import ConfigError, InputError
from aftercart.model import REACHED, State
from aftercart.replaying import Plan, Step
from aftercart.replaying.world import World
from aftercart.runtime import open_runtime, read_settings
from aftercart.sandbox import Sandbox, read_script, serve
from aftercart.sandbox.faults import CALM
from aftercart.store import Store, open_store, records
from aftercart.store.records import Count

LedgerFile = Annotated[
    Path | None,
    typer.Option(help="Where the sandbox writes what a provider would have sent"),
]


def demo(
    days: Annotated[
        int, typer.Option(min=1, max=60, help="How many days to play")
    ] = 21,
    exit: Annotated[
        bool, typer.Option("--exit", help="Stop after the summary")
    ] = False,
    ledger: LedgerFile = None,
    port: Port = 0,
) -> None:
    """A seeded grocery shop, sandbox providers, a pushed clock; then the console."""
    quiet_logs()
    chosen = read_settings()
    port = port or port_of(chosen)
    if not exit:
        # before anything is played: the console of an earlier demo would lose its database, and this one have no door
        insist_on_port("127.0.0.1", port)
    chosen = replace(chosen, public_url=f"http://127.0.0.1:{port}")
    begun = time.monotonic()
    with _bar(demo_shop.END - timedelta(days=days), demo_shop.END) as on_step:
        played = demo_shop.run(chosen, days=days, ledger=ledger, on_step=on_step)
    rt = open_runtime(played.settings)
    out.print(
        f"Meadow Grocer, {played.customers} customers, {played.orders:,} orders; "
        f"played {played.start:%-d %b} to {played.end:%-d %b %Y} in {time.monotonic() - begun:.0f} s\n"
    )
    summary(rt.store)
    if not exit:
        out.print()
        serve_web(rt, host="127.0.0.1", port=port)
    rt.close()


def replay(
    from_: Annotated[
        str, typer.Option("--from", help="First day, e.g. 2017-03-01 (UTC)")
    ],
    to: Annotated[str, typer.Option("--to", help="Last day, included")],
    seed: Annotated[int, typer.Option(help="Luck of the simulated deliveries")] = 1,
    workers: Annotated[
        int,
        typer.Option(
            min=0,
            help="Worker processes; needs AFTERCART_BROKER_URL. 0: in this process",
        ),
    ] = 0,
    ledger: LedgerFile = None,
) -> None:
    """Play stored history through the live code with a pushed clock, into the sandbox. Killed, it goes on where it stopped."""
    quiet_logs()
    chosen = read_settings()
    if workers and not chosen.broker_url:
        raise InputError(
            "worker processes need a broker: set AFTERCART_BROKER_URL, e.g. redis://127.0.0.1:6379/0"
        )
    if chosen.broker_url and not workers:
        raise InputError(
            "a broker is set: say with --workers how many worker processes to start"
        )
    start, end = days(from_, to)
    plan = Plan(start, end, seed, ledger or Path("var/replay.ndjson"), workers)
    begun = time.monotonic()
    with _bar(start, end) as on_step:
        events = replaying.run(chosen, plan, on_step=on_step)
    store = open_store(chosen.database_url)
    summary(store)
    store.close()
    out.print(
        f"\nreplayed {start:%Y-%m-%d} to {end - timedelta(days=1):%Y-%m-%d}: {events:,} new events "
        f"in {time.monotonic() - begun:.0f} s; ledger {plan.ledger}",
        soft_wrap=True,
    )


def sandbox(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1")] = 8026,
    ledger: LedgerFile = None,
    faults: Annotated[
        Path | None,
        typer.Option(help="A script of what goes wrong; SIGHUP reads it again"),
    ] = None,
) -> None:
    """A server that speaks SendGrid's and Twilio's APIs, keeps a ledger, sends signed webhooks, and misbehaves on request."""
    chosen = read_settings()
    script = read_script(faults) if faults else CALM
    insist_on_port("127.0.0.1", port)
    path = ledger or Path("var/sandbox.ndjson")
    path.parent.mkdir(parents=True, exist_ok=True)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Sandbox(
        path,
        public_url=chosen.public_url,
        clock=lambda: datetime.now(UTC),
        script=script,
    ) as box:
        if faults:
            signal.signal(signal.SIGHUP, lambda *_: _play_again(box, faults))
        running = serve(box.app, port)
        for name, value in {
            "EMAIL": "sendgrid",
            "SMS": "twilio",
            "SENDGRID_BASE_URL": running.url,
            "SENDGRID_API_KEY": box.auth.sendgrid_api_key,
            "SENDGRID_WEBHOOK_KEY": box.public_key,
            "TWILIO_BASE_URL": running.url,
            "TWILIO_ACCOUNT_SID": box.auth.twilio_account_sid,
            "TWILIO_AUTH_TOKEN": box.auth.twilio_auth_token,
            "TWILIO_FROM": "+15005550006",
            # what a first try lacks besides; an own one stays
            **({} if chosen.secret_key else {"SECRET_KEY": "for the sandbox alone"}),
            **({} if chosen.api_token else {"API_TOKEN": "sandbox-token"}),
        }.items():
            out.print(f"export AFTERCART_{name}='{value}'", soft_wrap=True)
        out.print(
            f"# reports go to {chosen.public_url}; ledger {path}; Ctrl-C ends it",
            soft_wrap=True,
        )
        stop.wait()
        running.stop()


def _play_again(box: Sandbox, faults: Path) -> None:
    """A script that was changed; with a mistake in it the old one goes on."""
    try:
        box.faults.play(read_script(faults))
    except ConfigError as error:
        show_error(error)


def summary(store: Store) -> None:
    """Messages per campaign and state, then why some were not sent."""
    with store.read() as tx:
        counted = records.counts(tx)
    every = _by_state(counted)
    columns = [s for s in _COLUMNS if every[s]]
    names = [*[s.value for s in columns], "all"]
    shown = table("campaign", *names, numbers=names)
    campaigns = sorted({c.campaign for c in counted})
    for name in [*campaigns, ""]:
        mine = _by_state(c for c in counted if name in ("", c.campaign))
        cells = [f"{mine[s]:,}" if mine[s] else "·" for s in columns]
        style = None if name else "bold"
        shown.add_row(name or "all", *cells, f"{sum(mine.values()):,}", style=style)
    out.print(shown)
    out.print()
    _reasons(counted)
    reached, total = sum(every[s] for s in REACHED), sum(every.values())
    out.print(f"\n{reached:,} of {total:,} messages sent by {len(campaigns)} campaigns")


_COLUMNS = (
    State.ACCEPTED, State.SCHEDULED, State.SKIPPED, State.EXPIRED, State.CANCELLED,
    State.FAILED, State.UNCERTAIN, State.UNKNOWN,
)  # fmt: skip


def _reasons(counted: list[Count]) -> None:
    why = table(
        "campaign", "not sent, because", "state", "messages", numbers=["messages"]
    )
    for c in counted:
        if c.reason and c.state not in REACHED:
            why.add_row(
                c.campaign,
                c.reason.value.replace("_", " "),
                state(c.state),
                f"{c.n:,}",
            )
    if why.row_count:
        out.print(why)


def _by_state(counted: Iterator[Count] | list[Count]) -> Counter[State]:
    found: Counter[State] = Counter()
    for c in counted:
        found[c.state] += c.n
    return found


@contextmanager
def _bar(start: datetime, end: datetime) -> Iterator[Callable[[World, Step], None]]:
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[events]:,} events"),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    ) as progress:
        task = progress.add_task(
            f"{start:%-d %b %Y}", total=(end - start).total_seconds(), events=0
        )

        def on_step(world: World, step: Step) -> None:
            progress.update(
                task,
                completed=(step.now - start).total_seconds(),
                description=f"{step.now:%-d %b %Y %H:%M}",
                events=step.events,
            )

        yield on_step
