"""Is what somebody typed an address we can send to, and in which one form do we keep it?

Syntax only: nothing here asks the network. The key of an address is what the suppression list holds, so that the list can
outlive the address itself.
"""

import hashlib
import hmac
import re

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberType

from aftercart.errors import InputError

_NEVER_TEXTED = {
    PhoneNumberType.PREMIUM_RATE: "a premium-rate number",
    PhoneNumberType.SHARED_COST: "a shared-cost number",
    PhoneNumberType.PAGER: "a pager",
    PhoneNumberType.UAN: "a company number that belongs to no one phone",
    PhoneNumberType.VOICEMAIL: "a voicemail number",
}

#: Kept for fiction by the regulator, so no library calls them valid; like *.example, demos and tests live on them.
_FICTION = re.compile(r"\+447700900[0-9]{3}")

_PARSE_REASONS = {
    NumberParseException.INVALID_COUNTRY_CODE: "its country code does not exist",
    NumberParseException.NOT_A_NUMBER: "that is not a telephone number",
    NumberParseException.TOO_SHORT_AFTER_IDD: "it ends right after the international prefix",
    NumberParseException.TOO_SHORT_NSN: "it is too short",
    NumberParseException.TOO_LONG: "it is too long",
}


def email(text: str) -> str:
    """An e-mail address in its normal form: trimmed, the local part as typed, the domain in lower-case ASCII where it can be.

    Raises:
        InputError: with the reason, when it is not an address.
    """
    try:
        # test_environment admits *.test; *.example is admitted anyway. Both are what demos and fixtures live on.
        valid = validate_email(
            text.strip(), check_deliverability=False, test_environment=True
        )
    except EmailNotValidError as error:
        raise InputError(
            f"{text.strip()!r} is not an e-mail address: {error}"
        ) from None
    return valid.ascii_email or valid.normalized


def phone(text: str, *, region: str) -> str:
    """A telephone number in E.164 (+441632960001); `region` (GB) is where a number without a country code is at home.

    Raises:
        InputError: with the reason, when it is not a number or not one that takes texts.
    """
    try:
        number = phonenumbers.parse(text, region.upper() or None)
    except NumberParseException as error:
        reason = _PARSE_REASONS.get(error.error_type, "that is not a telephone number")
        if error.error_type == NumberParseException.INVALID_COUNTRY_CODE and not (
            text.strip().startswith("+")
        ):
            reason = "it has no country code; write it as +44… or give the customer's country"
        raise _bad_phone(text, reason) from None
    e164: str = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if _FICTION.fullmatch(e164):
        return e164
    if not phonenumbers.is_valid_number(number):
        where = phonenumbers.region_code_for_country_code(number.country_code or 0)
        raise _bad_phone(text, f"no such number exists in {where}")
    kind = _NEVER_TEXTED.get(phonenumbers.number_type(number))
    if kind:
        raise _bad_phone(text, f"it is {kind}, which takes no texts")
    return e164


def key(address: str, *, secret: str) -> str:
    """The name of an address on the suppression list: 32 hex digits, the same for every spelling of its case.

    Local parts are case-sensitive on paper and nowhere else; who unsubscribes as Bo@ must not be written to as bo@.
    With several keys in `secret` (see ``links``) the oldest, which is the last, counts: these keys cannot be made again.
    """
    oldest = (secret.split() or [""])[-1]
    digest = hmac.new(oldest.encode(), address.strip().lower().encode(), hashlib.sha256)
    return digest.hexdigest()[:32]


def mask(address: str) -> str:
    """An address that can be recognised but not used: `a•••@shop.example`, `+44•••••001`."""
    local, at, domain = address.rpartition("@")
    if at:
        return f"{local[:1]}•••@{domain}"
    if len(address) < 8:
        return "•••"
    return f"{address[:3]}{'•' * (len(address) - 6)}{address[-3:]}"


def _bad_phone(text: str, reason: str) -> InputError:
    return InputError(f"{text.strip()!r} is not a number we can text: {reason}")
