"""A provider inside the scene's own process, which decides when it answers."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from aftercart.sandbox import Outcome, Sandbox, serve
from aftercart.sandbox.outcomes import TAKEN
from tests.scenes.house import House


class Gate:
    """Decides as the sandbox does, at a pace: some seconds for each message, or not before `opened`."""

    def __init__(self, *, pace: float = 0.0) -> None:
        self.pace = pace
        self.opened = threading.Event()
        self.opened.set()
        self.reached = threading.Event()

    def decide(self, provider: str, recipient: str) -> Outcome:
        self.reached.set()
        self.opened.wait(60)
        time.sleep(self.pace)
        return TAKEN


@contextmanager
def provider(house: House, gate: Gate) -> Iterator[Sandbox]:
    """A sandbox inside this process, so that the scene decides when it answers. It reports nothing by itself."""
    with Sandbox(
        house.ledger_file,
        public_url=house.environ["AFTERCART_PUBLIC_URL"],
        clock=lambda: datetime.now(UTC),
        decide=gate.decide,
        auto=False,
    ) as box:
        running = serve(box.app)
        house.environ |= {
            "AFTERCART_EMAIL": "sendgrid",
            "AFTERCART_SENDGRID_BASE_URL": running.url,
            "AFTERCART_SENDGRID_API_KEY": box.auth.sendgrid_api_key,
            "AFTERCART_SENDGRID_WEBHOOK_KEY": box.public_key,
        }
        try:
            yield box
        finally:
            gate.opened.set()
            running.stop()
