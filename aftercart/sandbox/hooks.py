"""How do the providers' reports reach the app? Signed as the real ones, in the order of the ledger, again and again until taken.

How far the ledger has been reported stands in a small file beside it. It is written after the app said yes, so a crash in
between reports some things twice, and never nothing.
"""

import base64
import contextlib
import hashlib
import hmac
import http.client
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import orjson
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from aftercart.sandbox import sendgrid, twilio
from aftercart.sandbox.desk import Auth
from aftercart.sandbox.ledger import Entry, read_with_offsets

_CHUNK = 200
_POST_SECONDS = 20.0


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
        delay: float = 0.2,
    ) -> None:
        self._done = ledger.with_name(f"{ledger.name}.hooks")
        self._key = _stable_key(ledger.with_name(f"{ledger.name}.key"))
        self._public_url, self._auth, self._clock = public_url.rstrip("/"), auth, clock
        self._delay = delay
        self._pending: deque[tuple[Entry, int]] = deque(
            read_with_offsets(ledger, start=_offset(self._done))
        )
        self._posting = threading.Lock()
        self._closed = threading.Event()
        self._due = threading.Event()
        self._connection: http.client.HTTPConnection | None = None
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
            for _ in range(-(-len(self._pending) // _CHUNK)):
                chunk = [
                    self._pending[n] for n in range(min(_CHUNK, len(self._pending)))
                ]
                self._post_chunk([entry for entry, _ in chunk], deadline)
                _replace(self._done, str(chunk[-1][1]))
                for _ in chunk:
                    self._pending.popleft()

    def close(self) -> None:
        """Stop posting. What is left is posted by the next start."""
        self._closed.set()
        self._due.set()
        if self._thread is not None:
            self._thread.join()
        if self._connection is not None:
            self._connection.close()

    def _run(self) -> None:
        while self._due.wait() and not self._closed.wait(self._delay):
            self._due.clear()
            with contextlib.suppress(TimeoutError):
                self.flush(seconds=5.0)
            if self._pending:
                self._due.set()

    def _post_chunk(self, entries: list[Entry], deadline: float) -> None:
        taken = [entry for entry in entries if entry["accepted"]]
        mails = [entry for entry in taken if entry["provider"] == sendgrid.PROVIDER]
        if mails:
            events = [event for entry in mails for event in sendgrid.events(entry)]
            self._post_events(events, deadline)
        for entry in taken:
            if entry["provider"] == twilio.PROVIDER:
                self._post_reports(entry, deadline)

    def _post_events(
        self, events: Iterable[Mapping[str, object]], deadline: float
    ) -> None:
        body = orjson.dumps(list(events))

        def headers() -> dict[str, str]:
            stamp = str(int(self._clock().timestamp()))
            signed = self._key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
            return {
                "Content-Type": "application/json",
                "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
                "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(
                    signed
                ).decode(),
            }

        self._post(f"{self._public_url}/hooks/sendgrid", body, headers, deadline)

    def _post_reports(self, entry: Entry, deadline: float) -> None:
        url = entry["callback"]
        # Only the app that this sandbox serves is ever called, whatever a request asks for.
        if not url.startswith(f"{self._public_url}/"):
            return
        for form in twilio.reports(entry, account=self._auth.twilio_account_sid):
            text = url + "".join(f"{name}{form[name]}" for name in sorted(form))
            token = self._auth.twilio_auth_token.encode()
            signed = hmac.new(token, text.encode(), hashlib.sha1).digest()
            headers = {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Twilio-Signature": base64.b64encode(signed).decode(),
            }
            self._post(url, urlencode(form).encode(), lambda h=headers: h, deadline)  # type: ignore[misc]

    def _post(
        self,
        url: str,
        body: bytes,
        headers: Callable[[], dict[str, str]],
        deadline: float,
    ) -> None:
        pause = 0.0
        while True:
            said = self._try(url, body, headers())
            if said.startswith("2"):
                return
            pause = min(1.0, pause * 2 or 0.02)
            if time.monotonic() + pause > deadline or self._closed.wait(pause):
                raise TimeoutError(f"{url} did not take a webhook; it said: {said}")

    def _try(self, url: str, body: bytes, headers: dict[str, str]) -> str:
        parts = urlsplit(url)
        if self._connection is None:
            kind = (
                http.client.HTTPSConnection
                if parts.scheme == "https"
                else http.client.HTTPConnection
            )
            self._connection = kind(parts.netloc, timeout=_POST_SECONDS)
        try:
            self._connection.request("POST", parts.path, body, headers)
            response = self._connection.getresponse()
            words = response.read(200).decode("utf-8", "replace")
            response.read()
            return f"{response.status} {words}".strip()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            self._connection = None
            return f"nothing ({error})"


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
