"""Without a provider, messages go to a file, and the program says so."""

from pathlib import Path

import orjson
import pytest
import structlog

from aftercart.channels import open_senders
from aftercart.channels.outbox import Outbox
from aftercart.errors import Unavailable
from aftercart.handover import Receipt
from aftercart.model import Channel
from aftercart.settings import Settings
from tests.channels.stage import clock, mail, text


def test_a_message_is_one_line_with_everything_in_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "outbox.ndjson"
    outbox = Outbox(Settings(outbox=str(path)), clock)

    outcomes = outbox.send([mail(id="m-1", headers={"X-A": "1"}), text(id="s-1")])

    first, second = (orjson.loads(line) for line in path.read_bytes().splitlines())
    assert outcomes == [Receipt("outbox", "m-1"), Receipt("outbox", "s-1")]
    assert first == {
        "at": "2026-03-02T10:00:00+00:00",
        "message": "m-1",
        "campaign": "recipe-follow-up",
        "channel": "email",
        "purpose": "marketing",
        "to": "ann@shop.example",
        "subject": "Chicken soup",
        "text": "Hello Ann",
        "html": "<p>Hello Ann</p>",
        "headers": {"X-A": "1"},
    }
    assert second["channel"] == "sms"
    assert [message.message_id for message in outbox.sent] == ["m-1", "s-1"]


def test_what_was_there_before_stays(tmp_path: Path) -> None:
    settings = Settings(outbox=str(tmp_path / "outbox.ndjson"))

    Outbox(settings, clock).send([mail(id="m-1")])
    Outbox(settings, clock).send([mail(id="m-2")])

    lines = (tmp_path / "outbox.ndjson").read_bytes().splitlines()
    assert [orjson.loads(line)["message"] for line in lines] == ["m-1", "m-2"]


def test_a_file_that_cannot_be_written_took_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    outbox = Outbox(Settings(outbox=str(tmp_path / "file" / "outbox")), clock)

    [outcome] = outbox.send([mail()])

    assert type(outcome) is Unavailable
    assert "outbox" in outcome.words
    assert not outbox.sent


def test_without_a_provider_both_channels_have_one_outbox_and_say_so(
    tmp_path: Path,
) -> None:
    with structlog.testing.capture_logs() as said:
        senders = open_senders(Settings(outbox=str(tmp_path / "o")), clock)

    assert senders[Channel.EMAIL] is senders[Channel.SMS]
    assert [line["channel"] for line in said] == ["email", "sms"]
    assert {line["log_level"] for line in said} == {"warning"}


@pytest.mark.parametrize("name", ["sendgrid", "smtp"])
def test_a_provider_that_is_set_takes_its_channel_only(
    name: str, tmp_path: Path
) -> None:
    settings = Settings(email=name, outbox=str(tmp_path / "o"))

    senders = open_senders(settings, clock)

    assert senders[Channel.EMAIL].provider == name
    assert senders[Channel.SMS].provider == "outbox"
