"""How does the sandbox play Twilio? It checks account and form as Twilio does, takes the text, lists what it took, and knows what becomes of it."""

import base64
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aftercart.sandbox.desk import Desk, carry_out
from aftercart.sandbox.ledger import Entry
from aftercart.sandbox.outcomes import Outcome
from aftercart.sandbox.wire import Receive, Scope, Send, answer, read_body

PROVIDER = "twilio"
PATH = "/2010-04-01/Accounts/{sid}/Messages.json"

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_LONGEST = 1600
_TEXT = 160
_PAGE = 50


class Messages:
    """`POST` and `GET /2010-04-01/Accounts/{sid}/Messages.json`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        account, token = desk.auth.twilio_account_sid, desk.auth.twilio_auth_token
        self._basic = b"Basic " + base64.b64encode(f"{account}:{token}".encode())
        self._account = account
        self._taken: dict[str, list[Entry]] = {}

    def remember(self, entry: Entry) -> None:
        """Keep what was taken for the list."""
        if entry["provider"] == PROVIDER and entry["accepted"]:
            self._taken.setdefault(entry["to"], []).append(entry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request: check, write down, answer."""
        if await self._desk.turned_away(PROVIDER, scope, receive):
            return
        form = dict(parse_qsl((await read_body(receive)).decode("utf-8", "replace")))
        facts = _facts(form)
        if dict(scope["headers"]).get(b"authorization") != self._basic:
            await self._refuse(scope, send, facts, _problem(401, 20003, "Authenticate"))
        elif scope["path_params"]["sid"] != self._account:
            words = f"The requested resource {scope['path']} was not found"
            await self._refuse(scope, send, facts, _problem(404, 20404, words))
        elif scope["method"] == "GET":
            await self._list(scope, receive, send)
        elif mistake := _mistake(form):
            await self._refuse(scope, send, facts, mistake)
        else:
            await self._create(scope, receive, send, facts)

    async def _create(
        self, scope: Scope, receive: Receive, send: Send, facts: Entry
    ) -> None:
        outcome = self._desk.outcome(facts)
        facts["ref"] = f"SM{secrets.token_hex(16)}" if outcome.accepted else ""
        told = outcome.told or 201
        await self._desk.write(facts, status=told, accepted=outcome.accepted)

        async def taken() -> None:
            entry = {**facts, "at": self._desk.clock().isoformat()}
            await answer(send, 201, self._resource(entry, "queued"))

        await carry_out(
            outcome, scope, receive, send, taken=taken, refusal=_refusal, yes=201
        )

    async def _list(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers with what was taken for a number; a Twilio that is out is out for this, too."""
        query = dict(parse_qsl(scope["query_string"].decode()))
        entries = self._taken.get(query.get("To", ""), [])[::-1][:_PAGE]
        body = {
            "messages": [self._resource(e, list(fate(e))[-1][0]) for e in entries],
            "page": 0,
            "page_size": _PAGE,
            "start": 0,
            "end": max(0, len(entries) - 1),
            "uri": scope["path"],
            "first_page_uri": scope["path"],
            "next_page_uri": None,
            "previous_page_uri": None,
        }
        asked: Entry = {"provider": PROVIDER, "message": "", "to": ""}
        outcome = replace(self._desk.outcome(asked), accepted=False)
        if outcome.told:
            await self._desk.write(asked, status=outcome.told, accepted=False)

        async def taken() -> None:
            await answer(send, 200, body)

        await carry_out(
            outcome, scope, receive, send, taken=taken, refusal=_refusal, yes=200
        )

    async def _refuse(
        self, scope: Scope, send: Send, facts: Entry, problem: Mapping[str, Any]
    ) -> None:
        if scope["method"] == "POST":
            await self._desk.write(facts, status=problem["status"], accepted=False)
        await answer(send, problem["status"], problem)

    def _resource(self, entry: Entry, status: str) -> dict[str, Any]:
        moment = format_datetime(datetime.fromisoformat(entry["at"]))
        folder = f"/2010-04-01/Accounts/{self._account}/Messages/{entry['ref']}"
        return {
            "sid": entry["ref"],
            "account_sid": self._account,
            "api_version": "2010-04-01",
            "to": entry["to"],
            "from": entry["from"] or None,
            "messaging_service_sid": entry["service"] or None,
            "body": entry["text"],
            "status": status,
            "direction": "outbound-api",
            "num_segments": "1",
            "num_media": "0",
            "date_created": moment,
            "date_updated": moment,
            "date_sent": None if status == "queued" else moment,
            "error_code": None,
            "error_message": None,
            "price": None,
            "price_unit": None,
            "uri": f"{folder}.json",
            "subresource_uris": {"media": f"{folder}/Media.json"},
        }


#: How a text ends, by the last digits of its number; longer endings first.
_FATES = {
    "000003": ("undelivered", 30003),
    "000006": ("undelivered", 30006),
    "000007": ("undelivered", 30007),
    "000034": ("undelivered", 30034),
    "0000": ("undelivered", 30005),
}


def fate(entry: Entry) -> Iterator[tuple[str, int]]:
    """The statuses, with their error number or 0, that Twilio reports about a text that it took."""
    yield "sent", 0
    yield next(
        (end for digits, end in _FATES.items() if entry["to"].endswith(digits)),
        ("delivered", 0),
    )


def reports(entry: Entry, *, account: str) -> Iterator[dict[str, str]]:
    """The forms that Twilio posts to the status callback, in order."""
    for status, code in fate(entry):
        yield {
            "MessageSid": entry["ref"],
            "SmsSid": entry["ref"],
            "AccountSid": account,
            "ApiVersion": "2010-04-01",
            "From": entry["from"],
            "To": entry["to"],
            "MessageStatus": status,
            "SmsStatus": status,
            **({"ErrorCode": str(code)} if code else {}),
        }


def _facts(form: Mapping[str, str]) -> Entry:
    callback = form.get("StatusCallback", "")
    return {
        "provider": PROVIDER,
        "message": callback.rstrip("/").rpartition("/")[2],
        "to": form.get("To", ""),
        "text": form.get("Body", "")[:_TEXT],
        "from": form.get("From", ""),
        "service": form.get("MessagingServiceSid", ""),
        "callback": callback,
    }


def _mistake(form: Mapping[str, str]) -> dict[str, Any] | None:
    """The first thing that Twilio complains about, or nothing."""
    to, body = form.get("To", ""), form.get("Body", "")
    callback = urlsplit(form.get("StatusCallback", "https://shop.example"))
    if not to:
        return _problem(400, 21604, "A 'To' phone number is required.")
    if not _NUMBER.fullmatch(to):
        words = f"The 'To' number {to} is not a valid phone number."
        return _problem(400, 21211, words)
    if not form.get("From") and not form.get("MessagingServiceSid"):
        return _problem(400, 21603, "A 'From' phone number is required.")
    if not body:
        return _problem(400, 21602, "Message body is required.")
    if len(body) > _LONGEST:
        words = "The concatenated message body exceeds the 1600 character limit"
        return _problem(400, 21617, words)
    if callback.scheme not in ("http", "https") or "_" in (callback.hostname or "_"):
        words = f"The 'StatusCallback' URL {callback.geturl()} is not a valid URL."
        return _problem(400, 21609, words)
    return None


def _problem(status: int, code: int, words: str) -> dict[str, Any]:
    about = f"https://www.twilio.com/docs/errors/{code}"
    return {"code": code, "message": words, "more_info": about, "status": status}


def _refusal(outcome: Outcome) -> Mapping[str, object]:
    return _problem(outcome.status, outcome.code, outcome.words)
