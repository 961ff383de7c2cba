"""Texts leave for Twilio with our id in the callback, and each answer means what the table in the docs says."""

import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import urllib3

from aftercart.channels import Sender
from aftercart.channels.twilio import Twilio, pool
from aftercart.errors import (
    AccountProblem,
    Refused,
    SendError,
    Throttled,
    Unavailable,
    Unclear,
)
from aftercart.handover import Receipt, Rendered
from aftercart.model import Channel
from aftercart.sandbox import Entry
from aftercart.settings import Settings
from tests.channels.stage import NOW, free_port, raw_server, read_request, text


def test_a_taken_text_gives_a_receipt_with_its_sid(
    sms: Sender, entries: Callable[[], list[Entry]]
) -> None:
    [receipt] = sms.send([text(id="s-7")])

    [entry] = entries()
    assert receipt == Receipt("twilio", entry["ref"])
    assert entry["ref"].startswith("SM")
    assert (entry["message"], entry["to"]) == ("s-7", "+12015550100")
    assert entry["callback"] == "https://meadow.example/hooks/twilio/status/s-7"
    assert entry["from"] == "+12025550123"


@pytest.mark.parametrize(
    ("ending", "expected", "code", "accepted"),
    [
        ("000400", Refused, "21617", False),
        ("000408", Refused, "21408", False),
        ("000211", Refused, "21211", False),
        ("000614", Refused, "21614", False),
        ("000610", Refused, "21610", False),
        ("000401", AccountProblem, "20003", False),
        ("000429", Throttled, "20429", False),
        ("000503", Unavailable, "20503", False),
        ("000500", Unclear, "20500", False),
        ("000905", Unclear, "20500", True),
        ("000906", Unclear, "", True),
        ("000901", Unclear, "", True),
        ("000903", Unclear, "", False),
    ],
)
def test_each_answer_has_its_meaning(
    ending: str,
    expected: type[SendError],
    code: str,
    accepted: bool,
    sms: Sender,
    entries: Callable[[], list[Entry]],
) -> None:
    [outcome] = sms.send([text(f"+1201{ending}")])

    assert type(outcome) is expected
    assert isinstance(outcome, SendError)
    assert outcome.code == code
    assert [entry["accepted"] for entry in entries()] == [accepted]


@pytest.mark.parametrize(
    ("ending", "suppress"),
    [
        ("000610", "stop"),
        ("000211", "invalid_number"),
        ("000614", "invalid_number"),
        ("000408", ""),
        ("000400", ""),
    ],
)
def test_only_what_is_about_the_number_suppresses_it(
    ending: str, suppress: str, sms: Sender
) -> None:
    [outcome] = sms.send([text(f"+1201{ending}")])

    assert isinstance(outcome, Refused)
    assert outcome.suppress == suppress


def test_throttled_says_until_when(sms: Sender) -> None:
    [outcome] = sms.send([text("+1201000429")])

    assert isinstance(outcome, Throttled)
    assert outcome.until == NOW + timedelta(seconds=7)


def test_one_outcome_for_each_message_in_the_order_of_the_batch(sms: Sender) -> None:
    batch = [
        text("+1201000610" if n % 5 == 0 else "+12015550100", id=f"s-{n}")
        for n in range(60)
    ]

    outcomes = sms.send(batch)

    assert [n for n, o in enumerate(outcomes) if isinstance(o, Refused)] == list(
        range(0, 60, 5)
    )
    assert len({o.ref for o in outcomes if isinstance(o, Receipt)}) == 48


def test_many_threads_never_mix_up_their_answers(
    sms: Sender, entries: Callable[[], list[Entry]]
) -> None:
    outcomes = sms.send([text(id=f"s-{n}") for n in range(100)])

    by_message = {entry["message"]: entry["ref"] for entry in entries()}
    got = {f"s-{n}": o.ref for n, o in enumerate(outcomes) if isinstance(o, Receipt)}
    assert got == by_message


def test_a_messaging_service_takes_the_place_of_a_number(
    settings: Settings,
    open_sender: Callable[..., Sender],
    entries: Callable[[], list[Entry]],
) -> None:
    service = "MG" + "1" * 32
    with_service = Settings(
        **{**vars(settings), "twilio_messaging_service_sid": service}
    )

    open_sender(Channel.SMS, with_service).send([text()])

    [entry] = entries()
    assert (entry["service"], entry["from"]) == (service, "")


def test_the_words_of_a_refusal_are_the_providers(sms: Sender) -> None:
    [outcome] = sms.send([text(rendered=Rendered(text="x" * 1601))])

    assert isinstance(outcome, Refused)
    assert (
        outcome.words
        == "The concatenated message body exceeds the 1600 character limit"
    )


