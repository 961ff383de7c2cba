"""A token bucket with an exact answer to "when, then?", that empties itself by three tenths when a provider complains.

The generic cell rate algorithm (ITU-T I.371): one moment, at which all that was granted will have been paid for, says everything.
`shared.lua` is the same in Redis, and a test holds the two together.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import floor

#: What a complaint leaves of the rate that was measured, and how it grows again: by a fifth in each ten seconds.
LEFT = 0.7
GROWTH, GROWTH_SECONDS = 1.2, 10.0
#: No provider means less than this; who has sent next to nothing has measured nothing.
LEAST = 10.0
#: Complaints within so many seconds are one: what was under way together is refused together.
ONE_COMPLAINT = 2.0
#: The rate is measured over so many seconds.
MEASURED = 5.0
#: A rate that has grown so high is no limit any more.
_BOUNDLESS = 1e5


@dataclass(frozen=True)
class Grant:
    """How many may go now, the seconds until the next one may, and how many a second after it (0: no limit)."""

    now: int
    wait: float = 0.0
    rate: float = 0.0


class Bucket:
    """One bucket; threads may share it. `limit` in messages a second, 0 for none; it holds the messages of one second."""

    def __init__(
        self, limit: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._clock = float(limit), clock
        self._paid_at = 0.0  #: when all that was granted will have been paid for
        self._cut = 0.0  #: the rate after the last complaint, 0 where there was none
        self._cut_at = 0.0
        self._window, self._granted, self._before = 0.0, 0, 0  #: for measuring
        self._lock = threading.Lock()

    def take(self, wanted: int, *, urgent: bool = False) -> Grant:
        """How many of the wanted may go now. What is urgent goes in any case, on credit."""
        with self._lock:
            now = self._clock()
            rate = self._rate(now)
            if not rate:
                self._count(now, wanted)
                return Grant(wanted)
            each, burst = 1 / rate, max(1.0, rate)
            self._paid_at = max(self._paid_at, now)
            # a millionth more: floats fall short of a whole token
            there = floor(burst - (self._paid_at - now) / each + 1e-6)
            granted = wanted if urgent else max(0, min(wanted, there))
            self._paid_at += granted * each
            self._count(now, granted)
            wait = self._paid_at + each - burst * each - now
            return Grant(granted, max(0.0, wait) if granted < wanted else 0.0, rate)

    def slow_down(self) -> None:
        """The provider complained: less than what went, at once."""
        with self._lock:
            now = self._clock()
            if self._cut and now - self._cut_at < ONE_COMPLAINT:
                return
            since = max(1.0, now - self._window)
            measured = max(self._before / MEASURED, self._granted / since, LEAST)
            rate = self._rate(now)
            self._cut = LEFT * (min(rate, measured) if rate else measured)
            self._cut_at = now

    def _rate(self, now: float) -> float:
        """What is allowed now, a second; 0 for no limit."""
        if not self._cut:
            return self._limit
        tens = (now - self._cut_at) / GROWTH_SECONDS
        grown: float = self._cut * GROWTH**tens
        if grown > _BOUNDLESS:
            self._cut = 0.0
            return self._limit
        return min(grown, self._limit) if self._limit else grown

    def _count(self, now: float, granted: int) -> None:
        if now - self._window >= MEASURED:
            fresh = now - self._window < 2 * MEASURED
            self._before = self._granted if fresh else 0
            self._window, self._granted = now, 0
        self._granted += granted
