"""How does the sandbox play SendGrid? It checks key and payload as SendGrid does, takes the mail, and knows what becomes of it."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from aftercart.sandbox.desk import Desk, carry_out
from aftercart.sandbox.ledger import Entry
from aftercart.sandbox.outcomes import Outcome, word
from aftercart.sandbox.wire import Receive, Scope, Send, answer, read_body

PROVIDER = "sendgrid"
PATH = "/v3/mail/send"

_TEXT = 160

_RESERVED = frozenset(
    [
        "x-sg-id",
        "x-sg-eid",
        "received",
        "dkim-signature",
        "content-type",
        "content-transfer-encoding",
        "to",
        "from",
        "subject",
        "reply-to",
        "cc",
        "bcc",
    ]
)


class MailSend:
    """`POST /v3/mail/send`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._key = f"Bearer {desk.auth.sendgrid_api_key}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request: check, write down, answer."""
        if await self._desk.turned_away(PROVIDER, scope, receive):
            return
        body = await read_body(receive)
        headers = dict(scope["headers"])
        payload, errors = _parse(body)
        facts = _facts(payload)
        if headers.get(b"authorization") != self._key:
            words = "The provided authorization grant is invalid, expired, or revoked"
            await self._refuse(send, facts, 401, [_error(words)])
        elif not headers.get(b"content-type", b"").startswith(b"application/json"):
            words = "Content-Type should be application/json."
            await self._refuse(send, facts, 415, [_error(words)])
        elif errors:
            await self._refuse(send, facts, 400, errors)
        else:
            outcome = self._desk.outcome(facts)
            # a question, in SendGrid's words for it "sandbox mode": answered as any mail would be, and sent to nobody
            yes = 200 if _is_question(payload) else 202
            if yes == 200:
                outcome = replace(outcome, accepted=False)
            reference = secrets.token_urlsafe(16) if outcome.accepted else ""
            facts["ref"] = reference
            told = outcome.told or yes
            await self._desk.write(facts, status=told, accepted=outcome.accepted)

            async def taken() -> None:
                known = {"x-message-id": reference} if reference else {}
                await answer(send, yes, headers=known)

            await carry_out(
                outcome,
                scope,
                receive,
                send,
                taken=taken,
                refusal=_refusal,
                yes=yes,
            )

    async def _refuse(
        self, send: Send, facts: Entry, status: int, errors: list[dict[str, Any]]
    ) -> None:
        await self._desk.write(facts, status=status, accepted=False)
        await answer(send, status, {"errors": errors})


def events(entry: Entry) -> Iterator[dict[str, Any]]:
    """What SendGrid reports later about a mail that it took; the recipient says how it goes."""
    address, reference = entry["to"], entry["ref"]
    for name, more in _FATES.get(word(address), _FATES[""]):
        yield {
            "email": address,
            "timestamp": int(datetime.fromisoformat(entry["at"]).timestamp()),
            "smtp-id": f"<{reference}@sandbox.example>",
            "event": name,
            "category": [entry.get("campaign", "")],
            # Fresh in every copy, as the real one has been seen to do.
            "sg_event_id": secrets.token_urlsafe(12),
            "sg_message_id": f"{reference}.sandbox-0.0",
            "mid": entry["message"],
            "env": entry.get("env", ""),
            **more,
        }


_UNKNOWN = {
    "reason": "550 5.1.1 no such mailbox here",
    "status": "5.1.1",
    "type": "bounce",
}
_BLOCKED = {"reason": "554 5.7.1 blocked for now", "status": "5.7.1", "type": "blocked"}
_TAKEN = ("processed", dict[str, Any]())
_ARRIVED = ("delivered", {"response": "250 2.0.0 OK"})
_LINK = {"url": "https://shop.example/recipe", "useragent": "Mozilla/5.0"}

#: What happens to a mail, by the word that its recipient begins with.
_FATES: Mapping[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "": (_TAKEN, _ARRIVED),
    "bounce": (_TAKEN, ("bounce", _UNKNOWN)),
    "block": (_TAKEN, ("bounce", _BLOCKED)),
    "drop": (("dropped", {"reason": "Bounced Address", "status": "5.0.0"}),),
    "defer": (
        _TAKEN,
        ("deferred", {"response": "451 4.7.1 try later", "attempt": "1"}),
        _ARRIVED,
    ),
    "spam": (_TAKEN, _ARRIVED, ("spamreport", {})),
    "unsubscribe": (_TAKEN, _ARRIVED, ("unsubscribe", {})),
    "open": (_TAKEN, _ARRIVED, ("open", {"sg_machine_open": False})),
    "machine": (_TAKEN, _ARRIVED, ("open", {"sg_machine_open": True})),
    "click": (
        _TAKEN,
        _ARRIVED,
        ("open", {"sg_machine_open": False}),
        ("click", _LINK),
    ),
}


