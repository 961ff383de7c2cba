"""What somebody typed becomes an address in one form, or a reason that a person understands."""

import pytest

from aftercart import addresses
from aftercart.errors import InputError

SECRET = "0123456789abcdef"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ann@shop.example", "ann@shop.example"),
        (" Ann.B+news@SHOP.Example ", "Ann.B+news@shop.example"),
        ("ann@meadow.test", "ann@meadow.test"),
        ("bo@über.example", "bo@xn--ber-goa.example"),
        ("ünal@shop.example", "ünal@shop.example"),
    ],
)
def test_an_address_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert addresses.email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ann",
        "ann@",
        "@shop.example",
        "ann@shop",
        "a b@shop.example",
        "a@b@c.example",
        "ann@shop..example",
        "ann@shop.example\nBcc: x@y.example",
        "ann@localhost",
    ],
)
def test_what_is_no_address_is_refused_with_what_was_typed(typed: str) -> None:
    with pytest.raises(InputError, match=r"is not an e-mail address: .+"):
        addresses.email(typed)


@pytest.mark.parametrize(
    ("typed", "region", "kept"),
    [
        ("+12015550100", "US", "+12015550100"),
        ("(201) 555-0100", "us", "+12015550100"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("07700 900123", "GB", "+447700900123"),
        ("+353 85 123 4567", "", "+353851234567"),
    ],
)
def test_a_number_is_kept_in_one_form(typed: str, region: str, kept: str) -> None:
    assert addresses.phone(typed, region=region) == kept


@pytest.mark.parametrize(
    ("typed", "region", "reason"),
    [
        ("", "GB", "not a telephone number"),
        ("call me", "GB", "not a telephone number"),
        ("07700 900123", "", "no country code"),
        ("+999 1234567", "", "country code does not exist"),
        ("+44 1", "", "too short|no such number"),
        ("+1 201 555 0100 0100 0100 0100", "", "too long|no such number"),
        ("+12015550", "", "no such number exists in US"),
        ("0900 1234567", "DE", "premium-rate"),
        ("07700 900", "GB", "no such number exists in GB"),
    ],
)
def test_what_cannot_be_texted_is_refused_with_the_reason(
    typed: str, region: str, reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        addresses.phone(typed, region=region)


def test_every_spelling_of_an_address_has_one_key() -> None:
    keys = {
        addresses.key(address, secret=SECRET)
        for address in ("Ann@shop.example", "ann@SHOP.example", " ann@shop.example")
    }

    assert len(keys) == 1
    assert len(keys.pop()) == 32


def test_a_key_tells_nothing_without_the_secret() -> None:
    ours = addresses.key("ann@shop.example", secret=SECRET)

    assert ours != addresses.key("ann@shop.example", secret="another secret")
    assert ours != addresses.key("bo@shop.example", secret=SECRET)


def test_a_new_secret_in_front_leaves_the_keys_of_addresses_as_they_are() -> None:
    rotated = f"brand-new-secret {SECRET}"

    before = addresses.key("ann@shop.example", secret=SECRET)
    assert addresses.key("ann@shop.example", secret=rotated) == before


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("ann@shop.example", "a•••@shop.example"),
        ("a@shop.example", "a•••@shop.example"),
        ("+447700900123", "+44•••••••123"),
        ("+12", "•••"),
        ("", "•••"),
    ],
)
def test_a_mask_can_be_recognised_but_not_used(address: str, masked: str) -> None:
    assert addresses.mask(address) == masked
