"""Is a provider there, and what has it on its list? Asked without sending anything to anybody."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import urllib3

from aftercart.channels import Sender, callbacks
from aftercart.errors import AccountProblem, SendError, Unavailable
from aftercart.model import Channel, Delivery
from aftercart.sandbox import Entry, Running
from aftercart.settings import Settings
from tests.channels.stage import NOW, free_port, mail, text

Opens = Callable[..., Sender]
CHANNELS = list(Channel)


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_provider_that_is_there_says_so_and_sends_nothing(
    open_sender: Opens,
    settings: Settings,
    entries: Callable[[], list[Entry]],
    channel: Channel,
) -> None:
    assert open_sender(channel, settings).ask() is None

    assert not any(entry["accepted"] for entry in entries())


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_key_that_is_wrong_is_still_wrong_when_it_is_asked(
    open_sender: Opens, settings: Settings, channel: Channel
) -> None:
    wrong = replace(settings, sendgrid_api_key="SG.other", twilio_auth_token="other")

    assert isinstance(open_sender(channel, wrong).ask(), AccountProblem)


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_provider_that_is_not_there_is_out(
    open_sender: Opens, settings: Settings, channel: Channel
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    away = replace(settings, sendgrid_base_url=url, twilio_base_url=url)

    assert isinstance(open_sender(channel, away).ask(), Unavailable)


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("deed", ["answer-500", "answer-429", "answer-503", "reset"])
def test_a_provider_that_fails_is_out_for_a_question_too(
    open_sender: Opens,
    settings: Settings,
    server: Running,
    channel: Channel,
    deed: str,
) -> None:
    script = f"faults: [{{do: {deed}}}]".encode()
    told = urllib3.request("PUT", f"{server.url}/sandbox/faults", body=script)
    assert told.status < 300

    assert isinstance(open_sender(channel, settings).ask(), SendError)


def test_a_mail_server_is_asked_by_a_connection(open_sender: Opens) -> None:
    away = Settings(email="smtp", smtp_url=f"smtp://127.0.0.1:{free_port()}")

    assert isinstance(open_sender(Channel.EMAIL, away).ask(), Unavailable)


def test_the_outbox_is_asked_whether_it_can_be_written(
    open_sender: Opens, tmp_path: Path
) -> None:
    there = open_sender(Channel.EMAIL, Settings(outbox=str(tmp_path / "out.ndjson")))
    (tmp_path / "file").write_text("")
    not_there = Settings(outbox=str(tmp_path / "file" / "out.ndjson"))

    assert there.ask() is None
    assert isinstance(open_sender(Channel.EMAIL, not_there).ask(), Unavailable)


def test_a_text_is_found_in_the_list_with_what_its_report_would_say(
    sms: Sender,
) -> None:
    sms.send([text("+12015550100"), text("+12015550101", id="s-2")])

    (found,) = sms.look_up("+12015550100") or []

    assert found.text == "Your order is running late"
    assert abs(found.at - NOW) < timedelta(seconds=1)
    (event,) = callbacks.read("twilio", path="s-1", body=found.report, at=NOW)
    assert (event.delivery, event.provider_ref) == (Delivery.DELIVERED, found.ref)


def test_a_number_without_texts_has_an_empty_list(sms: Sender) -> None:
    assert sms.look_up("+12015550199") == []


def test_a_list_that_cannot_be_read_is_an_error_and_no_empty_list(
    open_sender: Opens, settings: Settings
) -> None:
    away = replace(settings, twilio_base_url=f"http://127.0.0.1:{free_port()}")

    with pytest.raises(Unavailable):
        open_sender(Channel.SMS, away).look_up("+12015550100")


def test_sendgrid_keeps_no_list_for_us(email: Sender) -> None:
    email.send([mail()])

    assert (email.keeps_list, email.look_up("ann@shop.example")) == (False, None)
