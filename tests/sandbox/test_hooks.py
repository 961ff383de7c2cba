"""What the sandbox took it reports, signed as the real ones, until the app has taken it, over restarts as well."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import orjson
import pytest

from aftercart.channels import open_senders
from aftercart.channels.sendgrid import read, verify
from aftercart.channels.twilio import hooks as twilio
from aftercart.handover import Outgoing, ProviderEvent
from aftercart.model import Channel
from aftercart.sandbox import Sandbox, serve
from tests.channels.stage import NOW, clock, mail, settings_for, text
from tests.sandbox.conftest import App


@contextmanager
def playing(ledger: Path, app: App, **more: Any) -> Iterator[Sandbox]:
    values: dict[str, Any] = {"public_url": app.url, "clock": clock, "auto": False}
    with Sandbox(ledger, **(values | more)) as sandbox:
        yield sandbox


def send(sandbox: Sandbox, app: App, *messages: Outgoing) -> None:
    server = serve(sandbox.app)
    senders = open_senders(settings_for(sandbox, server.url, public_url=app.url), clock)
    for channel, sender in senders.items():
        sender.send([m for m in messages if m.channel is channel])
        sender.close()
    server.stop()


def mail_events(sandbox: Sandbox, app: App) -> list[ProviderEvent]:
    """The events that were posted, as the app's own code verifies and reads them."""
    found = []
    for path, body, headers in app.posts:
        if path == "/hooks/sendgrid":
            verify(body, headers, public_key=sandbox.public_key, now=NOW)
            found += read(body)
    return found


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.ndjson"


def test_a_mail_is_reported_with_a_signature_that_our_own_code_believes(
    ledger: Path, app: App
) -> None:
    with playing(ledger, app) as sandbox:
        send(sandbox, app, mail(id="m-1"))

        sandbox.flush()

        events = mail_events(sandbox, app)
    assert [(e.message_id, e.delivery) for e in events] == [
        ("m-1", "processed"),
        ("m-1", "delivered"),
    ]
    assert {event.at for event in events} == {NOW}


@pytest.mark.parametrize(
    ("recipient", "expected"),
    [
        ("bounce-1", ["processed", "bounced"]),
        ("block", ["processed", "blocked"]),
        ("drop.me", ["dropped"]),
        ("defer", ["processed", "deferred", "delivered"]),
        ("spam", ["processed", "delivered", "complained"]),
        ("unsubscribe", ["processed", "delivered", "unsubscribed"]),
        ("open", ["processed", "delivered", "opened"]),
        ("click", ["processed", "delivered", "opened", "clicked"]),
        ("blockley", ["processed", "delivered"]),
        ("bounceanna", ["processed", "delivered"]),
    ],
)
def test_the_recipient_says_how_a_mail_ends(
    recipient: str, expected: list[str], ledger: Path, app: App
) -> None:
    with playing(ledger, app) as sandbox:
        send(sandbox, app, mail(f"{recipient}@shop.example"))

        sandbox.flush()

        events = mail_events(sandbox, app)
    assert [e.delivery or e.signal for e in events] == expected


def test_a_text_is_reported_to_its_callback_with_a_signature_that_our_own_code_believes(
    ledger: Path, app: App
) -> None:
    with playing(ledger, app) as sandbox:
        send(sandbox, app, text("+12015550100", id="s-1"))

        sandbox.flush()

    statuses = []
    for path, body, headers in app.posts:
        form = dict(parse_qsl(body.decode()))
        twilio.verify(
            f"{app.url}{path}",
            form,
            headers["x-twilio-signature"],
            auth_token=sandbox.auth.twilio_auth_token,
        )
        statuses.append((path, form["MessageStatus"]))
    assert statuses == [
        ("/hooks/twilio/status/s-1", "sent"),
        ("/hooks/twilio/status/s-1", "delivered"),
    ]


