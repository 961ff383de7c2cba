"""What a decision can say."""

from dataclasses import dataclass
from datetime import datetime

from aftercart.model import State
from aftercart.reasons import Reason


@dataclass(frozen=True)
class Send:
    """Nothing speaks against it."""


@dataclass(frozen=True)
class Wait:
    """Not now; look again at `until` (aware UTC)."""

    until: datetime
    reason: Reason


@dataclass(frozen=True)
class Skip:
    """Not at all. `state` is where the message ends: skipped, expired or cancelled."""

    reason: Reason
    state: State = State.SKIPPED


Verdict = Send | Wait | Skip


@dataclass(frozen=True)
class Checked:
    """One check as `explain` shows it: what it looked at, what it needed, and what it says."""

    check: str
    seen: str
    needed: str
    verdict: Verdict
    place: str = ""  #: the line of the campaign that asks for it, `file:line:column`
