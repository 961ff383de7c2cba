"""What does the sandbox do with this message? A magic recipient asks for trouble; everybody else is simply taken.

`by_recipient` is the default of `Sandbox(decide=…)`; a script of faults (`faults`) comes before it. The words are listed in
docs/channels/sandbox.md.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Outcome:
    """What is answered, or done instead, and whether a real provider would have sent the message.

    `act` is "answer"; or "reset", the connection is cut without an answer; or "hang", no answer comes and nothing is cut; or
    an answer that is not what it should be: "drip", a byte at a time; "bare", without an id; "html"; "cut", in the middle of it;
    "flood", megabytes of it.
    """

    act: str = "answer"
    status: int = 0  #: 0: the provider's own word for "taken"
    accepted: bool = True
    code: int = 0  #: Twilio's error number
    words: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0.0  #: seconds before it; of a drip: how long it lasts
    early: bool = False  #: before the request was read
    reset_in: int = 0  #: seconds until the moment that X-RateLimit-Reset names

    @property
    def told(self) -> int | str:
        """What the ledger says: the status that was answered, or what was done instead."""
        return self.status if self.act == "answer" else self.act


TAKEN = Outcome()

#: Given a provider ("sendgrid", "twilio") and a recipient, what to do.
Decide = Callable[[str, str], Outcome]


def _no(status: int, words: str, *, code: int = 0, **headers: str) -> Outcome:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Outcome(status=status, accepted=False, code=code, words=words, headers=named)


_MAIL: Mapping[str, Outcome] = {
    "answer-400": _no(400, "The request is bad, as the recipient asked."),
    "answer-401": _no(
        401, "The provided authorization grant is invalid, expired, or revoked"
    ),
    "answer-403": _no(403, "access forbidden"),
    "answer-413": _no(413, "Payload too large"),
    "answer-429": _no(429, "too many requests", retry_after="7"),
    "answer-500": _no(500, "Internal Server Error"),
    "answer-503": _no(503, "Service Unavailable"),
    "take-and-500": Outcome(status=500, words="Internal Server Error"),
    "take-and-reset": Outcome(act="reset"),
    "take-and-hang": Outcome(act="hang"),
    "reset": Outcome(act="reset", accepted=False),
    "hang": Outcome(act="hang", accepted=False),
}

#: By the last six digits of the number.
_TEXTS: Mapping[str, Outcome] = {
    "000400": _no(400, "The request is bad, as the number asked.", code=21617),
    "000401": _no(401, "Authenticate", code=20003),
    "000408": _no(
        400, "Permission to send an SMS has not been enabled for the region", code=21408
    ),
    "000429": _no(429, "Too Many Requests", code=20429, retry_after="7"),
    "000500": _no(500, "Internal Server Error", code=20500),
    "000503": _no(503, "Service Unavailable", code=20503),
    "000610": _no(400, "Attempt to send to unsubscribed recipient", code=21610),
    "000211": _no(400, "The 'To' number is not a valid phone number.", code=21211),
    "000614": _no(400, "'To' number is not a valid mobile number", code=21614),
    "000901": Outcome(act="reset"),
    "000902": Outcome(act="hang"),
    "000903": Outcome(act="reset", accepted=False),
    "000904": Outcome(act="hang", accepted=False),
    "000905": Outcome(status=500, code=20500, words="Internal Server Error"),
    "000906": Outcome(status=201, words="garbled"),
}

# All letters up to the first that is none: nobody called Blockley is blocked.
_WORD = re.compile(r"[a-z]+(?:-and-[a-z0-9]+|-[0-9]{3})?", re.IGNORECASE)


def word(recipient: str) -> str:
    """The magic word that a mail address begins with: `bounce` in `bounce-7@shop.example`."""
    found = _WORD.match(recipient.partition("@")[0])
    return found[0].lower() if found else ""


def by_recipient(provider: str, recipient: str) -> Outcome:
    """What the recipient asks for; taken, when it asks for nothing."""
    if provider == "sendgrid":
        return _MAIL.get(word(recipient), TAKEN)
    return _TEXTS.get(recipient[-6:], TAKEN)
