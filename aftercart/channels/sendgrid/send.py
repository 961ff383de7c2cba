"""How does an e-mail reach SendGrid, and what does its answer mean for the message?

The official helpers build what all mails of a campaign have in common, once; a test holds the rest to what they would write.
The transport is ours, because theirs opens a connection for every request, has no time-out and logs the key (see
docs/channels/sendgrid.md).
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from email.utils import parseaddr

import orjson
from sendgrid.helpers.mail import (
    Category,
    ClickTracking,
    From,
    Mail,
    OpenTracking,
    SubscriptionTracking,
    TrackingSettings,
)

from aftercart.channels.headers import flaw
from aftercart.channels.setup import Setup
from aftercart.channels.transport import Answer, Lost, NotSent, Result, Transport
from aftercart.channels.waiting import come_back
from aftercart.errors import (
    AccountProblem,
    Refused,
    SendError,
    Throttled,
    Unavailable,
    Unclear,
)
from aftercart.handover import Outgoing, Receipt

PROVIDER = "sendgrid"

#: Comes back with every event. SendGrid keeps custom arguments for long and shows them to its staff: ids only.
MARK = {"env": "aftercart"}

#: While one chunk travels the next is built; one by one costs a sixth more CPU.
_CHUNK = 25

_WORDS = 300


class SendGrid:
    """Sends e-mails, one recipient per request, so that a lost answer leaves one message in doubt and not a thousand."""

    provider = PROVIDER
    keeps_list = False

    def __init__(self, settings: Setup, clock: Callable[[], datetime]) -> None:
        # Importing the helpers imports a client that logs its headers, the key among them, when it is let.
        logging.getLogger("python_http_client").setLevel(logging.WARNING)
        self._clock = clock
        name, address = parseaddr(settings.email_from)
        self._from = From(address, name or None)
        self._busy = Unclear if settings.treat_503_as_unknown else Unavailable
        self.at_once = settings.sends_in_flight
        self._shared: dict[str, dict[str, object]] = {}
        self._transport = Transport(
            f"{settings.sendgrid_base_url.rstrip('/')}/v3/mail/send",
            in_flight=settings.sends_in_flight,
            headers={
                "Authorization": f"Bearer {settings.sendgrid_api_key}",
                "Content-Type": "application/json",
            },
        )

    def send(self, batch: Sequence[Outgoing]) -> list[Receipt | SendError]:
        """Send all of them at once and wait; one outcome for each, in the same order."""
        outcomes: list[Receipt | SendError | None] = [None] * len(batch)
        under_way = []
        for start in range(0, len(batch), _CHUNK):
            bodies: dict[int, bytes] = {}
            for index in range(start, min(start + _CHUNK, len(batch))):
                try:
                    bodies[index] = self._body(batch[index])
                except (ValueError, TypeError) as error:
                    outcomes[index] = Refused(str(error)[:_WORDS], provider=PROVIDER)
            under_way.append(
                (list(bodies), self._transport.post(list(bodies.values())))
            )
        for indexes, results in under_way:
            for index, result in zip(indexes, results.result(), strict=True):
                outcomes[index] = outcome(result, now=self._clock(), busy=self._busy)
        return [o or Unclear("no outcome", provider=PROVIDER) for o in outcomes]

    def ask(self) -> SendError | None:
        """A request in SendGrid's sandbox mode: key and rate are checked as for any other, and nothing is sent."""
        question = {
            **self._share("question"),
            "subject": "Are you there?",
            "personalizations": [{"to": [self._from.get()]}],
            "content": [{"type": "text/plain", "value": "Nobody gets this."}],
            "mail_settings": {"sandbox_mode": {"enable": True}},
        }
        result = self._transport.post([orjson.dumps(question)]).result()[0]
        answer = outcome(result, now=self._clock(), busy=self._busy)
        # who finds fault with the question is there
        return None if isinstance(answer, Receipt | Refused) else answer

    def look_up(self, to: str) -> None:
        """Its list of activity is an extra that shops pay for; its events come again for a day."""

    def close(self) -> None:
        """Close the pooled connections."""
        self._transport.close()

    def _body(self, message: Outgoing) -> bytes:
        wrong = flaw(message)
        if wrong:
            raise ValueError(wrong)
        return orjson.dumps(self.payload(message))

    def payload(self, message: Outgoing) -> dict[str, object]:
        """The v3 mail/send request, equal to what the official helpers write for this message, at a tenth of their time."""
        shared = self._shared.get(message.campaign)
        if shared is None:
            shared = self._shared[message.campaign] = self._share(message.campaign)
        letter, recipient = message.rendered, {"email": message.to}
        if message.to_name:
            recipient["name"] = message.to_name
        content = [{"type": "text/plain", "value": letter.text}]
        if letter.html:
            content.append({"type": "text/html", "value": letter.html})
        payload: dict[str, object] = {
            **shared,
            "subject": letter.subject,
            "personalizations": [{"to": [recipient]}],
            "content": content,
            "custom_args": {"mid": message.message_id, **MARK},
        }
        if message.headers:
            payload["headers"] = dict(message.headers)
        return payload

    def _share(self, campaign: str) -> dict[str, object]:
        """What the helpers write for every mail of a campaign: from whom, its category, and that nothing is tracked."""
        mail = Mail()
        mail.from_email = self._from
        mail.add_category(Category(campaign))
        mail.tracking_settings = _nothing_tracked()
        shared: dict[str, object] = mail.get()
        return shared


