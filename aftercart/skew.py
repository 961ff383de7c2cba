"""Is the clock of this process right? One that is not sees leases lapse too early, and sends in the middle of the night.

It is held against the clock of the database, which all processes share. With SQLite there is no other clock than this
machine's, so Redis is asked where it is the broker; and where nobody can be asked, only a jump is seen: the clock moved, and the
time since the machine was started did not.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

#: So far off, somebody should look at it.
WARN = timedelta(seconds=2)
#: So far off, nothing is planned, claimed or swept.
STOP = timedelta(seconds=30)

#: Another clock is asked so often; in between, what this machine counts since then is added.
_ASK_AFTER = 5.0
#: Without another clock: a jump is believed after this. A time server has set a wrong clock right by then, and whoever starts
#: the process anew would believe it at once.
_BELIEVE_AFTER = 600.0
_SAY_AFTER = 60.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Known:
    """What time it was, when this machine had counted so many seconds; known to within `unsure`."""

    at: datetime
    counted: float
    unsure: timedelta = timedelta(0)


def counted() -> float:
    """Seconds since this machine was started, those in which it slept among them; setting its clock changes nothing."""
    # Linux counts them apart from the monotonic clock; on a Mac the latter has them
    which = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
    return time.monotonic() if which is None else time.clock_gettime(which)


class Skew:
    """How far the clock of a process is off; threads may share it.

    `ask` answers what another clock says, or None where it cannot tell; `whose` clock it is, for people.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        ask: Callable[[], datetime | None] | None = None,
        whose: str = "",
        count: Callable[[], float] = counted,
    ) -> None:
        self._clock, self._ask, self._count = clock, ask, count
        self._whose = whose or "the time that this machine has counted"
        self._known: _Known | None = None
        self._asked = False  #: whether `_known` comes from another clock
        self._tried = 0.0
        self._jumped: float | None = None
        self._said = float("-inf")
        self._lock = threading.Lock()

    def off(self) -> timedelta:
        """Ahead of the other clock: positive; behind it: negative. What a slow answer leaves open counts as right."""
        with self._lock:
            off = self._off()
            self._say(off)
        return off

    def right(self) -> datetime:
        """What time it is, as far as is known."""
        return self._clock() - self.off()

    def stops(self) -> str:
        """Why nothing may be planned, claimed or swept by this clock; empty where it is right enough."""
        off = self.off()
        return "" if abs(off) <= STOP else self.words(off)

    def words(self, off: timedelta) -> str:
        """Both times, as a sentence."""
        here = self._clock()
        more = (
            "; nothing is planned or sent here until they agree"
            if abs(off) > STOP
            else ""
        )
        return (
            f"the clock of this process says {here:%Y-%m-%d %H:%M:%S} UTC, and {self._whose} "
            f"{here - off:%Y-%m-%d %H:%M:%S}: {abs(off).total_seconds():.1f} seconds "
            f"{'ahead' if off > timedelta(0) else 'behind'}{more}"
        )

    def _off(self) -> timedelta:
        known, count = self._look(), self._count()
        off = self._clock() - (known.at + timedelta(seconds=count - known.counted))
        if not self._asked:
            self._believe(off, since=known.counted, count=count)
        certain = max(abs(off) - known.unsure, timedelta(0))
        return certain if off > timedelta(0) else -certain

    def _look(self) -> _Known:
        """Asks the other clock when it is time; where it does not answer, what was known goes on."""
        known, before = self._known, self._count()
        if known and not (self._ask and before - self._tried >= _ASK_AFTER):
            return known
        self._tried = before
        told = _answer(self._ask) if self._ask else None
        after = self._count()
        if told is not None:
            half = timedelta(seconds=(after - before) / 2)
            known, self._asked = _Known(told + half, after, half), True
        self._known = known or _Known(self._clock(), after)
        return self._known

    def _believe(self, off: timedelta, *, since: float, count: float) -> None:
        """Nobody can be asked: small steps are forgotten, and a jump that nobody took back is the time."""
        if abs(off) <= STOP:
            self._jumped = None
        else:
            since = self._jumped = count if self._jumped is None else self._jumped
        if count - since >= _BELIEVE_AFTER:
            self._known, self._jumped = _Known(self._clock(), count), None

    def _say(self, off: timedelta) -> None:
        count = self._count()
        if abs(off) > WARN and count - self._said >= _SAY_AFTER:
            self._said = count
            _log.warning(self.words(off))


def _answer(ask: Callable[[], datetime | None]) -> datetime | None:
    try:
        return ask()
    except Exception:  # whoever has no answer is missed elsewhere, and in better words
        return None
