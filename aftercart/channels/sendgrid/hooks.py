"""What did SendGrid report, and do we believe that it was SendGrid?

`verify` looks at the raw bytes: JSON that was parsed and written again no longer matches its signature. `read` puts each event
into our words; an event that we do not know keeps its name and means nothing.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from sendgrid.helpers.eventwebhook import EventWebhook

from aftercart.errors import HookError
from aftercart.handover import ProviderEvent
from aftercart.model import Delivery, Signal

PROVIDER = "sendgrid"
FRESH_SECONDS = 300

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"


@dataclass(frozen=True)
class _Meaning:
    delivery: Delivery | None = None
    signal: Signal | None = None
    suppress: str = ""


_MEANINGS: Mapping[str, _Meaning] = {
    "processed": _Meaning(Delivery.PROCESSED),
    "deferred": _Meaning(Delivery.DEFERRED),
    "delivered": _Meaning(Delivery.DELIVERED),
    "dropped": _Meaning(Delivery.DROPPED),
    "bounce": _Meaning(Delivery.BOUNCED, suppress="bounce"),
    "blocked": _Meaning(Delivery.BLOCKED),
    "open": _Meaning(signal=Signal.OPENED),
    "click": _Meaning(signal=Signal.CLICKED),
    "spamreport": _Meaning(signal=Signal.COMPLAINED, suppress="complaint"),
    "unsubscribe": _Meaning(signal=Signal.UNSUBSCRIBED, suppress="unsubscribe"),
    "group_unsubscribe": _Meaning(signal=Signal.UNSUBSCRIBED, suppress="unsubscribe"),
}

#: A drop means that the address is on SendGrid's own list; ours learns why.
_DROPPED_FOR = {
    "bounced address": "bounce",
    "invalid": "bounce",
    "spam reporting address": "complaint",
    "unsubscribed address": "unsubscribe",
}


def verify(
    body: bytes, headers: Mapping[str, str], *, public_key: str, now: datetime
) -> None:
    """Return when SendGrid signed exactly these bytes within the last five minutes.

    Raises:
        HookError: for every other case, with the same words.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    signature, timestamp = lower.get(SIGNATURE, ""), lower.get(TIMESTAMP, "")
    try:
        base64.b64decode(signature, validate=True)
        age = abs(now.timestamp() - int(timestamp))
        believed = (
            bool(public_key)
            and age <= FRESH_SECONDS
            and _verifier(public_key).verify_signature(
                body.decode(), signature, timestamp
            )
        )
    except (ValueError, TypeError, OverflowError, UnsupportedAlgorithm):
        believed = False
    if not believed:
        raise HookError("sendgrid: not believed")


def read(body: bytes) -> list[ProviderEvent]:
    """The events of a verified body, in our words.

    Raises:
        HookError: when it is not a JSON list of objects.
    """
    try:
        events = _parsed(body)
    except (ValueError, RecursionError):
        raise HookError("sendgrid: not JSON") from None
    if not isinstance(events, list) or not all(isinstance(e, dict) for e in events):
        raise HookError("sendgrid: not a list of events")
    return [_event(event) for event in events]


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        # the strict reader refuses half of a surrogate pair, which is what cutting a reason short leaves of an emoji
        return json.loads(body)


def _event(event: Mapping[str, Any]) -> ProviderEvent:
    name = _text(event, "event")
    # Since 2024 a block arrives as a bounce of type "blocked"; the address itself is good.
    kind = "blocked" if name == "bounce" and event.get("type") == "blocked" else name
    meaning = _MEANINGS.get(kind, _Meaning())
    reason = _text(event, "reason") or _text(event, "response")
    suppress = meaning.suppress
    if kind == "dropped":
        suppress = _DROPPED_FOR.get(reason.lower(), "")
    return ProviderEvent(
        key=_key(event),
        provider=PROVIDER,
        at=_moment(event.get("timestamp")),
        message_id=_text(event, "mid"),
        # What the send answered in X-Message-Id is the part before the first dot.
        provider_ref=_text(event, "sg_message_id").partition(".")[0],
        to=_text(event, "email"),
        delivery=meaning.delivery,
        signal=meaning.signal,
        words=" ".join(filter(None, (kind, reason or _text(event, "url")))),
        suppress=suppress,
        machine=event.get("sg_machine_open") is True,
    )


def _key(event: Mapping[str, Any]) -> str:
    """The natural key. `sg_event_id` is not one: copies of an event have been seen with different ones."""
    parts = ("mid", "sg_message_id", "event", "timestamp", "url", "reason")
    return hashlib.sha256("|".join(_text(event, p) for p in parts).encode()).hexdigest()


def _text(event: Mapping[str, Any], name: str) -> str:
    value = event.get(name)
    # what a foreign mail server says may hold anything, and PostgreSQL takes neither NUL nor half a character
    if value is None:
        return ""
    return str(value).replace("\0", "").encode(errors="replace").decode()


def _moment(timestamp: object) -> datetime:
    """A time that cannot be read must not lose the event; 1970 is plainly not a time."""
    try:
        return datetime.fromtimestamp(float(str(timestamp)), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


@lru_cache(maxsize=8)
def _verifier(public_key: str) -> EventWebhook:
    return EventWebhook(public_key)
