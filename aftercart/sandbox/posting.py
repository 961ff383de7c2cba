"""How does one report reach the app? Signed as the real ones, and again and again until it is taken."""

import base64
import hashlib
import hmac
import http.client
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode, urlsplit

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from aftercart.sandbox import twilio
from aftercart.sandbox.desk import Auth
from aftercart.sandbox.ledger import Entry

_POST_SECONDS = 20.0


@dataclass(frozen=True)
class Post:
    """One call of the app. Headers are made for each try: a signature is dated."""

    url: str
    body: bytes
    headers: Callable[[], dict[str, str]]
    forged: bool = (
        False  #: signed by nobody whom the app believes: it should be refused
    )


@dataclass(frozen=True)
class Desk:
    """Where reports go to, and how they are signed."""

    public_url: str
    auth: Auth
    clock: Callable[[], datetime]
    key: ec.EllipticCurvePrivateKey

    def mail(
        self, events: Iterable[Mapping[str, object]], *, forged: bool = False
    ) -> Post:
        """Events about mails, in one call."""
        body = orjson.dumps(list(events))
        key = ec.generate_private_key(ec.SECP256R1()) if forged else self.key

        def headers() -> dict[str, str]:
            stamp = str(int(self.clock().timestamp()))
            signed = key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
            return {
                "Content-Type": "application/json",
                "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
                "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(
                    signed
                ).decode(),
            }

        return Post(f"{self.public_url}/hooks/sendgrid", body, headers, forged)

    def texts(self, entry: Entry, *, forged: bool = False) -> Iterator[Post]:
        """The reports on a text, each a call of its own."""
        url = entry["callback"]
        # Only the app that this sandbox serves is ever called, whatever a request asks for.
        if not url.startswith(f"{self.public_url}/"):
            return
        token = "nobody's" if forged else self.auth.twilio_auth_token
        for form in twilio.reports(entry, account=self.auth.twilio_account_sid):
            text = url + "".join(f"{name}{form[name]}" for name in sorted(form))
            signed = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
            headers = {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Twilio-Signature": base64.b64encode(signed).decode(),
            }
            yield Post(url, urlencode(form).encode(), lambda h=headers: h, forged)  # type: ignore[misc]


class Poster:
    """One connection to the app, for one thread."""

    def __init__(self, closed: threading.Event) -> None:
        self._closed = closed
        self._connection: http.client.HTTPConnection | None = None

    def post(self, post: Post, deadline: float) -> None:
        """Post it until the app has taken it; a forged one until it has answered.

        Raises:
            TimeoutError: with the app's last answer, when it has not by then.
        """
        pause = 0.0
        while True:
            said = self._try(post.url, post.body, post.headers())
            if said.startswith("2") or (post.forged and not said.startswith("nothing")):
                return
            pause = min(1.0, pause * 2 or 0.02)
            if time.monotonic() + pause > deadline or self._closed.wait(pause):
                raise TimeoutError(
                    f"{post.url} did not take a webhook; it said: {said}"
                )

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()

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