def outcome(
    result: Result, *, now: datetime, busy: type[SendError] = Unavailable
) -> Receipt | SendError:
    """What a result of the transport means for the message: the table in docs/channels/sendgrid.md. `busy` is what a 503 means."""
    match result:
        case NotSent(words):
            return Unavailable(words, provider=PROVIDER)
        case Lost(words):
            return Unclear(words, provider=PROVIDER)
        case Answer(status, headers, body):
            if 200 <= status < 300:
                return Receipt(PROVIDER, headers.get("x-message-id", ""))
            later = come_back(headers, now=now)
            if status == 503:
                return busy(_said(body) or "HTTP 503", provider=PROVIDER, code="503")
            return _error(status, _said(body), later)


def _error(status: int, words: str, later: datetime) -> SendError:
    code = str(status)
    words = words or f"HTTP {status}"
    match status:
        case 429:
            return Throttled(words, provider=PROVIDER, code=code, until=later)
        case 401 | 403:
            return AccountProblem(words, provider=PROVIDER, code=code)
        case 404 | 405 | 301 | 302 | 303 | 307 | 308:
            # Nothing that takes mail lives at this address: the base URL is wrong, not the message.
            words = f"{words}; is AFTERCART_SENDGRID_BASE_URL right?"
            return AccountProblem(words, provider=PROVIDER, code=code)
        case _ if 400 <= status < 500 and status != 408:
            return Refused(words, provider=PROVIDER, code=code)
        case _:
            return Unclear(words, provider=PROVIDER, code=code)


def _said(body: bytes) -> str:
    """SendGrid's own words out of ``{"errors": [{"message", "field"}]}``."""
    try:
        errors = orjson.loads(body)["errors"]
        said = [
            f"{e['message']} ({e['field']})" if e.get("field") else str(e["message"])
            for e in errors
        ]
    except (ValueError, TypeError, KeyError, AttributeError):
        return ""
    return "; ".join(said)[:_WORDS]


def _nothing_tracked() -> TrackingSettings:
    """Our links and our unsubscribe header are our own; SendGrid would rewrite the one and add another of the other."""
    tracking = TrackingSettings()
    tracking.click_tracking = ClickTracking(enable=False, enable_text=False)
    tracking.open_tracking = OpenTracking(enable=False)
    tracking.subscription_tracking = SubscriptionTracking(enable=False)
    return tracking
