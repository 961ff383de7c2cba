"""What a script asks for happens to real requests, is in the ledger first, and can be changed while the sandbox runs."""

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aftercart.channels import open_senders, transport
from aftercart.errors import (
    AccountProblem,
    Refused,
    SendError,
    Throttled,
    Unavailable,
    Unclear,
)
from aftercart.handover import Receipt
from aftercart.sandbox import Sandbox, read_ledger, serve
from aftercart.sandbox.faults import CALM, Faults, draw
from aftercart.sandbox.outcomes import TAKEN
from aftercart.sandbox.scripts import parse
from aftercart.sandbox.wire import Running
from tests.channels.stage import NOW, clock, mail, settings_for, text
from tests.scenes.house import COMMAND, wait_until
from tests.servers import free_port


@contextmanager
def playing(ledger: Path, script: str) -> Iterator[tuple[Sandbox, Running]]:
    with Sandbox(
        ledger,
        public_url="http://127.0.0.1:9",
        clock=clock,
        auto=False,
        script=parse(script, file="faults.yaml"),
    ) as sandbox:
        running = serve(sandbox.app)
        yield sandbox, running
        running.stop()


def send(box: tuple[Sandbox, Running], *messages: Any) -> list[Receipt | SendError]:
    sandbox, running = box
    results: list[Receipt | SendError] = []
    for channel, sender in open_senders(
        settings_for(sandbox, running.url), clock
    ).items():
        results += sender.send([m for m in messages if m.channel is channel])
        sender.close()
    return results


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.ndjson"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "READ_SECONDS", 0.4)
    monkeypatch.setattr(transport, "TOTAL_SECONDS", 0.8)


@pytest.mark.parametrize(
    ("word", "mail_means", "text_means", "status", "accepted"),
    [
        ("answer-400", Refused, Refused, 400, False),
        ("answer-401", AccountProblem, AccountProblem, 401, False),
        ("answer-403", AccountProblem, SendError, 403, False),
        ("answer-429", Throttled, Throttled, 429, False),
        ("answer-500", Unclear, Unclear, 500, False),
        ("answer-502", Unclear, Unclear, 502, False),
        ("answer-503", Unavailable, Unavailable, 503, False),
        ("take-and-500", Unclear, Unclear, 500, True),
        ("take-and-reset", Unclear, Unclear, "reset", True),
        ("take-and-hang", Unclear, Unclear, "hang", True),
        ("reset", Unclear, Unclear, "reset", False),
        ("hang", Unclear, Unclear, "hang", False),
        ("take-without-id", Receipt, Unclear, "bare", True),
        ("take-and-html", Receipt, Unclear, "html", True),
        ("take-and-cut", Unclear, Unclear, "cut", True),
        ("take-and-flood", Unclear, Unclear, "flood", True),
        ("drip", Unclear, Unclear, "drip", True),
    ],
)
@pytest.mark.usefixtures("impatient")
def test_each_word_does_what_it_says_and_is_in_the_ledger(
    word: str,
    mail_means: type,
    text_means: type,
    status: int | str,
    accepted: bool,
    ledger: Path,
) -> None:
    with playing(ledger, f"faults: [{{do: {word}}}]") as box:
        by_mail, by_text = send(box, mail(id="m-1"), text(id="s-1"))

    assert isinstance(by_mail, mail_means)
    assert isinstance(by_text, text_means)
    told = [(e["message"], e["status"], e["accepted"]) for e in read_ledger(ledger)]
    assert sorted(told) == [("m-1", status, accepted), ("s-1", status, accepted)]


@pytest.mark.parametrize("word", ["reset-before-read", "hang-before-read"])
@pytest.mark.usefixtures("impatient")
def test_a_request_that_is_ended_before_it_is_read_names_no_message(
    word: str, ledger: Path
) -> None:
    with playing(ledger, f"faults: [{{do: {word}}}]") as box:
        [result] = send(box, mail(id="m-1"))

    assert isinstance(result, Unclear)
    [entry] = read_ledger(ledger)
    assert (entry["message"], entry["status"], entry["accepted"]) == (
        "",
        word.partition("-")[0],
        False,
    )


@pytest.mark.parametrize("key", ["after", "reset"])
def test_a_provider_that_is_busy_says_when_to_come_back(key: str, ledger: Path) -> None:
    with playing(ledger, f"faults: [{{do: answer-429, {key}: 90 s}}]") as box:
        results = send(box, mail(), text())

    for result in results:
        assert isinstance(result, Throttled)
        assert abs(result.until - NOW - timedelta(seconds=90)) < timedelta(seconds=3)


def test_an_account_problem_has_the_words_of_the_script(ledger: Path) -> None:
    script = "faults: [{do: answer-401, words: maximum credits exceeded}]"
    with playing(ledger, script) as box:
        [result] = send(box, mail())

    assert isinstance(result, AccountProblem)
    assert "maximum credits exceeded" in result.words


