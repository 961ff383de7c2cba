"""Where do messages go when no provider is set? Into a file, one JSON object per line, and to nobody."""

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import orjson

from aftercart.channels.setup import Setup
from aftercart.errors import SendError, Unavailable
from aftercart.handover import Outgoing, Receipt

PROVIDER = "outbox"


class Outbox:
    """Appends to `settings.outbox`; a message counts as sent when its line is on the disk."""

    provider = PROVIDER
    keeps_list = False

    def __init__(self, settings: Setup, clock: Callable[[], datetime]) -> None:
        self.path = Path(settings.outbox)
        self._clock = clock
        self.at_once = settings.sends_in_flight
        self._lock = threading.Lock()
        self.sent: deque[Outgoing] = deque(maxlen=1_000)  #: the latest, for tests

    def send(self, batch: Sequence[Outgoing]) -> list[Receipt | SendError]:
        """Append the batch with one write and one sync."""
        at = self._clock().isoformat()
        lines = b"".join(_line(message, at) for message in batch)
        try:
            with self._lock:
                _append(self.path, lines)
        except OSError as error:
            return [_unwritable(self.path, error) for _ in batch]
        self.sent.extend(batch)
        return [Receipt(PROVIDER, message.message_id) for message in batch]

    def ask(self) -> SendError | None:
        """Whether the file can be written."""
        try:
            with self._lock:
                _append(self.path, b"")
        except OSError as error:
            return _unwritable(self.path, error)
        return None

    def look_up(self, to: str) -> None:
        """Nobody reads the file back."""

    def close(self) -> None:
        """Nothing is kept open."""


def _unwritable(path: Path, error: OSError) -> Unavailable:
    words = f"{path} cannot be written: {error.strerror or error}"
    return Unavailable(words, provider=PROVIDER)


def _append(path: Path, lines: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # One write under O_APPEND: the lines of several processes never mix.
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        while lines:
            lines = lines[os.write(handle, lines) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def _line(message: Outgoing, at: str) -> bytes:
    return (
        orjson.dumps(
            {
                "at": at,
                "message": message.message_id,
                "campaign": message.campaign,
                "channel": message.channel,
                "purpose": message.purpose,
                "to": message.to,
                "subject": message.rendered.subject,
                "text": message.rendered.text,
                "html": message.rendered.html,
                "headers": dict(message.headers),
            }
        )
        + b"\n"
    )
