"""Who calls the app as a provider would? This bench, with the key of the sandbox, or with none that is believed."""

import itertools
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from aftercart.sandbox.desk import Auth
from aftercart.sandbox.posting import Desk, Post
from tests.scenes.house import House

_NUMBER = itertools.count(1)


class Caller:
    """Posts to the web of a deployment whose sandbox has been started."""

    def __init__(self, house: House) -> None:
        path = Path(f"{house.ledger_file}.key")
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self.key = key
        self.url = house.environ["AFTERCART_PUBLIC_URL"]
        auth = Auth(
            house.environ["AFTERCART_SENDGRID_API_KEY"],
            house.environ["AFTERCART_TWILIO_ACCOUNT_SID"],
            house.environ["AFTERCART_TWILIO_AUTH_TOKEN"],
        )
        self.desk = Desk(self.url, auth, lambda: datetime.now(UTC), key)

    def mail(self, events: Iterable[Mapping[str, object]]) -> int:
        """Signed events about mails, in one call; the status of the answer."""
        return self.send(self.desk.mail(events))

    def send(self, post: Post) -> int:
        """A call that was made out already."""
        return self.post(post.url, post.body, post.headers())

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Any call; 0 where there was no answer."""
        request = urllib.request.Request(url, body, dict(headers), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except OSError:
            return 0


def event(entry: Mapping[str, Any], name: str, **more: object) -> dict[str, Any]:
    """What SendGrid would say about a mail of the ledger."""
    return {
        "email": entry["to"],
        "timestamp": int(datetime.now(UTC).timestamp()),
        "event": name,
        "sg_event_id": f"bench-{next(_NUMBER)}",
        "sg_message_id": f"{entry['ref']}.bench.0",
        "mid": entry["message"],
        **more,
    }
