"""What goes wrong at the providers now? A script of faults, and what it says about each request.

What is drawn by lot depends on the seed, the message and how often it was asked for, and on nothing else: the same script does
the same to the same messages, in whatever order they come. `scripts` reads a script from a file.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from aftercart.sandbox.outcomes import Outcome

_FOR_EVER = float("inf")


@dataclass(frozen=True)
class Window:
    """Seconds since the script began."""

    start: float = 0.0
    end: float = _FOR_EVER

    def holds(self, at: float) -> bool:
        """Whether this moment is in it."""
        return self.start <= at < self.end


@dataclass(frozen=True)
class Fault:
    """What is done to a share of the requests, while its window lasts. `request`: only to the first, second … for a message."""

    outcome: Mapping[str, Outcome]  #: by provider; those it is not for are missing
    share: float = 1.0
    window: Window = Window()
    request: int = 0


@dataclass(frozen=True)
class Webhooks:
    """What happens to reports on their way to the app; times in seconds, shares of 1."""

    copies: tuple[int, int] = (1, 1)
    shuffle: bool = False
    delay: tuple[float, float] = (0.0, 0.0)
    lose: float = 0.0
    forge: float = 0.0  #: a false one, signed by somebody else, comes beside it
    hold: Window | None = None

    @property
    def plain(self) -> bool:
        """Whether all of them come once, in order and at once."""
        return self == Webhooks()


@dataclass(frozen=True)
class Script:
    """All that goes wrong."""

    seed: int = 0
    faults: tuple[Fault, ...] = ()
    latency: Mapping[str, float] = field(default_factory=dict)
    spread: float = 0.0
    webhooks: Webhooks = Webhooks()


CALM = Script()


class Faults:
    """The script that is in force, since when, and what was asked for so far."""

    def __init__(
        self, script: Script = CALM, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self.play(script)

    def play(self, script: Script) -> None:
        """From now on this happens; its windows begin now, and requests are counted anew."""
        self.script = script
        self.calm = not script.faults and not script.latency
        self._begun = self._clock()
        self._asked: Counter[str] = Counter()
        self._knocked: Counter[str] = Counter()

    @property
    def elapsed(self) -> float:
        """Seconds since the script began."""
        return self._clock() - self._begun

    @property
    def holding(self) -> bool:
        """Whether reports are held back now."""
        hold = self.script.webhooks.hold
        return hold is not None and hold.holds(self.elapsed)

    def at_the_door(self, provider: str) -> Outcome | None:
        """What ends a request that has not been read."""
        self._knocked[provider] += 1
        return self._struck(provider, "", self._knocked[provider], early=True)

    def outcome(self, provider: str, message: str, *, otherwise: Outcome) -> Outcome:
        """What is done with a request for a message; `otherwise` where the script has nothing against it."""
        self._asked[message] += 1
        number = self._asked[message]
        struck = self._struck(provider, message, number, early=False)
        outcome = struck or otherwise
        wait = self.script.latency.get(provider, 0.0)
        if outcome.wait or not wait:
            return outcome
        lot = draw(self.script.seed, "latency", provider, message, number)
        wait += self.script.spread * (2 * lot - 1)
        return replace(outcome, wait=max(wait, 0.0))

    def _struck(
        self, provider: str, message: str, number: int, *, early: bool
    ) -> Outcome | None:
        elapsed, seed = self.elapsed, self.script.seed
        for place, fault in enumerate(self.script.faults):
            outcome = fault.outcome.get(provider)
            if outcome is None or outcome.early is not early:
                continue
            if fault.request not in (0, number) or not fault.window.holds(elapsed):
                continue
            if draw(seed, place, provider, message, number) < fault.share:
                return outcome
        return None


def draw(*what: object) -> float:
    """A number from 0 up to 1 that only depends on these."""
    told = "|".join(map(str, what)).encode()
    return int.from_bytes(blake2b(told, digest_size=7).digest()) / 2**56