def test_the_number_says_how_a_text_ends(ledger: Path, app: App) -> None:
    with playing(ledger, app) as sandbox:
        send(sandbox, app, text("+12015550000"))

        sandbox.flush()

    last = dict(parse_qsl(app.posts[-1][1].decode()))
    assert (last["MessageStatus"], last["ErrorCode"]) == ("undelivered", "30005")


def test_what_was_taken_without_an_answer_is_reported_and_what_was_not_is_not(
    ledger: Path, app: App
) -> None:
    with playing(ledger, app) as sandbox:
        send(
            sandbox,
            app,
            mail("take-and-reset@shop.example", id="taken"),
            mail("take-and-500@shop.example", id="taken too"),
            mail("reset@shop.example", id="lost"),
            mail("answer-400@shop.example", id="refused"),
        )

        sandbox.flush()

        events = mail_events(sandbox, app)
    assert {event.message_id for event in events} == {"taken", "taken too"}


def test_flush_posts_again_until_the_app_has_taken_it(ledger: Path, app: App) -> None:
    app.answers = [500, 503]
    with playing(ledger, app) as sandbox:
        send(sandbox, app, mail())

        sandbox.flush()

    assert len(app.posts) == 3
    assert len({body for _, body, _ in app.posts}) == 1


def test_flush_says_what_the_app_said_when_it_gives_up(ledger: Path, app: App) -> None:
    app.answers = [403] * 100
    with playing(ledger, app) as sandbox:
        send(sandbox, app, mail())

        with pytest.raises(TimeoutError, match=r"hooks/sendgrid.*403"):
            sandbox.flush(seconds=0.2)


def test_nothing_is_posted_twice_when_all_is_taken(ledger: Path, app: App) -> None:
    with playing(ledger, app) as sandbox:
        send(sandbox, app, mail())
        sandbox.flush()
        sandbox.flush()
    with playing(ledger, app) as sandbox:
        sandbox.flush()

    assert len(app.posts) == 1


def test_what_was_not_taken_before_a_crash_is_reported_after_it_with_the_same_key(
    ledger: Path, app: App
) -> None:
    with playing(ledger, app) as sandbox:
        send(sandbox, app, mail(id="m-1"), text(id="s-1"))
        before = sandbox.public_key

    with playing(ledger, app) as sandbox:
        assert sandbox.public_key == before
        sandbox.flush()

        events = mail_events(sandbox, app)
    assert {event.message_id for event in events} == {"m-1"}
    assert len(app.posts) == 3


def test_copies_after_a_crash_have_the_keys_of_the_first(
    ledger: Path, app: App
) -> None:
    with playing(ledger, app) as sandbox:
        send(sandbox, app, mail())
        sandbox.flush()
        first = {event.key for event in mail_events(sandbox, app)}
    ledger.with_name("ledger.ndjson.hooks").unlink()
    app.posts.clear()

    with playing(ledger, app) as sandbox:
        sandbox.flush()

        assert {event.key for event in mail_events(sandbox, app)} == first


def test_in_the_background_reports_come_by_themselves(ledger: Path, app: App) -> None:
    with playing(ledger, app, auto=True) as sandbox:
        send(sandbox, app, mail())

        for _ in range(100):
            if app.posts:
                break
            time.sleep(0.05)

    assert [path for path, _, _ in app.posts] == ["/hooks/sendgrid"]


def test_many_are_reported_in_few_posts(ledger: Path, app: App) -> None:
    with playing(ledger, app) as sandbox:
        send(sandbox, app, *(mail(id=f"m-{n}") for n in range(450)))

        sandbox.flush()

    assert [len(orjson.loads(body)) for _, body, _ in app.posts] == [400, 400, 100]


def test_only_the_app_itself_is_ever_called(ledger: Path, app: App) -> None:
    with playing(ledger, app, public_url="http://127.0.0.1:9/elsewhere") as sandbox:
        server = serve(sandbox.app)
        elsewhere = settings_for(sandbox, server.url, public_url=app.url)
        sender = open_senders(elsewhere, clock)[Channel.SMS]
        sender.send([text()])
        sender.close()
        server.stop()

        sandbox.flush()

    assert app.posts == []
