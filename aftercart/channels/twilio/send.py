"""How does an SMS reach Twilio, and what does its answer mean for the message?

Our message id travels in the path of the status callback, because nothing else that we send comes back.
"""

import logging
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from urllib.parse import urlencode

import orjson
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.response import Response
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance
from urllib3.exceptions import (
    ClosedPoolError,
    ConnectTimeoutError,
    EmptyPoolError,
    HTTPError,
    NewConnectionError,
)

from aftercart.channels.listed import Listed
from aftercart.channels.setup import Setup
from aftercart.channels.twilio.codes import ACCOUNT, PROVIDER, SUPPRESS
from aftercart.channels.twilio.pool import PooledClient
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

THREADS = 16

_WORDS = 300
#: Texts to one number that are looked at.
_LOOKED_AT = 20

#: No byte was written. Not PoolError: urllib3 counts a read time-out among those.
_NOT_SENT = (NewConnectionError, ConnectTimeoutError, EmptyPoolError, ClosedPoolError)


class Twilio:
    """Sends texts, a batch at a time over a few threads of its own."""

    provider = PROVIDER
    keeps_list = True

    def __init__(self, settings: Setup, clock: Callable[[], datetime]) -> None:
        # Both log numbers or parameters when they are let.
        logging.getLogger("twilio.http_client").setLevel(logging.WARNING)
        logging.getLogger("urllib3").setLevel(logging.WARNING)
        self._settings, self._clock = settings, clock
        self.at_once = self._lanes = min(THREADS, settings.sends_in_flight)
        self._pid = 0
        self._opening = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None
        self._http: _Throttling | None = None
        self._client: Client | None = None

    def send(self, batch: Sequence[Outgoing]) -> list[Receipt | SendError]:
        """Send all of them and wait; one outcome for each, in the same order."""
        with self._opening:
            threads, client = self._open()
        return list(threads.map(lambda message: self._send(client, message), batch))

    def ask(self) -> SendError | None:
        """Asks for one line of the list of messages: the account is checked as for a text, and nothing is sent."""
        with self._opening:
            _, client = self._open()
        try:
            client.messages.list(limit=1, page_size=1)
        except Exception as error:
            answer = _trouble(error)
            # who finds fault with the question is there
            return None if isinstance(answer, Refused) else answer
        return None

    def look_up(self, to: str) -> list[Listed]:
        """The newest texts to this number. Not asked for by day: one that still waits in Twilio's queue has none."""
        with self._opening:
            _, client = self._open()
        try:
            found = client.messages.list(to=to, limit=_LOOKED_AT, page_size=_LOOKED_AT)
        except Exception as error:
            raise _trouble(error) from error
        return [_listed(one) for one in found if one.direction != "inbound"]

    def close(self) -> None:
        """Let go of threads and connections."""
        if self._pid == os.getpid() and self._threads and self._http:
            self._threads.shutdown()
            self._http.close()
        self._threads = self._client = self._http = None

    def _open(self) -> tuple[ThreadPoolExecutor, Client]:
        # Made at first use: threads and sockets do not survive a fork.
        if self._threads is None or self._client is None or self._pid != os.getpid():
            self._pid = os.getpid()
            self._threads = ThreadPoolExecutor(self._lanes, "aftercart-twilio")
            self._http = _Throttling(
                self._settings.twilio_base_url,
                connections=self._lanes,
                clock=self._clock,
            )
            self._client = Client(
                self._settings.twilio_account_sid,
                self._settings.twilio_auth_token,
                http_client=self._http,
                # Left empty it would look into the process's environment for a region, and reroute.
                environment={"TWILIO_REGION": ""},
            )
        return self._threads, self._client

    def _send(self, client: Client, message: Outgoing) -> Receipt | SendError:
        service = self._settings.twilio_messaging_service_sid
        sender = (
            {"messaging_service_sid": service}
            if service
            else {"from_": self._settings.twilio_from}
        )
        try:
            taken = client.messages.create(
                to=message.to,
                body=message.rendered.text,
                status_callback=status_url(
                    self._settings.public_url, message.message_id
                ),
                **sender,
            )
        except Exception as error:
            trouble = _trouble(error)
            # the only one that has a code
            is_503 = type(trouble) is Unavailable and trouble.code
            if is_503 and self._settings.treat_503_as_unknown:
                return Unclear(trouble.words, provider=PROVIDER, code=trouble.code)
            return trouble
        if not taken.sid:
            return Unclear("an answer without a message sid", provider=PROVIDER)
        return Receipt(PROVIDER, taken.sid)


