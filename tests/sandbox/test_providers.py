"""The sandbox checks as the real ones do, and refuses in their own form."""

import base64
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from aftercart.sandbox import Outcome, Running, Sandbox, read_ledger, serve
from tests.channels.stage import clock

LETTER: dict[str, Any] = {
    "personalizations": [{"to": [{"email": "ann@shop.example"}]}],
    "from": {"email": "hello@meadow.example"},
    "subject": "Hello",
    "content": [{"type": "text/plain", "value": "x"}],
    "custom_args": {"mid": "m-1"},
}

FORM = {
    "To": "+12015550100",
    "From": "+12025550123",
    "Body": "x",
    "StatusCallback": "https://meadow.example/hooks/twilio/status/s-1",
}


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.ndjson"


@pytest.fixture
def sandbox(ledger: Path) -> Iterator[Sandbox]:
    with Sandbox(
        ledger, public_url="http://127.0.0.1:9", clock=clock, auto=False
    ) as sandbox:
        yield sandbox


@pytest.fixture
def server(sandbox: Sandbox) -> Iterator[Running]:
    running = serve(sandbox.app)
    yield running
    running.stop()


def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
    request = urllib.request.Request(url, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read() or b"null")


def post_mail(server: Running, letter: object, key: str = "SG.sandbox") -> Any:
    return post(
        f"{server.url}/v3/mail/send",
        letter if isinstance(letter, bytes) else json.dumps(letter).encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )


def post_text(
    server: Running, sandbox: Sandbox, form: dict[str, str], *, sid: str = ""
) -> Any:
    auth = sandbox.auth
    pair = f"{auth.twilio_account_sid}:{auth.twilio_auth_token}".encode()
    account = sid or auth.twilio_account_sid
    return post(
        f"{server.url}/2010-04-01/Accounts/{account}/Messages.json",
        urlencode(form).encode(),
        {"Authorization": f"Basic {base64.b64encode(pair).decode()}"},
    )


def test_a_good_letter_is_taken(server: Running) -> None:
    assert post_mail(server, LETTER) == (202, None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"personalizations": []}, "personalizations"),
        ({"personalizations": [{"to": []}]}, "personalizations.0.to"),
        (
            {"personalizations": [{"to": [{"email": "ann"}]}]},
            "personalizations.0.to.0.email",
        ),
        ({"from": {}}, "from.email"),
        ({"subject": ""}, "subject"),
        ({"content": []}, "content"),
        ({"content": [{"type": "text/plain", "value": ""}]}, "content.0.value"),
        (
            {
                "content": [
                    {"type": "text/html", "value": "x"},
                    {"type": "text/plain", "value": "x"},
                ]
            },
            "content",
        ),
        ({"headers": {"Subject": "x"}}, "headers.Subject"),
        ({"categories": list("abcdefghijk")}, "categories"),
        ({"custom_args": {"mid": 1}}, "custom_args"),
        ({"custom_args": {"mid": "x" * 10_000}}, "custom_args"),
    ],
)
def test_a_bad_letter_is_refused_with_the_field_that_is_wrong(
    change: dict[str, Any], field: str, server: Running, ledger: Path
) -> None:
    status, body = post_mail(server, LETTER | change)

    assert status == 400
    assert field in [error["field"] for error in body["errors"]]
    assert [entry["accepted"] for entry in read_ledger(ledger)] == [False]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"personalizations": 5}', b'{"from": "x"}']
)
def test_what_is_no_letter_at_all_is_refused(body: bytes, server: Running) -> None:
    status, answer = post_mail(server, body)

    assert status == 400
    assert answer["errors"]


