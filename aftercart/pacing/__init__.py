"""How fast may we send? No faster than the shop has set, and than the provider has shown that it takes.

All processes of a deployment share one bucket in Redis where Redis is the broker; else each process has its own.
"""

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from aftercart.model import Channel
from aftercart.pacing.bucket import Bucket, Grant
from aftercart.pacing.shared import Shared

__all__ = ["Alone", "Grant", "Pace", "open_pace"]


class Pace(Protocol):
    """The buckets of the channels."""

    def take(self, channel: Channel, wanted: int, *, urgent: bool = False) -> Grant:
        """How many of the wanted messages may go now, and when the next one may. What is urgent goes at once, and others wait for it."""
        ...

    def slow_down(self, channel: Channel) -> None:
        """The provider says that it is too fast: seven tenths of what went, and from there slowly up again."""
        ...

    def close(self) -> None:
        """Lets go of connections."""
        ...


def open_pace(broker_url: str, limits: Mapping[Channel, int]) -> Pace:
    """The pace of a deployment; `limits` in messages a second, 0 where there is none."""
    if broker_url.startswith(("redis://", "rediss://", "unix://")):
        return Shared(broker_url, limits)
    return Alone(limits)


class Alone:
    """The buckets of one process."""

    def __init__(
        self,
        limits: Mapping[Channel, int],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._buckets = {c: Bucket(limits[c], clock=clock) for c in Channel}

    def take(self, channel: Channel, wanted: int, *, urgent: bool = False) -> Grant:
        """As `Pace.take`."""
        return self._buckets[channel].take(wanted, urgent=urgent)

    def slow_down(self, channel: Channel) -> None:
        """As `Pace.slow_down`."""
        self._buckets[channel].slow_down()

    def close(self) -> None:
        """Nothing is open."""