def _listed(one: MessageInstance) -> Listed:
    told = {
        "MessageSid": one.sid,
        "MessageStatus": one.status,
        "To": one.to,
        **({"ErrorCode": str(one.error_code)} if one.error_code else {}),
    }
    return Listed(one.sid, one.date_created, one.body or "", urlencode(told).encode())


def status_url(public_url: str, message_id: str) -> str:
    """Where Twilio reports on this message. It signs exactly this text, so the hook builds it by this function, too."""
    return f"{public_url.rstrip('/')}/hooks/twilio/status/{message_id}"


class _Throttling(PooledClient):
    """Reads the headers of a 429 while they are there: the client's exceptions do not keep them."""

    def __init__(
        self, base_url: str, *, connections: int, clock: Callable[[], datetime]
    ) -> None:
        super().__init__(base_url, connections=connections)
        self._clock = clock

    def request(self, *args: object, **kwargs: object) -> Response:
        answer = super().request(*args, **kwargs)  # type: ignore[arg-type]
        if answer.status_code == 429:
            until = come_back(answer.headers or {}, now=self._clock())
            words = "too many requests"
            raise Throttled(words, provider=PROVIDER, code="20429", until=until)
        return answer


def _trouble(error: Exception) -> SendError:
    """What an error of the client means. Whatever else it trips over came after the act."""
    match error:
        case SendError():
            return error
        case TwilioRestException():
            return _refusal(error)
        case TwilioException(args=(_, Response() as answer)):
            # a list that is refused comes without the words taken apart
            return _refusal(_taken_apart(answer))
    if isinstance(error, _NOT_SENT):
        return Unavailable(str(error)[:_WORDS], provider=PROVIDER)
    if isinstance(error, HTTPError):
        return Unclear(str(error)[:_WORDS], provider=PROVIDER)
    words = f"an answer that cannot be read ({type(error).__name__})"
    return Unclear(words, provider=PROVIDER)


def _taken_apart(answer: Response) -> TwilioRestException:
    try:
        told = dict(orjson.loads(answer.text))
    except (ValueError, TypeError):
        told = {}
    words, code = told.get("message", ""), told.get("code")
    return TwilioRestException(answer.status_code, "", words, code=code)


def _refusal(error: TwilioRestException) -> SendError:
    """What a 3xx, 4xx or 5xx means for the message: the table in docs/channels/twilio.md."""
    status = int(getattr(error, "status", 0))
    number = int(getattr(error, "code", None) or status)
    words = str(getattr(error, "msg", "") or getattr(error, "detail", "") or error)
    words = words.removeprefix("Unable to create record: ")[:_WORDS]
    code = str(number)
    if status == 503:
        return Unavailable(words, provider=PROVIDER, code=code)
    if status >= 500 or status in (0, 408):
        return Unclear(words, provider=PROVIDER, code=code)
    if number in SUPPRESS:
        return Refused(words, provider=PROVIDER, code=code, suppress=SUPPRESS[number])
    # 404 and redirects: there is no such account, or the base URL is wrong.
    if number in ACCOUNT or status in (401, 403, 404, 405) or status < 400:
        return AccountProblem(words, provider=PROVIDER, code=code)
    return Refused(words, provider=PROVIDER, code=code)
