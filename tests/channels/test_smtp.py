"""A letter reaches a real SMTP server as a good letter, and each point of failure has its meaning."""

import email
import email.policy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from aftercart.channels.smtp import Smtp
from aftercart.errors import (
    AccountProblem,
    Refused,
    SendError,
    Unavailable,
    Unclear,
)
from aftercart.handover import Receipt, Rendered
from aftercart.settings import Settings
from tests.channels.stage import clock, free_port, mail, raw_server


class Postbox:
    """Takes letters, except where the recipient asks otherwise."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, EmailMessage]] = []
        self.connections: set[int] = set()

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        answers = {
            "nobody": "550 5.1.1 no such mailbox",
            "policy": "550 5.7.1 not from you",
            "busy": "451 4.7.1 try later",
        }
        answer = answers.get(address.partition("@")[0], "250 OK")
        if answer == "250 OK":
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.connections.add(session.peer[1])
        [to] = envelope.rcpt_tos
        if to.startswith("cut"):
            server.transport.abort()
        if to.startswith("content"):
            return "554 5.6.0 we do not like what you say"
        letter = email.message_from_bytes(envelope.content, policy=email.policy.SMTP)
        assert isinstance(letter, EmailMessage)
        self.letters.append((to, letter))
        return "250 OK"


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def smtp(postbox: Postbox) -> Iterator[Smtp]:
    controller = Controller(postbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield sender(f"smtp://127.0.0.1:{controller.port}")
    controller.stop()


def sender(url: str) -> Smtp:
    return Smtp(
        Settings(smtp_url=url, email_from="Meadow Grocer <hello@meadow.example>"),
        clock,
    )


def test_a_letter_has_both_parts_and_says_whose_it_is(
    smtp: Smtp, postbox: Postbox
) -> None:
    unsubscribe = {"List-Unsubscribe": "<https://meadow.example/u/t>"}

    [receipt] = smtp.send([mail(id="m-1", to_name="Änn, Bo", headers=unsubscribe)])

    [(to, letter)] = postbox.letters
    assert receipt == Receipt("smtp", "<m-1@meadow.example>")
    assert to == "ann@shop.example"
    assert letter["Message-ID"] == "<m-1@meadow.example>"
    assert letter["X-Aftercart-Message"] == "m-1"
    assert letter["List-Unsubscribe"] == "<https://meadow.example/u/t>"
    assert letter["From"] == "Meadow Grocer <hello@meadow.example>"
    assert letter["To"].addresses[0].display_name == "Änn, Bo"
    assert letter["Date"].datetime == clock()
    assert letter.get_content_type() == "multipart/alternative"
    assert [
        (part.get_content_type(), part.get_content().strip())
        for part in letter.iter_parts()
        if isinstance(part, EmailMessage)
    ] == [("text/plain", "Hello Ann"), ("text/html", "<p>Hello Ann</p>")]


def test_every_letter_of_every_alphabet_arrives(smtp: Smtp, postbox: Postbox) -> None:
    words = "Hühnersuppe – 鶏のスープ 🍲\n.\n..dots at the start of lines\n"

    smtp.send([mail(rendered=Rendered(text=words, subject="Hühnersuppe 🍲"))])

    [(_, letter)] = postbox.letters
    assert letter["Subject"] == "Hühnersuppe 🍲"
    assert letter.get_content().splitlines() == words.splitlines()


def test_a_batch_travels_over_one_connection(smtp: Smtp, postbox: Postbox) -> None:
    outcomes = smtp.send([mail(id=f"m-{n}") for n in range(5)])

    assert {type(outcome) for outcome in outcomes} == {Receipt}
    assert len(postbox.connections) == 1


@pytest.mark.parametrize(
    ("recipient", "expected", "code", "suppress"),
    [
        ("nobody", Refused, "550", "bounce"),
        ("policy", Refused, "550", ""),
        ("content", Refused, "554", ""),
        ("busy", Unavailable, "451", None),
        ("cut", Unclear, "", None),
    ],
)
def test_each_refusal_has_its_meaning_and_the_next_letter_goes(
    recipient: str,
    expected: type[SendError],
    code: str,
    suppress: str | None,
    smtp: Smtp,
    postbox: Postbox,
) -> None:
    first, second = smtp.send([mail(f"{recipient}@shop.example"), mail()])

    assert type(first) is expected
    assert isinstance(first, SendError)
    assert first.code == code
    assert getattr(first, "suppress", None) == suppress
    assert isinstance(second, Receipt)


def test_a_header_that_could_break_out_is_refused(smtp: Smtp, postbox: Postbox) -> None:
    evil = Rendered(text="x", subject="Hello\r\nBcc: all@shop.example")

    [outcome] = smtp.send([mail(rendered=evil)])

    assert isinstance(outcome, Refused)
    assert not postbox.letters


def test_a_server_that_is_not_there_surely_took_nothing() -> None:
    outcomes = sender(f"smtp://127.0.0.1:{free_port()}").send([mail(), mail()])

    assert [type(outcome) for outcome in outcomes] == [Unavailable, Unavailable]


@contextmanager
def scripted(*lines: bytes) -> Iterator[tuple[Smtp, list[bytes], Callable[[str], str]]]:
    """A server that answers each line it gets with the next of these, and then cuts."""
    heard: list[bytes] = []

    def talk(connection: Any, number: int) -> None:
        connection.sendall(lines[0])
        for line in lines[1:]:
            heard.append(connection.recv(65_536))
            connection.sendall(line)
        heard.append(connection.recv(65_536))

    with raw_server(talk) as port:
        yield sender(f"smtp://127.0.0.1:{port}"), heard, str


def test_a_connection_lost_before_the_letter_surely_took_nothing() -> None:
    with scripted(b"220 hi\r\n", b"250 hi\r\n", b"250 ok\r\n") as (smtp, _, _):
        [outcome] = smtp.send([mail()])

    assert type(outcome) is Unavailable
    assert "RCPT TO" in outcome.words


def test_a_sender_that_the_server_does_not_want_is_the_accounts_problem() -> None:
    with scripted(
        b"220 hi\r\n", b"250 hi\r\n", b"553 5.7.1 who are you\r\n", b"250 ok\r\n"
    ) as (smtp, _, _):
        [outcome] = smtp.send([mail()])

    assert type(outcome) is AccountProblem


def test_a_password_is_never_sent_in_the_clear() -> None:
    heard: list[bytes] = []

    def talk(connection: Any, number: int) -> None:
        connection.sendall(b"220 hi\r\n")
        heard.append(connection.recv(65_536))
        connection.sendall(b"250-hi\r\n250 AUTH PLAIN LOGIN\r\n")
        heard.append(connection.recv(65_536))

    with raw_server(talk) as port:
        [outcome] = sender(f"smtp://ann:secret@127.0.0.1:{port}").send([mail()])

    assert type(outcome) is AccountProblem
    assert "STARTTLS" in outcome.words
    assert b"AUTH" not in b"".join(heard)
