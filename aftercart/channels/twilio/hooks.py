"""What did Twilio report about a text, and do we believe that it was Twilio?

The signature covers the URL as Twilio was given it, so it is checked against the public URL that we configured, never against
what a proxy made of the request.
"""

import hashlib
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any

from twilio.request_validator import RequestValidator

from aftercart.channels.twilio.codes import BLAMES, PROVIDER, SUPPRESS, WORDS
from aftercart.errors import HookError
from aftercart.handover import ProviderEvent
from aftercart.model import Delivery, Signal

#: What carriers take for "no more", for "write again" and for "who are you?", as a whole message; letters only.
_KEYWORDS: Mapping[str, str] = {
    **dict.fromkeys(
        ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"),
        "STOP",
    ),
    **dict.fromkeys(("START", "UNSTOP", "YES"), "START"),
    **dict.fromkeys(("HELP", "INFO"), "HELP"),
}

_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response>{}</Response>'

_DELIVERIES: Mapping[str, Delivery] = {
    "accepted": Delivery.PROCESSED,
    "scheduled": Delivery.PROCESSED,
    "queued": Delivery.PROCESSED,
    "sending": Delivery.PROCESSED,
    "sent": Delivery.SENT,
    "delivered": Delivery.DELIVERED,
    "partially_delivered": Delivery.DELIVERED,
    "read": Delivery.DELIVERED,
    "undelivered": Delivery.UNDELIVERED,
    "failed": Delivery.FAILED,
    "canceled": Delivery.FAILED,
}


def verify(
    url: str, params: Mapping[str, Any], signature: str, *, auth_token: str
) -> None:
    """Return when Twilio signed these parameters for this URL with our token.

    Blank parameters count: pass the form as it was parsed with blanks kept.

    Raises:
        HookError: for every other case, with the same words.
    """
    try:
        believed = bool(auth_token and signature) and RequestValidator(
            auth_token
        ).validate(url, params, signature)
    except (TypeError, ValueError, AttributeError):  # a file where text belongs
        believed = False
    if not believed:
        raise HookError("twilio: not believed")


def read_inbound(params: Mapping[str, str], *, at: datetime) -> ProviderEvent:
    """A text that a customer sent: STOP, in Twilio's words or the customer's, ends texts to their number, START lets them begin again."""
    sid = params.get("MessageSid", "") or params.get("SmsSid", "")
    word = params.get("OptOutType", "") or _keyword(params)
    stop = word == "STOP"
    return ProviderEvent(
        key=hashlib.sha256(f"{sid}|inbound".encode()).hexdigest(),
        provider=PROVIDER,
        at=at,
        to=params.get("From", ""),
        signal=Signal.UNSUBSCRIBED if stop else None,
        words=f"the customer texted {word}".rstrip(),
        suppress="stop" if stop else "",
        lifts="stop" if word == "START" else "",
    )


def reply(params: Mapping[str, str], *, shop: str, contact: str) -> str:
    """What to answer at once to a text that a customer sent, as TwiML: to HELP who we are and how it ends, else nothing.

    Where Twilio says with `OptOutType` that it has answered by itself, nothing too.
    """
    if params.get("OptOutType") or _keyword(params) != "HELP":
        return _TWIML.format("")
    where = f" Questions: {contact}." if contact else ""
    words = f"{shop}: messages about your orders.{where} Reply STOP to get no more."
    return _TWIML.format(f"<Message>{escape(words)}</Message>")


def _keyword(params: Mapping[str, str]) -> str:
    # "Stop.", "OPT-OUT" and full-width letters mean what they say
    plain = unicodedata.normalize("NFKC", params.get("Body", "")).upper()
    return _KEYWORDS.get("".join(filter(str.isalnum, plain)), "")


def read_status(
    message_id: str, params: Mapping[str, str], *, at: datetime
) -> ProviderEvent:
    """A verified status report in our words; `at` is when it came, since it carries no time of its own."""
    sid = params.get("MessageSid", "") or params.get("SmsSid", "")
    status = params.get("MessageStatus", "") or params.get("SmsStatus", "")
    code = params.get("ErrorCode", "")
    number = int(code) if code.isascii() and code.isdigit() else 0
    said = WORDS.get(number, params.get("ErrorMessage", "")) if number else ""
    return ProviderEvent(
        key=hashlib.sha256(f"{sid}|{status}|{code}".encode()).hexdigest(),
        provider=PROVIDER,
        at=at,
        message_id=message_id,
        provider_ref=sid,
        to=params.get("To", ""),
        delivery=_DELIVERIES.get(status),
        words=" ".join(filter(None, (status, code, said))),
        suppress=SUPPRESS.get(number, ""),
        blames=BLAMES.get(number, ""),
    )
