"""Does a campaign do harm? Too many bounces, complaints or farewells within a day, and it is better to stop and look."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from aftercart.model import Delivery, Signal
from aftercart.shop import Rates

#: How far back is looked, and how many messages have to have gone in that time before a share says anything.
WITHIN, ENOUGH = timedelta(hours=24), 50


class Trouble(StrEnum):
    """What speaks against a campaign."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"


def trouble(delivery: Delivery | None, signal: Signal | None) -> Trouble | None:
    """What speaks against a campaign in something that was told about one of its messages; None: nothing."""
    if delivery in (Delivery.BOUNCED, Delivery.BLOCKED):
        return Trouble.BOUNCE
    if signal is Signal.COMPLAINED:
        return Trouble.COMPLAINT
    return Trouble.UNSUBSCRIBE if signal is Signal.UNSUBSCRIBED else None


#: Fewer than these are an accident, whatever their share.
LEAST = {Trouble.BOUNCE: 1, Trouble.COMPLAINT: 2, Trouble.UNSUBSCRIBE: 5}
_WORDS = {
    Trouble.BOUNCE: "bounced",
    Trouble.COMPLAINT: "drew a complaint",
    Trouble.UNSUBSCRIBE: "made people unsubscribe",
}


@dataclass(frozen=True)
class Harm:
    """So many of so many messages, where a smaller share is allowed."""

    trouble: Trouble
    count: int
    of: int
    allowed: float

    def sentence(self) -> str:
        """The figures, as everybody is told why the campaign stands still."""
        share = 100 * self.count / self.of
        return (
            f"{self.count:,} of {self.of:,} {_WORDS[self.trouble]} within a day "
            f"({round(share, 2 if share < 1 else 1):g} %, allowed {100 * self.allowed:g} %)"
        )


def allowed(rates: Rates, trouble: Trouble) -> float:
    """The share of messages that may come to this end."""
    return {
        Trouble.BOUNCE: rates.bounces,
        Trouble.COMPLAINT: rates.complaints,
        Trouble.UNSUBSCRIBE: rates.unsubscribes,
    }[trouble]


def most_to_count(troubles: Mapping[Trouble, int], rates: Rates) -> int:
    """How many messages acquit a campaign of these troubles: nobody has to count further. 0: whatever their number is."""
    return max(
        (
            int(count / allowed(rates, trouble)) + 1
            for trouble, count in troubles.items()
            if count >= LEAST[trouble] and count > ENOUGH * allowed(rates, trouble)
        ),
        default=0,
    )


def judge(troubles: Mapping[Trouble, int], *, sent: int, rates: Rates) -> Harm | None:
    """The first harm that is greater than it may be; None where all is well or little is known."""
    if sent < ENOUGH:
        return None
    for trouble in Trouble:
        count, most = troubles.get(trouble, 0), allowed(rates, trouble)
        if count >= LEAST[trouble] and count > most * sent:
            return Harm(trouble, count, sent, most)
    return None
