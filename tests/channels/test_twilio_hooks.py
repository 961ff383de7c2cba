"""Twilio's reports are believed for our own public URL, and mean what the table in the docs says."""

import base64
import hashlib
import hmac

import pytest
from starlette.datastructures import FormData, UploadFile

from aftercart.channels.twilio import read_status, verify
from aftercart.errors import HookError
from aftercart.model import Delivery
from tests.channels.stage import NOW

URL = "https://meadow.example/hooks/twilio/status/s-1"
TOKEN = "a-token"
FORM = {
    "MessageSid": "SM1",
    "MessageStatus": "delivered",
    "To": "+12015550100",
    "ErrorCode": "",
}


def signed(url: str, form: dict[str, str], *, token: str = TOKEN) -> str:
    words = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    digest = hmac.new(token.encode(), words.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def test_a_form_that_was_signed_for_our_url_is_believed() -> None:
    verify(URL, FORM, signed(URL, FORM), auth_token=TOKEN)


def test_a_form_as_the_web_framework_parses_it_is_believed() -> None:
    verify(URL, FormData(FORM), signed(URL, FORM), auth_token=TOKEN)


def test_parameters_that_are_new_to_us_are_part_of_what_is_believed() -> None:
    more = FORM | {"BrandNew": "1"}

    verify(URL, more, signed(URL, more), auth_token=TOKEN)


@pytest.mark.parametrize(
    ("url", "form", "signature", "token"),
    [
        pytest.param(URL, FORM, "", TOKEN, id="no signature"),
        pytest.param(URL, FORM, "AAAA", TOKEN, id="no signature of ours"),
        pytest.param(
            URL, FORM, signed(URL, FORM, token="other"), TOKEN, id="another's token"
        ),
        pytest.param(URL, FORM, signed(URL, FORM, token=""), "", id="no token is set"),
        pytest.param(
            URL,
            FORM | {"MessageStatus": "failed"},
            signed(URL, FORM),
            TOKEN,
            id="changed",
        ),
        pytest.param(
            URL,
            {k: v for k, v in FORM.items() if v},
            signed(URL, FORM | {"ErrorCode": "1"}),
            TOKEN,
            id="a parameter taken away",
        ),
        pytest.param(
            URL.replace("s-1", "s-2"),
            FORM,
            signed(URL, FORM),
            TOKEN,
            id="another message",
        ),
        pytest.param(
            URL.replace("https", "http"), FORM, signed(URL, FORM), TOKEN, id="not https"
        ),
    ],
)
def test_everything_else_is_not_believed(
    url: str, form: dict[str, str], signature: str, token: str
) -> None:
    with pytest.raises(HookError, match="not believed"):
        verify(url, form, signature, auth_token=token)


def test_a_file_among_the_parameters_is_not_believed() -> None:
    with UploadFile(file=open("/dev/null", "rb")).file as file:  # noqa: PTH123
        form = FormData([*FORM.items(), ("Media", UploadFile(file=file))])

        with pytest.raises(HookError):
            verify(URL, form, signed(URL, FORM), auth_token=TOKEN)


@pytest.mark.parametrize(
    ("status", "delivery"),
    [
        ("accepted", Delivery.PROCESSED),
        ("queued", Delivery.PROCESSED),
        ("sending", Delivery.PROCESSED),
        ("sent", Delivery.SENT),
        ("delivered", Delivery.DELIVERED),
        ("read", Delivery.DELIVERED),
        ("undelivered", Delivery.UNDELIVERED),
        ("failed", Delivery.FAILED),
        ("canceled", Delivery.FAILED),
        ("levitated", None),
    ],
)
def test_each_status_has_its_meaning(status: str, delivery: Delivery | None) -> None:
    found = read_status("s-1", FORM | {"MessageStatus": status}, at=NOW)

    assert found.delivery is delivery
    assert found.words == status
    assert (found.message_id, found.provider_ref, found.at) == ("s-1", "SM1", NOW)


@pytest.mark.parametrize(
    ("code", "suppress"),
    [
        ("30003", ""),
        ("30005", "invalid_number"),
        ("30006", "invalid_number"),
        ("30007", ""),
        ("21610", "stop"),
        ("99999", ""),
        ("nonsense", ""),
    ],
)
def test_an_error_says_whether_the_number_should_be_tried_again(
    code: str, suppress: str
) -> None:
    form = FORM | {"MessageStatus": "undelivered", "ErrorCode": code}

    found = read_status("s-1", form, at=NOW)

    assert found.suppress == suppress
    assert found.words.startswith(f"undelivered {code}")


def test_an_error_is_said_in_words() -> None:
    form = FORM | {"MessageStatus": "undelivered", "ErrorCode": "30003"}

    found = read_status("s-1", form, at=NOW)

    assert found.words == "undelivered 30003 the phone is switched off or out of reach"


def test_copies_have_one_key_and_every_status_its_own() -> None:
    def key(**more: str) -> str:
        return read_status("s-1", FORM | more, at=NOW).key

    assert key() == key(To="+1", RawDlrDoneDate="1")
    assert len({key(), key(MessageStatus="sent"), key(MessageSid="SM2")}) == 3
    assert key(ErrorCode="30003") != key(ErrorCode="30005")
