"""What would the providers do? A server on this machine that speaks SendGrid's and Twilio's APIs, keeps a ledger, and reports back.

Nothing leaves the machine. The ledger is the independent witness of what would have been sent: `read_ledger` reads it.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from starlette.applications import Starlette
from starlette.routing import Route

from aftercart.sandbox import control, sendgrid, twilio
from aftercart.sandbox.desk import Auth, Desk
from aftercart.sandbox.faults import CALM, Faults, Script
from aftercart.sandbox.hooks import Hooks
from aftercart.sandbox.ledger import Entry, Ledger, read_ledger
from aftercart.sandbox.outcomes import Decide, Outcome, by_recipient
from aftercart.sandbox.scripts import read as read_script
from aftercart.sandbox.wire import Running, serve

__all__ = [
    "Auth",
    "Decide",
    "Entry",
    "Outcome",
    "Running",
    "Sandbox",
    "by_recipient",
    "read_ledger",
    "read_script",
    "serve",
]


def _wall_time() -> str:
    return datetime.fromtimestamp(time.time(), UTC).isoformat()


class Sandbox:
    """Both providers behind one ASGI `app`; `serve(sandbox.app)` puts it on a port.

    `clock` is the app's clock, pushed or not: it dates the ledger and the reports. What goes wrong stands in `faults`, which begins
    with `script` and may be told another one at any time, also by a PUT on /sandbox/faults. Reports go out by themselves, or with
    `auto=False` only when `flush` is called, so that a replay knows exactly when they arrive.
    """

    def __init__(
        self,
        ledger: Path,
        *,
        public_url: str,
        clock: Callable[[], datetime],
        auth: Auth | None = None,
        decide: Decide = by_recipient,
        script: Script = CALM,
        auto: bool = True,
        received_at: Callable[[], str] = _wall_time,
    ) -> None:
        self.auth = auth or Auth()
        self._ledger = Ledger(ledger, written=self._written)
        self.faults = Faults(script)
        self._hooks = Hooks(
            ledger,
            public_url=public_url,
            auth=self.auth,
            clock=clock,
            auto=auto,
            faults=self.faults,
        )
        desk = Desk(
            self.auth,
            self._ledger,
            decide,
            clock,
            received_at,
            self.faults,
            time.time,
        )
        self._messages = twilio.Messages(desk)
        for entry in read_ledger(ledger):
            self._messages.remember(entry)
        self.app = Starlette(
            routes=[
                Route(
                    sendgrid.PATH, endpoint=sendgrid.MailSend(desk), methods=["POST"]
                ),
                Route(twilio.PATH, endpoint=self._messages, methods=["POST", "GET"]),
                Route(
                    control.PATH,
                    endpoint=control.Control(self.faults, standing=self._standing),
                    methods=control.METHODS,
                ),
            ]
        )

    @property
    def public_key(self) -> str:
        """What to set as AFTERCART_SENDGRID_WEBHOOK_KEY."""
        return self._hooks.public_key

    @property
    def lock(self) -> int:
        """The open ledger, as a file that a process may inherit: the ledger is locked until that process has ended too."""
        return self._ledger.fileno()

    def flush(self, *, seconds: float = 30.0) -> None:
        """Post every report that is due now; return when the app has taken all of them.

        Raises:
            TimeoutError: with the app's last answer, when it has not within this time.
        """
        self._hooks.flush(seconds=seconds)

    def close(self) -> None:
        """Stop reporting and close the ledger; stop the server first."""
        self._hooks.close()
        self._ledger.close()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _standing(self) -> dict[str, object]:
        return {"reports_waiting": self._hooks.waiting}

    def _written(self, entry: Entry, end: int) -> None:
        self._messages.remember(entry)
        self._hooks.note(entry, end)
