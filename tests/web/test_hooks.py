"""Callbacks: believed ones are kept as they came, all others get one and the same answer."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from aftercart import addresses, tracking
from tests.web import seeding
from tests.web.seeding import NOW
from tests.web.site import Answer, Site, everything

KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
).decode()
AUTH = "the auth token of an account"
URL = "https://mail.shop.example"
EVENTS = b'[{"event": "delivered", "sg_event_id": "x"}]\r\n'
STATUS = {"MessageSid": "SM1", "MessageStatus": "delivered", "ErrorCode": ""}


@pytest.fixture
def site(open_site: Callable[..., Site]) -> Site:
    return open_site(
        sendgrid_webhook_key=PUBLIC, twilio_auth_token=AUTH, public_url=URL
    )


def from_sendgrid(site: Site, body: bytes = EVENTS, **headers: str) -> Answer:
    stamp = str(int(NOW.timestamp()))
    signature = KEY.sign(stamp.encode() + EVENTS, ec.ECDSA(hashes.SHA256()))
    prefix = "X-Twilio-Email-Event-Webhook-"
    signed = {
        f"{prefix}Signature": base64.b64encode(signature).decode(),
        f"{prefix}Timestamp": stamp,
    }
    return site.ask("POST", "/hooks/sendgrid", body=body, headers={**signed, **headers})


def from_twilio(
    site: Site, path: str, *, signed_for: str = "", token: str = AUTH, **form: str
) -> Answer:
    told = form or STATUS
    text = (signed_for or URL + path) + "".join(f"{k}{told[k]}" for k in sorted(told))
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    headers = {
        "X-Twilio-Signature": base64.b64encode(digest).decode(),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return site.ask("POST", path, body=urlencode(told).encode(), headers=headers)


def kept(site: Site) -> list[tuple[str, str, bytes]]:
    return [(row[1], row[2], bytes(row[3])) for row in everything(site.rt)["inbox"]]


def test_a_signed_batch_is_kept_byte_by_byte_before_anybody_reads_it(
    site: Site,
) -> None:
    answer = from_sendgrid(site)

    assert answer.status == 204
    assert kept(site) == [("sendgrid", "", EVENTS)]


def test_a_text_report_is_kept_with_the_message_of_its_address(site: Site) -> None:
    answer = from_twilio(site, "/hooks/twilio/status/m-1")

    assert answer.status == 204
    assert kept(site) == [("twilio", "m-1", urlencode(STATUS).encode())]


def test_an_incoming_text_is_kept_and_answered_with_silence(site: Site) -> None:
    answer = from_twilio(
        site, "/hooks/twilio/inbound", From="+447700900100", Body="STOP"
    )

    assert answer.status == 200
    assert answer.text.endswith("<Response></Response>")
    assert len(kept(site)) == 1


@pytest.mark.parametrize(
    ("form", "is_answered"),
    [
        ({"Body": "HELP"}, True),
        ({"Body": " help! "}, True),
        ({"Body": "INFO"}, True),
        ({"Body": "help me cook"}, False),
        ({"Body": "HELP", "OptOutType": "HELP"}, False),
        ({"Body": "START"}, False),
        ({}, False),
    ],
)
def test_who_asks_for_help_is_told_who_we_are_and_how_it_ends(
    site: Site, form: dict[str, str], is_answered: bool
) -> None:
    answer = from_twilio(
        site, "/hooks/twilio/inbound", **{"From": "+447700900100"} | form
    )

    said = site.rt.shop.name in answer.text and "Reply STOP" in answer.text
    assert (said, len(kept(site))) == (is_answered, 1)


def test_a_customer_who_texts_stop_is_not_texted_again(site: Site) -> None:
    with site.rt.store.write() as tx:
        seeding.person(tx, id="c-1", first_name="Ann", phone="+447700900100")
    form = {"From": "+447700900100", "Body": "Stop", "MessageSid": "SM2"}

    from_twilio(site, "/hooks/twilio/inbound", **form)
    tracking.read_inbox(site.rt)

    key = addresses.key("+447700900100", secret=seeding.SECRET)
    assert [row[0] for row in everything(site.rt)["suppressions"]] == [key]


def test_every_cause_of_disbelief_gets_the_same_answer_and_leaves_nothing(
    site: Site,
) -> None:
    prefix = "X-Twilio-Email-Event-Webhook-"
    status = "/hooks/twilio/status/m-1"
    forged = [
        site.ask("POST", "/hooks/sendgrid", body=EVENTS),
        from_sendgrid(site, body=EVENTS + b" "),
        from_sendgrid(site, **{f"{prefix}Timestamp": "1"}),
        from_sendgrid(site, **{f"{prefix}Timestamp": "never"}),
        from_sendgrid(site, **{f"{prefix}Signature": "%%%"}),
        from_sendgrid(site, body=b"\xff\xfe"),
        site.post(status, STATUS),
        from_twilio(site, status, token="another account's"),
        from_twilio(site, status, signed_for=f"{URL}/hooks/twilio/status/m-2"),
        from_twilio(site, "/hooks/twilio/inbound", token="x"),
    ]

    assert {(a.status, a.body) for a in forged} == {(403, b"not believed\n")}
    assert kept(site) == []


def test_without_keys_nobody_is_believed(open_site: Callable[..., Site]) -> None:
    site = open_site()

    answers = [from_sendgrid(site), from_twilio(site, "/hooks/twilio/status/m-1")]

    assert [a.status for a in answers] == [403, 403]


def test_the_public_address_counts_and_not_the_host_that_a_client_claims(
    site: Site,
) -> None:
    path = "/hooks/twilio/status/m-1"

    lured = from_twilio(site, path, signed_for=f"http://127.0.0.1:{site.port}{path}")

    assert lured.status == 403


def test_hooks_cannot_be_read(site: Site) -> None:
    assert site.get("/hooks/sendgrid").status == 405
