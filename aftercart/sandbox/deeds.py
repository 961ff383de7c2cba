"""What can a script ask for? The words after `do:`, and what each is at each provider."""

from collections.abc import Mapping
from dataclasses import replace

from aftercart.sandbox.outcomes import Outcome

PROVIDERS = ("sendgrid", "twilio")

#: status -> what SendGrid says, Twilio's number, what Twilio says
_ANSWERS: Mapping[int, tuple[str, int, str]] = {
    400: ("The request is bad, as the script asked.", 21617, "The request is bad."),
    401: ("The provided authorization grant is invalid, expired, or revoked", 20003, "Authenticate"),
    403: ("access forbidden", 20403, "Forbidden"),
    413: ("Payload too large", 21617, "The message body is too long."),
    429: ("too many requests", 20429, "Too Many Requests"),
    500: ("Internal Server Error", 20500, "Internal Server Error"),
    502: ("Bad Gateway", 20502, "Bad Gateway"),
    503: ("Service Unavailable", 20503, "Service Unavailable"),
    504: ("Gateway Timeout", 20504, "Gateway Timeout"),
}  # fmt: skip

#: What is done instead of an answer, or with it.
_DEEDS: Mapping[str, Outcome] = {
    "take-and-reset": Outcome(act="reset"),
    "take-and-hang": Outcome(act="hang"),
    "reset": Outcome(act="reset", accepted=False),
    "hang": Outcome(act="hang", accepted=False),
    "reset-before-read": Outcome(act="reset", accepted=False, early=True),
    "hang-before-read": Outcome(act="hang", accepted=False, early=True),
    "slow": Outcome(wait=15.0),
    "drip": Outcome(act="drip", wait=10.0),
    "take-without-id": Outcome(act="bare"),
    "take-and-html": Outcome(act="html"),
    "take-and-cut": Outcome(act="cut"),
    "take-and-flood": Outcome(act="flood"),
}
_TAKE_AND = ("500", "502", "503", "504")

WORDS = (
    *(f"answer-{status}" for status in _ANSWERS),
    *(f"take-and-{status}" for status in _TAKE_AND),
    *_DEEDS,
)
#: Which take a time: `for: 15 s`.
TIMED = ("slow", "drip")
#: Which say when to come back: `after: 7 s`.
PUT_OFF = ("answer-429", "answer-503")


def outcome(
    word: str,
    provider: str,
    *,
    seconds: float = 0.0,
    after: int | None = None,
    reset_in: int = 0,
    words: str = "",
) -> Outcome:
    """What a word means at a provider. `after` and `reset_in` are what `Retry-After` and `X-RateLimit-Reset` say."""
    if word in _DEEDS:
        deed = _DEEDS[word]
        return replace(deed, wait=seconds or deed.wait)
    status = int(word.rpartition("-")[2])
    mail, code, text = _ANSWERS[status]
    return Outcome(
        status=status,
        accepted=word.startswith("take"),
        code=code if provider == "twilio" else 0,
        words=words or (text if provider == "twilio" else mail),
        headers={} if after is None else {"retry-after": str(after)},
        reset_in=reset_in,
    )
