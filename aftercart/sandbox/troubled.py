"""What happens to reports on their way? Copied, shuffled, delayed, lost, forged, as the script says.

Which report meets what depends on the seed, its message and its place among the message's reports.
"""

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from aftercart.sandbox import sendgrid, twilio
from aftercart.sandbox.faults import Script, draw
from aftercart.sandbox.ledger import Entry
from aftercart.sandbox.posting import Desk, Post

#: Events about mails in one call.
_TOGETHER = 200


@dataclass(frozen=True)
class Copy:
    """One copy of one report: an event about a mail, or a call about a text."""

    event: dict[str, Any] | None
    post: Post | None


class Troubled:
    """Reports that wait for their moment; `now` is any clock that goes forward, in seconds."""

    def __init__(self, desk: Desk, now: Callable[[], float]) -> None:
        self._desk, self._now = desk, now
        self._waiting: list[tuple[float, float, int, Copy]] = []
        self._number = itertools.count()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, entries: Iterable[Entry], script: Script) -> None:
        """What the providers have to say about these, as the script has it."""
        for entry in entries:
            if entry["accepted"]:
                for place, copy in enumerate(self._reports(entry, script)):
                    self._put(copy, script, f"{entry['message']}|{place}")

    def due(self) -> list[Post]:
        """The calls whose moment has come; they wait here no longer."""
        now = self._now()
        found: list[Copy] = []
        while self._waiting and self._waiting[0][0] <= now:
            found.append(heapq.heappop(self._waiting)[3])
        return list(self._calls(found))

    def put_back(self, posts: Sequence[Post]) -> None:
        """What the app did not take comes again."""
        for post in posts:
            item = (self._now(), 0.0, next(self._number), Copy(None, post))
            heapq.heappush(self._waiting, item)

    def _calls(self, copies: Sequence[Copy]) -> Iterator[Post]:
        events: list[dict[str, Any]] = []
        for copy in copies:
            if copy.post is not None:
                yield copy.post
            elif copy.event is not None:
                events.append(copy.event)
        for start in range(0, len(events), _TOGETHER):
            yield self._desk.mail(events[start : start + _TOGETHER])

    def _reports(self, entry: Entry, script: Script) -> Iterator[Copy]:
        """Each report, as many copies as the lot says, each with a fresh id where the provider gives one."""
        message, seed, how = entry["message"], script.seed, script.webhooks
        if draw(seed, "forge", message) < how.forge:
            yield from self._forged(entry)
        low, high = how.copies
        count = low + int(draw(seed, "copies", message) * (high - low + 1))
        for _ in range(count):
            if entry["provider"] == twilio.PROVIDER:
                for post in self._desk.texts(entry):
                    yield Copy(None, post)
            else:
                for event in sendgrid.events(entry):
                    yield Copy(event, None)

    def _forged(self, entry: Entry) -> Iterator[Copy]:
        if entry["provider"] == twilio.PROVIDER:
            for post in self._desk.texts(entry, forged=True):
                yield Copy(None, post)
        else:
            lie = {"event": "bounce", "type": "bounce"}
            lies = [event | lie for event in sendgrid.events(entry)]
            yield Copy(None, self._desk.mail(lies, forged=True))

    def _put(self, copy: Copy, script: Script, which: str) -> None:
        how, seed = script.webhooks, script.seed
        if draw(seed, "lose", which) < how.lose and not (
            copy.post and copy.post.forged
        ):
            return
        low, high = how.delay
        wait = low + draw(seed, "delay", which) * (high - low)
        at = self._now() + wait if wait else 0.0
        # what is due at one moment is told in the order of its lots, or as it came
        order = draw(seed, "shuffle", which) if how.shuffle else 0.0
        heapq.heappush(self._waiting, (at, order, next(self._number), copy))