def test_an_account_that_does_not_exist_is_the_accounts_problem(
    settings: Settings, open_sender: Callable[..., Sender]
) -> None:
    wrong = Settings(**{**vars(settings), "twilio_auth_token": "wrong-token"})

    [outcome] = open_sender(Channel.SMS, wrong).send([text()])

    assert isinstance(outcome, AccountProblem)
    assert "wrong-token" not in str(outcome)


def test_a_server_that_is_not_there_surely_did_not_take_it(
    settings: Settings, open_sender: Callable[..., Sender]
) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    gone = Settings(**{**vars(settings), "twilio_base_url": nowhere})

    [outcome] = open_sender(Channel.SMS, gone).send([text()])

    assert type(outcome) is Unavailable


def test_a_certificate_that_is_not_trusted_surely_kept_it_from_going(
    settings: Settings,
    open_sender: Callable[..., Sender],
    certificate: tuple[Path, Path],
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    received: list[bytes] = []

    def shake(connection: socket.socket, number: int) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as secure:
                received.append(secure.recv(10))
        except OSError:
            pass

    with raw_server(shake) as port:
        url = f"https://127.0.0.1:{port}"
        unsafe = Settings(**{**vars(settings), "twilio_base_url": url})
        [outcome] = open_sender(Channel.SMS, unsafe).send([text()])

    assert type(outcome) is Unavailable
    assert not any(received)


def test_a_handshake_that_never_ends_surely_kept_it_from_going(
    settings: Settings,
    open_sender: Callable[..., Sender],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "TIMEOUT", urllib3.Timeout(connect=0.2, read=0.2))
    done = threading.Event()

    with raw_server(lambda connection, number: done.wait(5) and None) as port:
        url = f"https://127.0.0.1:{port}"
        mute = Settings(**{**vars(settings), "twilio_base_url": url})
        [outcome] = open_sender(Channel.SMS, mute).send([text()])
        done.set()

    assert type(outcome) is Unavailable


def test_no_answer_in_time_leaves_it_unclear_and_is_asked_once(
    settings: Settings,
    open_sender: Callable[..., Sender],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "TIMEOUT", urllib3.Timeout(connect=1, read=0.2))
    done = threading.Event()
    asked = []

    def stay_silent(connection: socket.socket, number: int) -> None:
        asked.append(read_request(connection))
        done.wait(5)

    with raw_server(stay_silent) as port:
        url = f"http://127.0.0.1:{port}"
        mute = Settings(**{**vars(settings), "twilio_base_url": url})
        [outcome] = open_sender(Channel.SMS, mute).send([text()])
        done.set()

    assert type(outcome) is Unclear
    assert len(asked) == 1


def test_a_connection_that_was_idle_for_too_long_is_not_used_again(
    settings: Settings,
    open_sender: Callable[..., Sender],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connections = []

    def answer(connection: socket.socket, number: int) -> None:
        connections.append(number)
        while True:
            read_request(connection)
            body = b'{"sid": "SM1"}'
            head = b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n" % len(body)
            connection.sendall(head + body)

    with raw_server(answer) as port:
        url = f"http://127.0.0.1:{port}"
        one = {"twilio_base_url": url, "sends_in_flight": 1}
        sender = open_sender(Channel.SMS, Settings(**{**vars(settings), **one}))
        sender.send([text(), text()])
        monkeypatch.setattr(pool, "IDLE_SECONDS", -1.0)
        sender.send([text()])
        sender.close()

    assert connections == [0, 1]


def test_the_environment_of_the_process_has_no_say(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "somebody-elses")
    seen: list[bytes] = []

    def answer(connection: socket.socket, number: int) -> None:
        seen.append(read_request(connection))
        connection.sendall(b"HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n")

    with raw_server(answer) as port:
        unset = {
            "twilio_base_url": f"http://127.0.0.1:{port}",
            "twilio_auth_token": "",
        }
        sender = Twilio(Settings(**{**vars(settings), **unset}), lambda: NOW)
        sender.send([text()])
        sender.close()

    [request] = seen
    assert b"authorization" not in request.lower()


def test_a_503_is_doubt_for_a_shop_that_asks_for_it(
    open_sender: Callable[..., Sender], settings: Settings
) -> None:
    strict = replace(settings, treat_503_as_unknown="yes")

    (answer,) = open_sender(Channel.SMS, strict).send([text("+12015000503")])

    assert isinstance(answer, Unclear)
