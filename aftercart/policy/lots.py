"""Which lot does a customer draw? A number that depends on what is drawn for and on the customer alone: the same every time."""

from hashlib import blake2b

_WHOLE = 2**64


def draw(*about: str) -> float:
    """A number from 0 to 1 (exclusive), evenly spread over customers; lots for different things have nothing to do with each other."""
    digest = blake2b("|".join(about).encode(), digest_size=8)
    return int.from_bytes(digest.digest()) / _WHOLE
