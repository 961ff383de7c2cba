"""SendGrid's reports are believed by their raw bytes, and mean what the table in the docs says."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from aftercart.channels.sendgrid import read, verify
from aftercart.errors import HookError
from aftercart.model import Delivery, Signal
from tests.channels.stage import NOW

KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
).decode()

BODY = b'[{"email":"ann@shop.example","event":"delivered","timestamp":1772445600}]\r\n'


def signed(body: bytes, *, at: datetime = NOW, key: Any = KEY) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    signature = key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
    }


def event(name: str, **more: Any) -> dict[str, Any]:
    return {
        "email": "ann@shop.example",
        "event": name,
        "timestamp": 1772445600,
        "sg_message_id": "ref1.recvd-abc-0",
        "sg_event_id": "e1",
        "mid": "m-1",
        "env": "aftercart",
        **more,
    }


def read_one(name: str, **more: Any) -> Any:
    [found] = read(orjson.dumps([event(name, **more)]))
    return found


def test_bytes_that_were_signed_are_believed() -> None:
    verify(BODY, signed(BODY), public_key=PUBLIC, now=NOW)


def test_header_names_in_any_case_are_found() -> None:
    lower = {name.lower(): value for name, value in signed(BODY).items()}

    verify(BODY, lower, public_key=PUBLIC, now=NOW)


@pytest.mark.parametrize("age", [timedelta(seconds=301), timedelta(seconds=-301)])
def test_a_stale_signature_is_not_believed(age: timedelta) -> None:
    with pytest.raises(HookError, match="not believed"):
        verify(BODY, signed(BODY, at=NOW - age), public_key=PUBLIC, now=NOW)


def test_a_signature_of_five_minutes_ago_is_still_fresh() -> None:
    old = signed(BODY, at=NOW - timedelta(seconds=300))

    verify(BODY, old, public_key=PUBLIC, now=NOW)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(BODY.replace(b"delivered", b"bounce"), id="changed"),
        pytest.param(BODY.rstrip(), id="without its last line end"),
        pytest.param(json.dumps(json.loads(BODY)).encode(), id="written again"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe", id="not text"),
    ],
)
def test_other_bytes_than_those_that_were_signed_are_not_believed(body: bytes) -> None:
    with pytest.raises(HookError):
        verify(body, signed(BODY), public_key=PUBLIC, now=NOW)


def test_a_forged_signature_is_not_believed() -> None:
    forger = ec.generate_private_key(ec.SECP256R1())

    with pytest.raises(HookError):
        verify(BODY, signed(BODY, key=forger), public_key=PUBLIC, now=NOW)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Signature", ""),
        ("Signature", "not base64!"),
        ("Signature", "AAAA"),
        ("Signature", "Ünïcode"),
        ("Timestamp", ""),
        ("Timestamp", "yesterday"),
        ("Timestamp", "9" * 400),
        ("Timestamp", "-1"),
    ],
)
def test_headers_that_make_no_sense_are_not_believed(header: str, value: str) -> None:
    headers = signed(BODY) | {f"X-Twilio-Email-Event-Webhook-{header}": value}

    with pytest.raises(HookError):
        verify(BODY, headers, public_key=PUBLIC, now=NOW)


def test_missing_headers_are_not_believed() -> None:
    with pytest.raises(HookError):
        verify(BODY, {}, public_key=PUBLIC, now=NOW)


@pytest.mark.parametrize("key", ["", "nonsense", "AAAA"])
def test_without_a_usable_key_nothing_is_believed(key: str) -> None:
    with pytest.raises(HookError):
        verify(BODY, signed(BODY), public_key=key, now=NOW)


@pytest.mark.parametrize(
    ("name", "more", "delivery", "signal", "suppress"),
    [
        ("processed", {}, Delivery.PROCESSED, None, ""),
        ("deferred", {"response": "451"}, Delivery.DEFERRED, None, ""),
        ("delivered", {}, Delivery.DELIVERED, None, ""),
        ("bounce", {"type": "bounce"}, Delivery.BOUNCED, None, "bounce"),
        ("bounce", {"type": "blocked"}, Delivery.BLOCKED, None, ""),
        ("dropped", {"reason": "Bounced Address"}, Delivery.DROPPED, None, "bounce"),
        (
            "dropped",
            {"reason": "Unsubscribed Address"},
            Delivery.DROPPED,
            None,
            "unsubscribe",
        ),
        ("dropped", {"reason": "SMTPAPI error"}, Delivery.DROPPED, None, ""),
        ("open", {}, None, Signal.OPENED, ""),
        ("click", {"url": "https://a.example"}, None, Signal.CLICKED, ""),
        ("spamreport", {}, None, Signal.COMPLAINED, "complaint"),
        ("unsubscribe", {}, None, Signal.UNSUBSCRIBED, "unsubscribe"),
        ("group_unsubscribe", {}, None, Signal.UNSUBSCRIBED, "unsubscribe"),
    ],
)
def test_each_event_has_its_meaning(
    name: str,
    more: dict[str, str],
    delivery: Delivery | None,
    signal: Signal | None,
    suppress: str,
) -> None:
    found = read_one(name, **more)

    assert (found.delivery, found.signal, found.suppress) == (
        delivery,
        signal,
        suppress,
    )


def test_an_event_carries_our_id_their_reference_and_its_time() -> None:
    found = read_one("bounce", type="bounce", reason="550 no such user")

    assert found.message_id == "m-1"
    assert found.provider_ref == "ref1"
    assert found.at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert found.to == "ann@shop.example"
    assert found.words == "bounce 550 no such user"


def test_an_event_that_we_do_not_know_is_kept_by_its_name_and_means_nothing() -> None:
    found = read_one("levitated")

    assert found.words == "levitated"
    assert (found.delivery, found.signal, found.suppress) == (None, None, "")


def test_an_open_by_a_mailbox_is_told_from_one_by_a_person() -> None:
    assert read_one("open", sg_machine_open=True).machine
    assert not read_one("open", sg_machine_open=False).machine
    assert not read_one("open").machine


def test_copies_have_one_key_whatever_id_sendgrid_gives_them() -> None:
    first = read_one("delivered", sg_event_id="e1")
    copy = read_one("delivered", sg_event_id="e2")

    assert first.key == copy.key


@pytest.mark.parametrize(
    "difference",
    [
        {"mid": "m-2"},
        {"sg_message_id": "ref2"},
        {"timestamp": 1772445601},
        {"url": "https://b.example"},
        {"reason": "other"},
    ],
)
def test_different_events_have_different_keys(difference: dict[str, Any]) -> None:
    assert read_one("click").key != read_one("click", **difference).key


@pytest.mark.parametrize("timestamp", [None, "soon", 1e300, "nan"])
def test_a_time_that_cannot_be_read_does_not_lose_the_event(timestamp: object) -> None:
    found = read_one("delivered", timestamp=timestamp)

    assert found.delivery is Delivery.DELIVERED
    assert found.at.year == 1970


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b'"x"', b"[1]", b"null"])
def test_what_is_no_list_of_events_is_not_believed(body: bytes) -> None:
    with pytest.raises(HookError):
        read(body)
