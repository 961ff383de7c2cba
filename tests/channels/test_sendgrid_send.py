"""Mail leaves for SendGrid as the official helpers write it, and each answer means what the table in the docs says."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.utils import parseaddr
from typing import Any

import orjson
import pytest
from sendgrid.helpers import mail as official

from aftercart.channels import Sender
from aftercart.channels.sendgrid import SendGrid
from aftercart.errors import (
    AccountProblem,
    Refused,
    SendError,
    Throttled,
    Unavailable,
    Unclear,
)
from aftercart.handover import Outgoing, Receipt, Rendered
from aftercart.model import Channel
from aftercart.sandbox import Entry
from aftercart.settings import Settings
from tests.channels.stage import NOW, clock, free_port, mail, raw_server, read_request


def test_a_taken_mail_gives_a_receipt_with_the_reference_that_its_events_will_carry(
    email: Sender, entries: Callable[[], list[Entry]]
) -> None:
    [receipt] = email.send([mail(id="m-7")])

    [entry] = entries()
    assert receipt == Receipt("sendgrid", entry["ref"])
    assert (entry["message"], entry["to"]) == ("m-7", "ann@shop.example")
    assert (entry["status"], entry["accepted"]) == (202, True)


@pytest.mark.parametrize(
    ("recipient", "expected", "accepted"),
    [
        ("answer-400", Refused, False),
        ("answer-413", Refused, False),
        ("answer-401", AccountProblem, False),
        ("answer-403", AccountProblem, False),
        ("answer-429", Throttled, False),
        ("answer-503", Unavailable, False),
        ("answer-500", Unclear, False),
        ("take-and-500", Unclear, True),
        ("take-and-reset", Unclear, True),
        ("reset", Unclear, False),
    ],
)
def test_each_answer_has_its_meaning(
    recipient: str,
    expected: type[SendError],
    accepted: bool,
    email: Sender,
    entries: Callable[[], list[Entry]],
) -> None:
    [outcome] = email.send([mail(f"{recipient}@shop.example")])

    assert type(outcome) is expected
    assert [entry["accepted"] for entry in entries()] == [accepted]


def test_one_outcome_for_each_message_in_the_order_of_the_batch(email: Sender) -> None:
    batch = [
        mail(f"{'answer-400' if n % 7 == 0 else 'ann'}@shop.example", id=f"m-{n}")
        for n in range(120)
    ]

    outcomes = email.send(batch)

    assert [n for n, o in enumerate(outcomes) if isinstance(o, Refused)] == list(
        range(0, 120, 7)
    )
    assert len(outcomes) == 120


def test_the_words_of_a_refusal_are_the_providers(email: Sender) -> None:
    [outcome] = email.send([mail(rendered=Rendered(text="", subject="Hello"))])

    assert isinstance(outcome, Refused)
    assert outcome.code == "400"
    assert "content.0.value" in outcome.words


def test_throttled_says_until_when(email: Sender) -> None:
    [outcome] = email.send([mail("answer-429@shop.example")])

    assert isinstance(outcome, Throttled)
    assert outcome.until == NOW + timedelta(seconds=7)


def test_a_wrong_key_is_the_accounts_problem_and_never_the_messages(
    settings: Settings, open_sender: Callable[..., Sender]
) -> None:
    wrong = Settings(**{**vars(settings), "sendgrid_api_key": "SG.wrong"})

    [outcome] = open_sender(Channel.EMAIL, wrong).send([mail()])

    assert isinstance(outcome, AccountProblem)
    assert "SG.wrong" not in str(outcome)


def test_a_server_that_is_not_there_surely_did_not_take_it(
    settings: Settings, open_sender: Callable[..., Sender]
) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    gone = Settings(**{**vars(settings), "sendgrid_base_url": nowhere})

    outcomes = open_sender(Channel.EMAIL, gone).send([mail(), mail()])

    assert [type(outcome) for outcome in outcomes] == [Unavailable, Unavailable]


def test_a_redirect_is_not_followed_and_is_about_the_address_we_were_given(
    settings: Settings, open_sender: Callable[..., Sender]
) -> None:
    asked = []

    def redirect(connection: object, number: int) -> None:
        asked.append(read_request(connection))  # type: ignore[arg-type]
        connection.sendall(  # type: ignore[attr-defined]
            b"HTTP/1.1 307 x\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n"
        )

    with raw_server(redirect) as port:
        url = f"http://127.0.0.1:{port}"
        moved = Settings(**{**vars(settings), "sendgrid_base_url": url})
        [outcome] = open_sender(Channel.EMAIL, moved).send([mail()])

    assert isinstance(outcome, AccountProblem)
    assert "AFTERCART_SENDGRID_BASE_URL" in outcome.words
    assert len(asked) == 1


def test_the_payload_carries_our_id_and_nothing_about_the_person_in_its_arguments(
    settings: Settings,
) -> None:
    unsubscribe = {
        "List-Unsubscribe": "<https://meadow.example/u/t>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }

    payload = SendGrid(settings, clock).payload(mail(id="m-9", headers=unsubscribe))

    assert payload["custom_args"] == {"mid": "m-9", "env": "aftercart"}
    assert payload["headers"] == unsubscribe
    assert payload["categories"] == ["recipe-follow-up"]
    assert payload["from"] == {"name": "Meadow Grocer", "email": "hello@meadow.example"}
    assert payload["personalizations"] == [
        {"to": [{"name": "Ann", "email": "ann@shop.example"}]}
    ]
    assert payload["content"] == [
        {"type": "text/plain", "value": "Hello Ann"},
        {"type": "text/html", "value": "<p>Hello Ann</p>"},
    ]


def as_the_helpers_write_it(message: Outgoing, *, sender: str) -> Any:
    """The whole payload by the official helpers, which take twenty times as long as `SendGrid.payload`."""
    name, address = parseaddr(sender)
    tracking = official.TrackingSettings()
    tracking.click_tracking = official.ClickTracking(enable=False, enable_text=False)
    tracking.open_tracking = official.OpenTracking(enable=False)
    tracking.subscription_tracking = official.SubscriptionTracking(enable=False)
    recipient = official.Personalization()
    recipient.add_to(official.To(message.to, message.to_name or None))
    mail = official.Mail()
    mail.from_email = official.From(address, name or None)
    mail.subject = message.rendered.subject
    mail.add_personalization(recipient)
    mail.add_content(official.Content("text/plain", message.rendered.text))
    if message.rendered.html:
        mail.add_content(official.Content("text/html", message.rendered.html))
    mail.add_custom_arg(official.CustomArg("mid", message.message_id))
    mail.add_custom_arg(official.CustomArg("env", "aftercart"))
    for key, value in message.headers.items():
        mail.add_header(official.Header(key, value))
    mail.add_category(official.Category(message.campaign))
    mail.tracking_settings = tracking
    return mail.get()


@pytest.mark.parametrize(
    "letter",
    [
        mail(id="m-1", headers={"List-Unsubscribe": "<https://m.example/u>", "X": "y"}),
        mail(id="m-2", to_name='Ann "Bo", Müller; <x>'),
        mail(id="m-3", to_name=""),
        mail(id="m-4", rendered=Rendered(text="only words", subject="Hello")),
        mail(id="m-5", rendered=Rendered(text="", subject="", html="<p>a</p>")),
    ],
    ids=["full", "odd name", "no name", "no html", "nothing said"],
)
@pytest.mark.parametrize("sender", ["Meadow <hi@meadow.example>", "hi@meadow.example"])
def test_the_payload_is_what_the_official_helpers_write(
    sender: str, letter: Outgoing, settings: Settings
) -> None:
    sendgrid = SendGrid(Settings(**{**vars(settings), "email_from": sender}), clock)
    sendgrid.payload(mail(id="m-0", to="bo@shop.example", headers={"Z": "of another"}))

    payload = sendgrid.payload(letter)

    assert payload == as_the_helpers_write_it(letter, sender=sender)


def test_each_campaign_has_its_own_category(settings: Settings) -> None:
    sendgrid = SendGrid(settings, clock)
    one = mail()
    other = replace(one, campaign="nps-survey")

    categories = [sendgrid.payload(m)["categories"] for m in (one, other, one)]

    assert categories == [["recipe-follow-up"], ["nps-survey"], ["recipe-follow-up"]]


def test_nothing_is_tracked_and_no_second_unsubscribe_is_added(
    settings: Settings,
) -> None:
    payload = SendGrid(settings, clock).payload(mail())

    assert payload["tracking_settings"] == {
        "click_tracking": {"enable": False, "enable_text": False},
        "open_tracking": {"enable": False},
        "subscription_tracking": {"enable": False},
    }


@pytest.mark.parametrize(
    "bad", ["a\r\nBcc: x@y.example", "a\u202eb", "a\u2028b", "a\0"]
)
def test_a_subject_that_could_become_a_header_is_refused_and_its_neighbours_go(
    bad: str, email: Sender, entries: Callable[[], list[Entry]]
) -> None:
    evil = mail(id="m-bad", rendered=Rendered(text="x", subject=bad))

    outcomes = email.send([mail(id="m-1"), evil, mail(id="m-3")])

    assert [type(o) for o in outcomes] == [Receipt, Refused, Receipt]
    assert {entry["message"] for entry in entries()} == {"m-1", "m-3"}


def test_what_cannot_be_written_as_json_is_refused_and_not_raised(
    email: Sender,
) -> None:
    [outcome] = email.send([mail(rendered=Rendered(text="\ud800", subject="x"))])

    assert isinstance(outcome, Refused)


def test_a_name_is_carried_as_it_is_written(
    settings: Settings,
) -> None:
    payload = SendGrid(settings, clock).payload(mail(to_name='Ann "Bo", Müller; <x>'))

    body = orjson.loads(orjson.dumps(payload))
    [person] = body["personalizations"]
    assert person["to"] == [
        {"name": 'Ann "Bo", Müller; <x>', "email": "ann@shop.example"}
    ]


def test_a_503_is_doubt_for_a_shop_that_asks_for_it(
    open_sender: Callable[..., Sender], settings: Settings
) -> None:
    strict = replace(settings, treat_503_as_unknown="yes")

    (answer,) = open_sender(Channel.EMAIL, strict).send(
        [mail("answer-503@shop.example")]
    )

    assert isinstance(answer, Unclear)
