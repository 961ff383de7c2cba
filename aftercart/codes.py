"""Which code does this customer get? A coupon for one occasion, and the code by which they bring friends.

Codes are made and not kept: by HMAC with the shop's key, so that nobody can guess another's, and so that the same customer has
the same code for the same occasion however often it is worked out. They have no letter that can be taken for another.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from aftercart.model import Message

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_REFERRAL_LENGTH = 8


@dataclass(frozen=True)
class Coupon:
    """What the coupons of a campaign look like: `BDAY-7K2M9QXH`."""

    prefix: str
    length: int = 8


def of_message(coupons: Mapping[str, Coupon], message: Message, *, secret: str) -> str:
    """The code that a message brings; empty where its campaign has none."""
    of = coupons.get(message.campaign)
    if of is None:
        return ""
    occasion = (message.campaign, message.customer_id, message.occurrence)
    return f"{of.prefix}-{_code('coupon', *occasion, length=of.length, secret=secret)}"


def referral(customer: str, *, secret: str) -> str:
    """The code by which a customer brings friends: one for ever."""
    return _code("referral", customer, length=_REFERRAL_LENGTH, secret=secret)


def _code(*what: str, length: int, secret: str) -> str:
    # the oldest key: a new one is put in front of it, and a code that was given out stays
    key = secret.split()[-1] if secret.split() else ""
    digest = hmac.new(key.encode(), "\0".join(what).encode(), hashlib.sha256).digest()
    # 32 letters divide a byte without a remainder, so that each is as likely as the others
    return "".join(_ALPHABET[byte % 32] for byte in digest[:length])
