"""What a script does to the reports: copied, shuffled, delayed, lost, forged, held back."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from aftercart.channels.sendgrid import read, verify
from aftercart.errors import HookError
from aftercart.sandbox import Sandbox
from aftercart.sandbox.posting import Desk
from aftercart.sandbox.scripts import parse
from tests.channels.stage import NOW, clock, mail, text
from tests.sandbox.conftest import App
from tests.sandbox.test_hooks import send


@contextmanager
def playing(
    ledger: Path, app: App, webhooks: str, *, auto: bool = False
) -> Iterator[Sandbox]:
    with Sandbox(
        ledger,
        public_url=app.url,
        clock=clock,
        auto=auto,
        script=parse(f"seed: 5\nwebhooks: {webhooks}", file="faults.yaml"),
    ) as sandbox:
        yield sandbox


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.ndjson"


def told(app: App) -> list[tuple[str, str, str]]:
    """message, event, id of each event about a mail, as they came."""
    return [
        (event["mid"], event["event"], event["sg_event_id"])
        for path, body, _ in app.posts
        if path == "/hooks/sendgrid"
        for event in orjson.loads(body)
    ]


def test_copies_have_ids_of_their_own_and_one_key(ledger: Path, app: App) -> None:
    with playing(ledger, app, "{copies: 46}") as sandbox:
        send(sandbox, app, mail(id="m-1"), text(id="s-1"))
        sandbox.flush()

    events = told(app)
    assert Counter(e[:2] for e in events) == {
        ("m-1", "processed"): 46,
        ("m-1", "delivered"): 46,
    }
    assert len({e[2] for e in events}) == 92
    keys = {
        e.key for path, body, _ in app.posts if "sendgrid" in path for e in read(body)
    }
    assert len(keys) == 2
    assert sum(path.endswith("/s-1") for path, _, _ in app.posts) == 92


def test_how_many_copies_is_a_lot_for_each_message(ledger: Path, app: App) -> None:
    with playing(ledger, app, "{copies: 1-46}") as sandbox:
        send(sandbox, app, *(mail(id=f"m-{n}") for n in range(30)))
        sandbox.flush()

    counts = Counter(e[0] for e in told(app) if e[1] == "processed")
    assert len(counts) == 30
    assert 1 <= min(counts.values()) < max(counts.values()) <= 46
    assert len(set(counts.values())) > 10


def test_shuffled_reports_come_in_another_order(ledger: Path, app: App) -> None:
    with playing(ledger, app, "{shuffle: true}") as sandbox:
        send(sandbox, app, *(mail(id=f"m-{n}") for n in range(20)))
        sandbox.flush()

    events = [e[:2] for e in told(app)]
    assert len(set(events)) == len(events) == 40
    firsts = [events.index((f"m-{n}", "processed")) for n in range(20)]
    lasts = [events.index((f"m-{n}", "delivered")) for n in range(20)]
    assert any(last < first for first, last in zip(firsts, lasts, strict=True))


def test_delayed_reports_come_when_their_time_has_come(ledger: Path, app: App) -> None:
    with playing(ledger, app, "{delay: 500-700 ms}") as sandbox:
        send(sandbox, app, mail(id="m-1"))
        sandbox.flush()
        early = len(app.posts)
        time.sleep(0.8)
        sandbox.flush()

    assert early == 0
    assert {e[:2] for e in told(app)} == {("m-1", "processed"), ("m-1", "delivered")}


def test_a_share_of_the_reports_is_lost_and_the_rest_comes(
    ledger: Path, app: App
) -> None:
    with playing(ledger, app, "{lose: 30%}") as sandbox:
        send(sandbox, app, *(mail(id=f"m-{n}") for n in range(100)))
        sandbox.flush()

    assert 100 < len(told(app)) < 180


def test_a_forged_report_is_signed_by_nobody_whom_the_app_believes(
    ledger: Path, app: App
) -> None:
    with playing(ledger, app, "{forge: 100%}") as sandbox:
        send(sandbox, app, mail(id="m-1"), text(id="s-1"))
        app.answers = [403, 403, 403]
        sandbox.flush()

        believed = []
        for path, body, headers in app.posts:
            if path == "/hooks/sendgrid":
                try:
                    verify(body, headers, public_key=sandbox.public_key, now=NOW)
                    believed += read(body)
                except HookError:
                    assert b"bounce" in body
    assert [e.delivery for e in believed] == ["processed", "delivered"]
    assert sum("twilio" in path for path, _, _ in app.posts) == 4


def test_reports_are_held_back_until_the_script_lets_them_go(
    ledger: Path, app: App
) -> None:
    with playing(ledger, app, "{hold: true}", auto=True) as sandbox:
        send(sandbox, app, mail(id="m-1"))
        time.sleep(0.7)
        held = len(app.posts)
        sandbox.faults.play(parse("", file="faults.yaml"))
        for _ in range(100):
            if app.posts:
                break
            time.sleep(0.05)

    assert held == 0
    assert len(told(app)) == 2


def test_what_the_app_does_not_take_comes_again_and_nothing_is_left_out(
    ledger: Path, app: App
) -> None:
    app.answers = [503] * 400
    with playing(ledger, app, "{copies: 3, shuffle: true}") as sandbox:
        send(sandbox, app, mail(id="m-1"), text(id="s-1"))
        with pytest.raises(TimeoutError):
            sandbox.flush(seconds=0.2)
        app.answers.clear()
        app.posts.clear()
        sandbox.flush()

    assert len(told(app)) == 6
    assert sum("twilio" in path for path, _, _ in app.posts) == 6


def test_after_a_restart_what_waited_is_reported(ledger: Path, app: App) -> None:
    with playing(ledger, app, "{delay: 1 h}") as sandbox:
        send(sandbox, app, mail(id="m-1"))
        sandbox.flush()
    assert app.posts == []

    with playing(ledger, app, "{copies: 1}") as sandbox:
        sandbox.flush()

    assert len(told(app)) == 2


def test_reports_that_are_being_made_ready_wait_all_the_same(
    ledger: Path, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    sign = Desk.mail
    with playing(ledger, app, "{copies: 3}") as sandbox:
        hooks = sandbox._hooks
        monkeypatch.setattr(
            Desk, "mail", lambda *a, **k: (seen.append(hooks.waiting), sign(*a, **k))[1]
        )
        send(sandbox, app, mail(id="m-1"))
        sandbox.flush()

        assert seen == [6]  # three copies of two reports
        assert hooks.waiting == 0
