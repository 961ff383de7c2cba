"""Do operators let through what we send? What this process has read in reports, and when it is better to stop.

A text that is filtered was taken, is paid for and arrives nowhere; who goes on is filtered more. Nobody asks an operator again by
itself: a person has to change what is sent, or register who sends it.
"""

import threading
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aftercart.handover import ProviderEvent
from aftercart.model import Delivery, Message

#: So many within so long are no accident, where they are so great a part of what was reported of the campaign, or of the channel.
BLAMED, WITHIN = 3, timedelta(minutes=15)
PART = {"content": 0.02, "sender": 0.1}

_ENDS = frozenset({Delivery.DELIVERED, Delivery.UNDELIVERED, Delivery.FAILED})
_STEP = timedelta(minutes=1)


@dataclass(frozen=True)
class Halt:
    """What should be held until a person resumes it: "campaign:<name>" or "channel:<name>"."""

    scope: str
    words: str


@dataclass
class _Minute:
    begun: datetime
    ended: int = 0
    blamed: int = 0


@dataclass
class _Minutes:
    """How many ended, and how many of them for what is minded, in the last while."""

    kept: deque[_Minute] = field(default_factory=deque)

    def count(self, blamed: bool, now: datetime) -> None:
        if not self.kept or now - self.kept[-1].begun >= _STEP:
            self.kept.append(_Minute(now))
        self.kept[-1].ended += 1
        self.kept[-1].blamed += blamed

    def too_many(self, part: float, now: datetime) -> int:
        """How many were blamed, where that is too many; else 0."""
        while self.kept and now - self.kept[0].begun >= WITHIN:
            self.kept.popleft()
        blamed = sum(minute.blamed for minute in self.kept)
        ended = sum(minute.ended for minute in self.kept)
        return blamed if blamed >= BLAMED and blamed >= part * ended else 0


class Reputation:
    """What operators have said to one process. Threads may share it."""

    def __init__(self) -> None:
        self._minutes: defaultdict[tuple[str, str], _Minutes] = defaultdict(_Minutes)
        self._lock = threading.Lock()

    def heard(
        self, told: Iterable[tuple[ProviderEvent, Message]], *, now: datetime
    ) -> list[Halt]:
        """Takes in reports, each once, with the messages that they are about; answers what should be held now."""
        halts = []
        with self._lock:
            for event, message in told:
                if event.delivery not in _ENDS:
                    continue
                for blame, scope in (
                    ("content", f"campaign:{message.campaign}"),
                    ("sender", f"channel:{message.channel}"),
                ):
                    minutes = self._minutes[blame, scope]
                    minutes.count(event.blames == blame, now)
                    if event.blames != blame:
                        continue
                    if many := minutes.too_many(PART[blame], now):
                        minutes.kept.clear()
                        words = f"operators turned {many} texts away within a quarter of an hour: {event.words}"
                        halts.append(Halt(scope, words))
        return halts