def test_a_slow_provider_takes_its_time_and_takes_it(ledger: Path) -> None:
    script = "faults: [{provider: sendgrid, do: slow, for: 600 ms}]\nlatency: {twilio: 300 ms}"
    with playing(ledger, script) as box:
        begun = time.monotonic()
        results = send(box, mail())
        between = time.monotonic()
        results += send(box, text())
        ended = time.monotonic()

    assert all(isinstance(result, Receipt) for result in results)
    assert between - begun >= 0.6
    assert ended - between >= 0.3


def test_a_fault_is_for_its_provider_its_request_and_its_share(ledger: Path) -> None:
    script = """\
seed: 3
faults:
  - {provider: twilio, do: answer-503}
  - {request: 1, share: 30%, do: answer-500}
"""
    with playing(ledger, script) as box:
        mails = [mail(id=f"m-{n}") for n in range(100)]
        first = send(box, *mails)
        second = send(box, *mails)
        [by_text] = send(box, text())

    struck = {
        m.message_id
        for m, r in zip(mails, first, strict=True)
        if isinstance(r, Unclear)
    }
    assert 15 <= len(struck) <= 45
    assert all(isinstance(result, Receipt) for result in second)
    assert isinstance(by_text, Unavailable)
    # the lot knows the message and not the order in which they came
    assert struck == {
        f"m-{n}" for n in range(100) if draw(3, 1, "sendgrid", f"m-{n}", 1) < 0.3
    }


def test_a_fault_lasts_as_long_as_its_window() -> None:
    now = [100.0]
    script = parse("faults: [{from: 5 s, until: 65 s, do: answer-500}]", file="f")
    faults = Faults(script, clock=lambda: now[0])

    told = []
    for now[0] in (100.0, 104.9, 105.0, 164.9, 165.0):
        told.append(faults.outcome("sendgrid", "m-1", otherwise=TAKEN).status)

    assert told == [0, 0, 500, 500, 0]


def test_a_magic_recipient_works_beside_a_script(ledger: Path) -> None:
    with playing(ledger, "latency: {sendgrid: 1 ms}") as box:
        [result] = send(box, mail("answer-400@shop.example"))

    assert isinstance(result, Refused)


def ask(url: str, method: str, body: str = "") -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(
        f"{url}/sandbox/faults", body.encode() or None, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_a_script_is_changed_while_the_sandbox_runs(ledger: Path) -> None:
    with playing(ledger, "") as box:
        _, running = box
        results = send(box, mail())
        assert ask(running.url, "PUT", "faults: [{do: answer-503}]")[0] == 200
        results += send(box, mail())
        status, said = ask(running.url, "PUT", "faults: [{do: nothing}]")
        results += send(box, mail())
        assert ask(running.url, "DELETE")[0] == 200
        results += send(box, mail())
        standing = ask(running.url, "GET")[1]

    assert status == 422
    assert "nothing" in said["errors"][0]
    kinds = [type(result) for result in results]
    assert kinds == [Receipt, Unavailable, Unavailable, Receipt]
    assert standing["reports_waiting"] == 4  # lines of the ledger
    assert box[0].faults.script == CALM


def test_the_command_reads_its_script_again_when_it_is_told_to(tmp_path: Path) -> None:
    file, words = tmp_path / "faults.yaml", tmp_path / "words"
    file.write_text("faults: [{do: answer-503}]")
    port = free_port()
    with words.open("wb") as out:
        started = subprocess.Popen(
            [COMMAND, "sandbox", "--port", str(port), "--faults", str(file)],
            cwd=tmp_path, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        wait_until(lambda: "Ctrl-C" in words.read_text(), what="the sandbox is up")

        def status() -> int:
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/v3/mail/send",
                json.dumps(
                    {
                        "personalizations": [{"to": [{"email": "a@b.example"}]}],
                        "from": {"email": "s@b.example"},
                        "subject": "s",
                        "content": [{"type": "text/plain", "value": "v"}],
                    }
                ).encode(),
                {
                    "Authorization": "Bearer SG.sandbox",
                    "Content-Type": "application/json",
                },
            )
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    return int(answer.status)
            except urllib.error.HTTPError as error:
                with error:
                    return error.code

        assert status() == 503
        file.write_text("faults: [{do: answer-500}]")
        started.send_signal(signal.SIGHUP)
        wait_until(lambda: status() == 500, what="the new script", seconds=20)
        file.write_text("faults: [{do: nonsense}]")
        started.send_signal(signal.SIGHUP)
        wait_until(lambda: "nonsense" in words.read_text(), what="the mistake")
        assert status() == 500
    finally:
        started.terminate()
        started.wait(10)


def test_a_script_with_mistakes_stops_the_command(tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text("faults:\n  - {do: explode}\n")

    done = subprocess.run(
        [COMMAND, "sandbox", "--faults", str(file)],
        cwd=tmp_path, env=dict(os.environ), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert "faults.yaml:2:10" in done.stderr
