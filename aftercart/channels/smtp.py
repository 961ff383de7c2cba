"""How does an e-mail reach a mail server by SMTP, and at which point of the talk is it whose problem?

Up to the end of DATA nothing was accepted; after it, silence means that we do not know. One connection carries a batch.
"""

import contextlib
import smtplib
import ssl
from collections.abc import Callable, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, parseaddr
from urllib.parse import unquote, urlsplit

from aftercart.channels.headers import flaw
from aftercart.channels.setup import Setup
from aftercart.errors import (
    AccountProblem,
    Refused,
    SendError,
    Unavailable,
    Unclear,
)
from aftercart.handover import Outgoing, Receipt

PROVIDER = "smtp"
SECONDS = 20.0

#: Every server takes 7-bit lines; not every server takes more.
_WIRE = SMTP.clone(cte_type="7bit")


class Smtp:
    """Sends over `smtps://` (TLS from the start) or `smtp://` (STARTTLS where offered; never a password without it)."""

    provider = PROVIDER
    keeps_list = False

    def __init__(self, settings: Setup, clock: Callable[[], datetime]) -> None:
        self._url = urlsplit(settings.smtp_url)
        self._clock = clock
        # one after the other: the last of them must be sent well within its lease
        self.at_once = min(20, settings.sends_in_flight)
        self._from_name, self._from = parseaddr(settings.email_from)
        self._tls = ssl.create_default_context()

    def send(self, batch: Sequence[Outgoing]) -> list[Receipt | SendError]:
        """Send one after the other over one connection, which is opened again where the server dropped it."""
        outcomes: list[Receipt | SendError] = []
        server: smtplib.SMTP | None = None
        down: SendError | None = None  # a server that is not there is asked once
        for message in batch:
            if server is None and down is None:
                try:
                    server = self._connect()
                except SendError as error:
                    down = error
            outcome = self._send(server, message) if server else (down or _gone())
            outcomes.append(outcome)
            if server is not None and server.sock is None:
                server = None
        if server is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.quit()
        return outcomes

    def ask(self) -> SendError | None:
        """Connects, with the password where there is one, and goes."""
        try:
            server = self._connect()
        except SendError as error:
            return error
        with contextlib.suppress(OSError, smtplib.SMTPException):
            server.quit()
        return None

    def look_up(self, to: str) -> None:
        """A mail server keeps no list for us."""

    def close(self) -> None:
        """A connection lives as long as its batch: nothing is kept open."""

    def _connect(self) -> smtplib.SMTP:
        host = self._url.hostname or "localhost"
        server: smtplib.SMTP | None = None
        try:
            if self._url.scheme == "smtps":
                port = self._url.port or 465
                server = smtplib.SMTP_SSL(
                    host, port, timeout=SECONDS, context=self._tls
                )
            else:
                server = smtplib.SMTP(host, self._url.port or 587, timeout=SECONDS)
            self._introduce(server)
        except smtplib.SMTPResponseException as error:
            _close(server)
            raise _answer(error, during="connecting") from None
        except smtplib.SMTPNotSupportedError as error:
            _close(server)
            raise AccountProblem(str(error), provider=PROVIDER) from None
        except (OSError, smtplib.SMTPException) as error:
            _close(server)
            raise Unavailable(str(error), provider=PROVIDER) from None
        return server

    def _introduce(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        secure = self._url.scheme == "smtps"
        if not secure and server.has_extn("starttls"):
            server.starttls(context=self._tls)
            server.ehlo()
            secure = True
        if self._url.username:
            if not secure:
                raise smtplib.SMTPNotSupportedError(
                    "the server offers no STARTTLS, and a password is not sent in the clear"
                )
            server.login(unquote(self._url.username), unquote(self._url.password or ""))

    def _send(self, server: smtplib.SMTP, message: Outgoing) -> Receipt | SendError:
        during = "building"
        try:
            wire = self._letter(message).as_bytes(policy=_WIRE)
            during = "MAIL FROM"
            _expect(server.mail(self._from))
            during = "RCPT TO"
            _expect(server.rcpt(message.to))
            during = "DATA"
            _expect(server.data(wire))
        except smtplib.SMTPResponseException as error:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.rset()
            return _answer(error, during=during)
        except (OSError, smtplib.SMTPException) as error:
            _close(server)
            kind = Unclear if during == "DATA" else Unavailable
            return kind(f"{error} (during {during})", provider=PROVIDER)
        except ValueError as error:
            return Refused(str(error), provider=PROVIDER)
        return Receipt(PROVIDER, self._message_id(message))

    def _letter(self, message: Outgoing) -> EmailMessage:
        wrong = flaw(message)
        if wrong:
            raise ValueError(wrong)
        if not message.to.isascii():
            raise ValueError("the address needs SMTPUTF8, which this channel lacks")
        letter = EmailMessage(policy=_WIRE)
        letter["From"] = formataddr((self._from_name, self._from))
        letter["To"] = formataddr((message.to_name, message.to))
        letter["Subject"] = message.rendered.subject
        letter["Date"] = format_datetime(self._clock())
        letter["Message-ID"] = self._message_id(message)
        letter["X-Aftercart-Message"] = message.message_id
        for name, value in message.headers.items():
            letter[name] = value
        letter.set_content(message.rendered.text)
        if message.rendered.html:
            letter.add_alternative(message.rendered.html, subtype="html")
        return letter

    def _message_id(self, message: Outgoing) -> str:
        return f"<{message.message_id}@{self._from.rpartition('@')[2]}>"


def _expect(answer: tuple[int, bytes]) -> None:
    code, words = answer
    if not 200 <= code < 300:
        raise smtplib.SMTPResponseException(code, words)


def _answer(error: smtplib.SMTPResponseException, *, during: str) -> SendError:
    """What a refusal means depends on who it is about: us, the recipient or the letter."""
    raw = error.smtp_error
    words = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
    code = str(error.smtp_code)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return AccountProblem(words, provider=PROVIDER, code=code)
    if error.smtp_code < 500:
        return Unavailable(words, provider=PROVIDER, code=code)
    if during in ("connecting", "MAIL FROM"):
        return AccountProblem(words, provider=PROVIDER, code=code)
    # RFC 3463: X.1.1 is "no such mailbox". Other refusals of a recipient may be about us.
    unknown = during == "RCPT TO" and words.startswith("5.1.1")
    return Refused(
        words, provider=PROVIDER, code=code, suppress="bounce" if unknown else ""
    )


def _gone() -> SendError:
    return Unavailable("the connection was lost", provider=PROVIDER)


def _close(server: smtplib.SMTP | None) -> None:
    if server is not None:
        server.close()
