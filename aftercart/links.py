"""What do the links in a message carry, and how do we know that we made them?

A token is a signed value bound to one purpose: an unsubscribe token cannot answer a survey. It carries our own id of a message
or a customer, never a person's data, and does not expire by itself (an unsubscribe link has to work for years).

`secret` may hold several keys, separated by spaces, newest first: the first signs, all of them are believed. So a key is
rotated by putting the new one in front.
"""

import hashlib
import hmac
from functools import cached_property, lru_cache

from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from aftercart.errors import InputError

UNSUBSCRIBE = "unsubscribe"
SURVEY = "survey"

_LONGEST = 512


def sign(purpose: str, value: str, *, secret: str) -> str:
    """A token for this value that is good for this purpose only.

    Raises:
        InputError: when there is no key to sign with.
    """
    if not secret.split():
        raise InputError(
            "links cannot be signed without a key; set AFTERCART_SECRET_KEY"
        )
    return _signed(purpose, value, secret.split()[0])


def read(purpose: str, token: str, *, secret: str) -> str | None:
    """The value of a token that we signed for this purpose, or None for every other text."""
    if not secret.split() or len(token) > _LONGEST or not token.isascii():
        return None
    try:
        signed = _signer(purpose, *reversed(secret.split())).unsign(token)
        value = base64_decode(signed).decode()
    except (BadData, UnicodeDecodeError):
        return None
    # base64 has several spellings of the same bytes; exactly one of them is the token we gave out.
    given_out = (_signed(purpose, value, key) for key in secret.split())
    return value if any(hmac.compare_digest(token, own) for own in given_out) else None


def unsubscribe_url(public_url: str, token: str) -> str:
    """Where a customer unsubscribes and chooses what to hear about."""
    return f"{public_url.rstrip('/')}/u/{token}"


def survey_url(public_url: str, token: str, *, score: int | None = None) -> str:
    """Where a customer answers a survey, with the score filled in where a button stands for one."""
    address = f"{public_url.rstrip('/')}/s/{token}"
    return address if score is None else f"{address}?score={score}"


def click_url(public_url: str, click_id: str) -> str:
    """Where a click is noted before the customer is sent on."""
    return f"{public_url.rstrip('/')}/c/{click_id}"


def _signed(purpose: str, value: str, key: str) -> str:
    return _signer(purpose, key).sign(base64_encode(value)).decode("ascii")


class _Signer(Signer):
    """itsdangerous' own, but for the key, which it would derive anew for each link."""

    @cached_property
    def _newest(self) -> bytes:
        return super().derive_key()

    def derive_key(self, secret_key: str | bytes | None = None) -> bytes:
        return self._newest if secret_key is None else super().derive_key(secret_key)


@lru_cache(maxsize=64)
def _signer(purpose: str, *keys: str) -> Signer:
    """itsdangerous signs with the last key and tries them all. Kept: a batch signs a hundred links with one key."""
    return _Signer(
        list(keys),
        salt=f"aftercart.{purpose}",
        key_derivation="hmac",
        digest_method=hashlib.sha256,
    )
