"""Does a provider take what we send? What this process hears from it, and when it is better to stop.

A provider that fails leaves a message in doubt with each request, so the first sign that it is out has to end the sending of all
processes: this one sees the sign, and whoever settles the answers holds the channel for all.
"""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aftercart.errors import (
    AccountProblem,
    Refused,
    SendError,
    Throttled,
    Unavailable,
    Unclear,
)
from aftercart.handover import Outgoing, Receipt

Answer = Receipt | SendError

#: Out, after so many failures in a row, or when so great a part of the answers of the last while are failures.
IN_A_ROW = 5
PART, OF_AT_LEAST, WITHIN = 0.5, 20, timedelta(seconds=30)

#: When a provider that is out is asked again, and one that refuses our account: a person has to mend that first.
ASK_AFTER = timedelta(seconds=15)
ASK_ACCOUNT_AFTER = timedelta(seconds=60)

#: A campaign is broken when the provider refuses so many of its messages within a minute, and so great a part of them: in a great
#: audience there are always some whom it does not like.
REFUSALS, REFUSED_PART, REFUSED_WITHIN = 3, 0.1, timedelta(seconds=60)

_WORDS = 200


@dataclass(frozen=True)
class Stop:
    """Something should be held: a campaign, or where none is named the provider, until it is asked at `ask_at`."""

    words: str
    ask_at: datetime | None = None
    campaign: str = ""
    too_fast: bool = False  #: the provider asked for less


class Pulse:
    """What one process has heard from one provider. Threads may share it."""

    def __init__(self, at_once: int) -> None:
        """`at_once` is how many messages the sender sends at the same time."""
        self._at_once = at_once
        self._room = 1
        self._failed_in_a_row = 0
        self._recent: deque[tuple[datetime, bool]] = deque()
        self._by_campaign: dict[str, deque[tuple[datetime, bool]]] = {}
        self._lock = threading.Lock()

    @property
    def room(self) -> int:
        """How many to send at once: few at first and after a failure, more with each turn that goes well.

        So a key that is wrong, or a provider that is back in name only, costs a message and not a hundred.
        """
        return self._room

    def slow_down(self) -> None:
        """The provider was held: begin again with one."""
        self._room = 1

    def heard(
        self, results: Sequence[tuple[Outgoing, Answer]], *, now: datetime
    ) -> list[Stop]:
        """Takes in the answers of one turn, and says what should be held now."""
        with self._lock:
            answers = [answer for _, answer in results]
            stops = [*self._account(answers, now), *self._outage(answers, now)]
            failed = sum(_failed(answer) for answer in answers)
            if stops or failed * 2 >= len(answers):
                self._room = 1
            else:
                self._room = min(self._at_once, self._room * 2)
            return stops[:1] + self._campaigns(results, now)

    def _account(self, answers: Sequence[Answer], now: datetime) -> list[Stop]:
        for answer in answers:
            if isinstance(answer, AccountProblem):
                return [Stop(answer.words[:_WORDS], now + ASK_ACCOUNT_AFTER)]
            if isinstance(answer, Throttled):
                until = max(answer.until, now)
                return [Stop(answer.words[:_WORDS], until, too_fast=True)]
        return []

    def _outage(self, answers: Sequence[Answer], now: datetime) -> list[Stop]:
        words = ""
        for answer in answers:
            failed = _failed(answer)
            self._recent.append((now, failed))
            self._failed_in_a_row = self._failed_in_a_row + 1 if failed else 0
            if isinstance(answer, SendError) and failed:
                words = answer.words
        _forget(self._recent, before=now - WITHIN)
        failures = sum(failed for _, failed in self._recent)
        many = len(self._recent) >= OF_AT_LEAST and failures >= PART * len(self._recent)
        if not words or not (many or self._failed_in_a_row >= IN_A_ROW):
            return []
        self._recent.clear()
        return [Stop(words[:_WORDS], now + ASK_AFTER)]

    def _campaigns(
        self, results: Sequence[tuple[Outgoing, Answer]], now: datetime
    ) -> list[Stop]:
        stops = []
        for outgoing, answer in results:
            # one that is about an address says nothing about the campaign
            refused = isinstance(answer, Refused) and not answer.suppress
            heard = self._by_campaign.setdefault(outgoing.campaign, deque())
            heard.append((now, refused))
            if not refused:
                continue
            _forget(heard, before=now - REFUSED_WITHIN)
            count = sum(bad for _, bad in heard)
            if count >= REFUSALS and count >= REFUSED_PART * len(heard):
                heard.clear()
                words = f"the provider refused {count} of its messages within a minute: {answer.words}"  # type: ignore[union-attr]
                stops.append(Stop(words[:_WORDS], campaign=outgoing.campaign))
        for heard in self._by_campaign.values():
            _forget(heard, before=now - REFUSED_WITHIN)
        return stops


def _failed(answer: Answer) -> bool:
    """Whether it speaks of a provider that is out; one that refuses, or asks for less, is there."""
    return isinstance(answer, Unclear | Unavailable) and not isinstance(
        answer, Throttled
    )


def _forget(heard: deque[tuple[datetime, bool]], *, before: datetime) -> None:
    while heard and heard[0][0] < before:
        heard.popleft()
