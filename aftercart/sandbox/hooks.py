"""How do the providers' reports reach the app? Signed as the real ones, in the order of the ledger, again and again until taken.

How far the ledger has been reported stands in a small file beside it. It is written after the app said yes, so a crash in
between reports some things twice, and never nothing.
"""

import base64
import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from aftercart.sandbox import sendgrid, twilio
from aftercart.sandbox.desk import Auth
from aftercart.sandbox.faults import Faults
from aftercart.sandbox.ledger import Entry, read_with_offsets
from aftercart.sandbox.posting import Desk, Poster
from aftercart.sandbox.troubled import Troubled

_CHUNK = 200


class Hooks:
    """Posts what is due to `{public_url}/hooks/…`, in the background (`auto`) or when `flush` is called."""

    def __init__(
        self,
        ledger: Path,
        *,
        public_url: str,
        auth: Auth,
        clock: Callable[[], datetime],
        auto: bool,
        faults: Faults,
        delay: float = 0.2,
    ) -> None:
        self._done = ledger.with_name(f"{ledger.name}.hooks")
        self._key = _stable_key(ledger.with_name(f"{ledger.name}.key"))
        self._desk = Desk(public_url.rstrip("/"), auth, clock, self._key)
        self._faults, self._delay = faults, delay
        self._troubled = Troubled(self._desk, time.monotonic)
        self._end = self._under_way = 0
        self._pending: deque[tuple[Entry, int]] = deque(
            read_with_offsets(ledger, start=_offset(self._done))
        )
        self._posting = threading.Lock()
        self._closed = threading.Event()
        self._due = threading.Event()
        self._poster = Poster(self._closed)
        self._thread: threading.Thread | None = None
        if self._pending:
            self._due.set()
        if auto:
            self._thread = threading.Thread(
                target=self._run, name="aftercart-hooks", daemon=True
            )
            self._thread.start()

    @property
    def public_key(self) -> str:
        """The key to verify with, as SendGrid's settings page shows it."""
        der = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return base64.b64encode(der).decode()

    def note(self, entry: Entry, end: int) -> None:
        """A line was written; what the provider has to say about it is due."""
        self._pending.append((entry, end))
        self._due.set()

    def flush(self, *, seconds: float) -> None:
        """Post everything that is due now; return when the app has taken all of it.

        Raises:
            TimeoutError: with the app's last answer, when it has not within this time.
        """
        deadline = time.monotonic() + seconds
        with self._posting:
            if self._troubled or not self._faults.script.webhooks.plain:
                self._post_troubled(deadline)
                return
            for _ in range(-(-len(self._pending) // _CHUNK)):
                chunk = [
                    self._pending[n] for n in range(min(_CHUNK, len(self._pending)))
                ]
                self._post_chunk([entry for entry, _ in chunk], deadline)
                _replace(self._done, str(chunk[-1][1]))
                for _ in chunk:
                    self._pending.popleft()

    @property
    def waiting(self) -> int:
        """How many lines of the ledger, or reports on them, the app has not heard of."""
        return len(self._pending) + len(self._troubled) + self._under_way

    def close(self) -> None:
        """Stop posting. What is left is posted by the next start."""
        self._closed.set()
        self._due.set()
        if self._thread is not None:
            self._thread.join()
        self._poster.close()

    def _run(self) -> None:
        while self._due.wait() and not self._closed.wait(self._delay):
            self._due.clear()
            with contextlib.suppress(TimeoutError):
                if not self._faults.holding:
                    self.flush(seconds=5.0)
            if self._pending or self._troubled:
                self._due.set()

    def _post_chunk(self, entries: list[Entry], deadline: float) -> None:
        taken = [entry for entry in entries if entry["accepted"]]
        mails = [entry for entry in taken if entry["provider"] == sendgrid.PROVIDER]
        if mails:
            events = [event for entry in mails for event in sendgrid.events(entry)]
            self._poster.post(self._desk.mail(events), deadline)
        for entry in taken:
            if entry["provider"] == twilio.PROVIDER:
                for post in self._desk.texts(entry):
                    self._poster.post(post, deadline)

    def _post_troubled(self, deadline: float) -> None:
        """As the script has it. How far the ledger was reported is noted when nothing of it waits any more."""
        fresh = [self._pending[n] for n in range(len(self._pending))]
        self._troubled.add((entry for entry, _ in fresh), self._faults.script)
        for _, end in fresh:
            self._pending.popleft()
            self._end = end
        # counted before they are taken out, so that whoever asks meanwhile never hears that nothing waits
        self._under_way = len(self._troubled)
        posts = self._troubled.due()
        self._under_way = len(posts)
        try:
            while posts:
                self._poster.post(posts[0], deadline)
                posts.pop(0)
                self._under_way -= 1
        finally:
            self._troubled.put_back(posts)
            self._under_way = 0
        if not self._troubled and self._end:
            _replace(self._done, str(self._end))


def _offset(path: Path) -> int:
    try:
        return int(path.read_text() or 0)
    except (FileNotFoundError, ValueError):
        return 0


def _replace(path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}.new")
    new.write_text(text)
    new.replace(path)


def _stable_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """The signing key beside the ledger, made at first use, so that a restart signs what the app was told to believe."""
    if path.exists():
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key
    made = ec.generate_private_key(ec.SECP256R1())
    pem = made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
    return made