def _is_question(payload: Mapping[str, Any]) -> bool:
    mode = (payload.get("mail_settings") or {}).get("sandbox_mode") or {}
    return mode.get("enable") is True


def _parse(body: bytes) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        payload = None
    if not isinstance(payload, dict):
        return {}, [_error("Bad Request")]
    try:
        return payload, list(_mistakes(payload))
    except (TypeError, AttributeError, KeyError, ValueError):
        return payload, [_error("Bad Request")]


def _facts(payload: Mapping[str, Any]) -> Entry:
    """What the ledger keeps of a request, as far as it can be read."""
    try:
        person = payload["personalizations"][0]
        arguments = (payload.get("custom_args") or {}) | (
            person.get("custom_args") or {}
        )
        return {
            "provider": PROVIDER,
            "message": str(arguments.get("mid", "")),
            "to": str(person["to"][0]["email"]),
            "campaign": str((payload.get("categories") or [""])[0]),
            "subject": str(payload.get("subject", "")),
            "text": str(payload["content"][0]["value"])[:_TEXT],
            "env": str(arguments.get("env", "")),
        }
    except (KeyError, IndexError, TypeError, AttributeError):
        return {"provider": PROVIDER, "message": "", "to": ""}


def _mistakes(payload: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The first things that SendGrid complains about, in its words."""
    people = payload.get("personalizations") or []
    if not 1 <= len(people) <= 1000:
        words = "The personalizations field is required and must have at least one personalization."
        yield _error(words, "personalizations")
    for n, person in enumerate(people):
        if not person.get("to"):
            words = "The to array is required for all personalization objects, and must have at least one email object with a valid email address."
            yield _error(words, f"personalizations.{n}.to")
        for m, one in enumerate(person.get("to") or []):
            if not _is_address(one.get("email")):
                words = "Does not contain a valid address."
                yield _error(words, f"personalizations.{n}.to.{m}.email")
    if not _is_address((payload.get("from") or {}).get("email")):
        yield _error("The from email does not contain a valid address.", "from.email")
    if not payload.get("subject"):
        words = "The subject is required. You can get around this requirement if you use a template with a subject defined or if every personalization has a subject defined."
        yield _error(words, "subject")
    yield from _content_mistakes(payload.get("content") or [])
    for name in payload.get("headers") or {}:
        if name.lower() in _RESERVED:
            words = f"The header '{name}' is reserved and may not be set."
            yield _error(words, f"headers.{name}")
    if len(payload.get("categories") or []) > 10:
        yield _error("You cannot have more than 10 categories.", "categories")
    arguments = payload.get("custom_args") or {}
    if not all(isinstance(value, str) for value in arguments.values()):
        yield _error("The custom_args values must be strings.", "custom_args")
    if len(orjson.dumps(arguments)) > 10_000:
        yield _error("The custom_args are larger than 10000 bytes.", "custom_args")


def _content_mistakes(content: list[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    if not content:
        words = "Unless a valid template_id is provided, the content parameter is required. There must be at least one defined content block."
        yield _error(words, "content")
    for n, part in enumerate(content):
        if not part.get("type") or not part.get("value"):
            words = (
                "The content value must be a string at least one character in length."
            )
            yield _error(words, f"content.{n}.value")
    kinds = [part.get("type") for part in content]
    if "text/plain" in kinds[1:]:
        words = "If present, text/plain and text/html may only be provided once, and text/plain must come first."
        yield _error(words, "content")


def _is_address(text: object) -> bool:
    if not isinstance(text, str):
        return False
    local, _, domain = text.rpartition("@")
    return bool(local) and "." in domain and not text.isspace() and " " not in text


def _error(words: str, where: str | None = None) -> dict[str, Any]:
    return {"message": words, "field": where, "help": None}


def _refusal(outcome: Outcome) -> Mapping[str, object]:
    return {"errors": [_error(outcome.words)]}
