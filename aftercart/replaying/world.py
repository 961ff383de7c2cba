"""The world around a replay: a sandbox that plays the providers, our own web for its reports, and workers to hand over to."""

import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aftercart import deployment, web
from aftercart.errors import InputError, Problem, SettingsError
from aftercart.runtime import Clock, Runtime, open_runtime
from aftercart.sandbox import Auth, Running, Sandbox, serve
from aftercart.settings import PREFIX, Settings

_LOCAL = ("127.0.0.1", "localhost", "::1")


@dataclass
class World:
    """Everything that a replay needs, running; the workers from `hire` on."""

    rt: Runtime
    sandbox: Sandbox
    provider: Running
    workers: Any
    staff: deployment.Staff | None = None  #: worker processes; None: they run in here

    @contextmanager
    def hire(self, processes: int) -> Iterator[None]:
        """Starts the workers, in here or in processes; ends them with the block.

        Not before a run that was killed has been taken over: a queue may still ring for what it left, and whoever hears
        it is sending what is about to be given back.
        """
        folder = self.rt.settings.folder
        if not processes:
            self.workers.use(self.rt)
            with deployment.embedded(self.workers):
                yield
            return
        with deployment.processes(
            processes,
            root=folder,
            environ=_environ(self.rt.settings),
            lock=self.sandbox.lock,
            watchful=True,
        ) as self.staff:
            yield

    def join(self) -> None:
        """Waits until the workers inside this process have nothing left to do."""
        for queue in ("alerts", "email", "sms"):
            self.workers.broker.join(queue)


@contextmanager
def open_world(settings: Settings, *, clock: Clock, ledger: Path) -> Iterator[World]:
    """Starts the sandbox and the web, and finds the workers; ends them with the block.

    Raises:
        SettingsError: when a real provider is set: a replay sends to nobody.
        InputError: when another process has the ledger or the port.
    """
    refuse_real_providers(settings)
    port = _port(settings.public_url)
    ledger.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        public_url = f"http://127.0.0.1:{port}"
        box = stack.enter_context(
            Sandbox(
                ledger, public_url=public_url, clock=clock, auth=_auth(), auto=False
            )
        )
        provider = serve(box.app)
        stack.callback(provider.stop)
        chosen = _with_sandbox(settings, box, provider.url, public_url)
        rt = open_runtime(chosen, clock=clock)
        stack.callback(rt.close)
        try:
            door = serve(web.create_app(rt), port)
        except OSError:
            words = f"port {port} was free a moment ago, and somebody has taken it; start again"
            raise InputError(words) from None
        stack.callback(door.stop)
        workers = deployment.find("workers", root=settings.folder)
        yield World(rt, box, provider, workers)


def refuse_real_providers(settings: Settings) -> None:
    """A replay and the demo speak to the sandbox; a set-up that could reach customers is refused.

    Raises:
        SettingsError: naming every setting that would have to go.
    """
    real = {
        "EMAIL": settings.email not in ("", "outbox"),
        "SMS": settings.sms not in ("", "outbox"),
    }
    problems = [
        Problem(
            f"environment {PREFIX}{name}",
            0,
            0,
            "a real provider is set, and a replay must not reach anybody",
            "unset it: the sandbox takes its place",
        )
        for name, chosen in real.items()
        if chosen
    ]
    if problems:
        raise SettingsError(problems)


def _auth() -> Auth:
    """Accounts of this run alone: a worker of another run that still finds the port is turned away."""
    return Auth(
        sendgrid_api_key=f"SG.{secrets.token_urlsafe(16)}",
        twilio_auth_token=secrets.token_hex(16),
    )


def _with_sandbox(
    settings: Settings, box: Sandbox, provider_url: str, public_url: str
) -> Settings:
    return replace(
        settings,
        public_url=public_url,
        email="sendgrid",
        sms="twilio",
        sendgrid_api_key=box.auth.sendgrid_api_key,
        sendgrid_base_url=provider_url,
        sendgrid_webhook_key=box.public_key,
        twilio_account_sid=box.auth.twilio_account_sid,
        twilio_auth_token=box.auth.twilio_auth_token,
        twilio_base_url=provider_url,
        twilio_from="+15005550006",
    )


def _environ(settings: Settings) -> Mapping[str, str]:
    """The settings as a worker process reads them."""
    return {
        f"{PREFIX}{f.name.upper()}": str(getattr(settings, f.name))
        for f in fields(settings)
    }


def _port(public_url: str) -> int:
    """The port of the public URL where it is on this machine and free, else any free one."""
    parts = urlsplit(public_url)
    wanted = parts.port or 0 if parts.hostname in _LOCAL else 0
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise AssertionError("there is always a free port")