def test_a_wrong_key_is_refused_and_written_down(server: Running, ledger: Path) -> None:
    status, body = post_mail(server, LETTER, key="SG.other")

    [entry] = read_ledger(ledger)
    assert status == 401
    assert "authorization grant" in body["errors"][0]["message"]
    assert (entry["status"], entry["accepted"], entry["message"]) == (401, False, "m-1")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"To": ""}, 21604),
        ({"To": "12015550100"}, 21211),
        ({"From": ""}, 21603),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"StatusCallback": "ftp://meadow.example/x"}, 21609),
        ({"StatusCallback": "https://my_shop.example/x"}, 21609),
    ],
)
def test_a_bad_text_is_refused_with_twilios_number(
    change: dict[str, str], code: int, server: Running, sandbox: Sandbox
) -> None:
    status, body = post_text(server, sandbox, FORM | change)

    assert (status, body["code"], body["status"]) == (400, code, 400)
    assert body["more_info"].endswith(str(code))


def test_another_account_is_not_found(server: Running, sandbox: Sandbox) -> None:
    status, body = post_text(server, sandbox, FORM, sid="AC" + "f" * 32)

    assert (status, body["code"]) == (404, 20404)


def test_what_was_taken_is_still_listed_after_a_restart(ledger: Path) -> None:
    values: dict[str, Any] = {"public_url": "http://127.0.0.1:9", "auto": False}
    with Sandbox(ledger, clock=clock, **values) as sandbox:
        server = serve(sandbox.app)
        _, created = post_text(server, sandbox, FORM)
        server.stop()

    with Sandbox(ledger, clock=clock, **values) as sandbox:
        server = serve(sandbox.app)
        auth = sandbox.auth
        pair = f"{auth.twilio_account_sid}:{auth.twilio_auth_token}".encode()
        request = urllib.request.Request(
            f"{server.url}{created['uri'].rpartition('/')[0]}.json?To=%2B12015550100",
            headers={"Authorization": f"Basic {base64.b64encode(pair).decode()}"},
        )
        with urllib.request.urlopen(request) as answer:
            found = json.load(answer)
        server.stop()

    assert [message["sid"] for message in found["messages"]] == [created["sid"]]


def test_another_rule_may_decide_what_happens(ledger: Path) -> None:
    def never(provider: str, recipient: str) -> Outcome:
        return Outcome(status=503, accepted=False, words=f"{provider} is closed")

    with Sandbox(
        ledger, public_url="http://x.example", clock=clock, auto=False, decide=never
    ) as sandbox:
        server = serve(sandbox.app)
        status, body = post_mail(server, LETTER)
        server.stop()

    assert (status, body["errors"][0]["message"]) == (503, "sendgrid is closed")


def test_a_request_that_hangs_does_not_keep_the_server_from_stopping(
    ledger: Path,
) -> None:
    with Sandbox(
        ledger, public_url="http://x.example", clock=clock, auto=False
    ) as sandbox:
        server = serve(sandbox.app)
        to = {"personalizations": [{"to": [{"email": "hang@shop.example"}]}]}
        failed: list[Exception] = []

        def ask() -> None:
            try:
                post_mail(server, LETTER | to)
            except OSError as error:
                failed.append(error)

        waiting = threading.Thread(target=ask)
        waiting.start()
        while not list(read_ledger(ledger)):
            time.sleep(0.01)
        started = time.monotonic()
        server.stop()
        waiting.join()

    assert time.monotonic() - started < 4
    assert failed


def test_the_server_is_for_this_machine_only(server: Running) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        assert connection.getpeername()[0] == "127.0.0.1"
    assert server.url == f"http://127.0.0.1:{server.port}"


def test_a_restart_breaks_off_what_is_under_way_and_serves_on_the_same_port(
    server: Running, ledger: Path
) -> None:
    hanging = {
        **LETTER, "personalizations": [{"to": [{"email": "take-and-hang@shop.example"}]}]
    }  # fmt: skip
    answers: list[object] = []

    def ask() -> None:
        try:
            answers.append(post_mail(server, hanging))
        except OSError as error:
            answers.append(type(error))

    asking = threading.Thread(target=ask)
    asking.start()
    while not list(read_ledger(ledger)):
        time.sleep(0.01)
    port = server.port
    server.restart()
    asking.join(5)
    after, _ = post_mail(server, LETTER)

    assert len(answers) == 1 and isinstance(answers[0], type)
    assert (server.port, after) == (port, 202)
    assert [entry["status"] for entry in read_ledger(ledger)] == ["hang", 202]
