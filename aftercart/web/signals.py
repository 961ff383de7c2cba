"""What is wrong, in sentences, for whoever looks after it? One look at everything that can be."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aftercart import identity, skew
from aftercart.channels import callbacks
from aftercart.model import Purpose
from aftercart.runtime import CLOCK_OFF_MARK, Runtime
from aftercart.store import Tx, desk, pauses, records
from aftercart.store.pauses import Pause
from aftercart.store.records import Health, Lately

#: How late a due message may be before somebody should look: an alert is of use for minutes.
DUE_LATE = {
    Purpose.SERVICE: timedelta(seconds=20),
    Purpose.SURVEY: timedelta(seconds=120),
    Purpose.MARKETING: timedelta(seconds=120),
}
UNCERTAIN_OLD, UNCERTAIN_MANY = timedelta(minutes=15), 50
CALLBACK_OLD = timedelta(minutes=10)
#: How long messages may go out while no provider reports on any.
SILENCE = timedelta(minutes=10)
REDIS_FULL = 0.7

#: A process that stops because of its clock says so at least every fifteen seconds.
_TOLD_FOR = timedelta(minutes=1)
#: The rows of a day are counted so seldom.
_COUNTED_EVERY = 60.0


@dataclass(frozen=True)
class Signals:
    """Everything that is looked at, of one moment."""

    now: datetime
    hindrance: str  #: why this process would claim nothing
    unwritable: str  #: why the database takes no writes
    health: Health
    lately: Lately
    held: Mapping[str, Pause]
    silence: timedelta  #: how long messages have been going out without a report
    off: timedelta  #: this process's clock
    off_words: str  #: both times, where that is worth a word and no hindrance
    others_off: str  #: another process that has just stopped because of its clock
    room: int | None  #: bytes left on the disk of the database
    redis: float | None  #: how full it is, where it is the broker
    redis_away: bool
    abandoned: int  #: batches in the hands of workers that are gone


class Lookout:
    """Looks for one process; what is costly to count is counted once a minute."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self._lately: tuple[float, Lately] | None = None

    def look(self) -> Signals:
        """All signals. Raises what the database raises."""
        rt, now = self._rt, self._rt.clock()
        with rt.store.read() as tx:
            health, held = records.health(tx, now=now), pauses.paused(tx)
            sent, lately = identity.sent_since(tx), self._count(tx, now)
            told = desk.get_mark(tx, CLOCK_OFF_MARK)
        off = rt.skew.off() if rt.skew else timedelta(0)
        little = rt.skew if skew.WARN < abs(off) <= skew.STOP else None
        providers = {rt.settings.email_provider, rt.settings.sms_provider}
        return Signals(
            now=now,
            hindrance=rt.hindrance(),
            unwritable=rt.store.takes_no_writes(),
            health=health,
            lately=lately,
            held=held,
            silence=_silence(sent, health.last_callback, now)
            if providers & callbacks.REPORTING
            else timedelta(0),
            off=off,
            off_words=little.words(off) if little else "",
            others_off=_told_lately(told, now) if told else "",
            room=rt.store.room(),
            redis=rt.witness.fullness(),
            redis_away=rt.witness.away,
            abandoned=rt.witness.abandoned() or 0,
        )

    def _count(self, tx: Tx, now: datetime) -> Lately:
        if self._lately is None or time.monotonic() >= self._lately[0]:
            counted = records.lately(tx, now=now)
            self._lately = time.monotonic() + _COUNTED_EVERY, counted
        return self._lately[1]


def warnings(s: Signals) -> list[str]:
    """What is wrong or late; empty when all is well."""
    first = [words for words in (s.unwritable, s.hindrance) if words]
    return first + list(_around(s)) + list(_late(s))


def late(health: Health, now: datetime) -> dict[Purpose, timedelta]:
    """How late the oldest message of each purpose is, where that is too late, and nobody holds it."""
    found = {purpose: now - due for purpose, due in health.late.items()}
    return {p: span for p, span in found.items() if span > DUE_LATE[p]}


def doubtful(health: Health, now: datetime) -> bool:
    """Whether too many messages wait for proof, or one for too long."""
    old = _older(health.oldest_uncertain, now, UNCERTAIN_OLD)
    return old or health.uncertain > UNCERTAIN_MANY


def unread(health: Health, now: datetime) -> bool:
    """Whether a callback waits for too long to be read."""
    return _older(health.oldest_callback, now, CALLBACK_OLD)


def _around(s: Signals) -> Iterator[str]:
    yield from filter(None, (s.off_words, s.others_off))
    for scope, pause in sorted(s.held.items()):
        if pause.words:  # a person who holds something knows why
            yield f"{scope} is held since {pause.since:%Y-%m-%d %H:%M} UTC: {pause.words}"
    if s.redis_away:
        yield "Redis does not answer: what is due waits for it, and nothing is lost"
    if s.abandoned:
        yield f"{s.abandoned} batches are in the hands of workers that ended two minutes ago: does another worker run?"
    if s.redis is not None and s.redis >= REDIS_FULL:
        yield f"Redis has used {s.redis:.0%} of its memory: at its limit it takes no more ids"


def _late(s: Signals) -> Iterator[str]:
    if overdue := late(s.health, s.now):
        which = ", ".join(sorted(overdue))
        yield f"messages are due and not sent ({which}): are the scheduler and a worker running?"
    if doubtful(s.health, s.now):
        yield "uncertain messages wait for proof: do callbacks arrive?"
    if unread(s.health, s.now):
        yield "callbacks are not being read: is a worker running?"
    if s.silence > SILENCE:
        minutes = int(s.silence.total_seconds() // 60)
        yield f"messages go out, and no provider has reported for {minutes} minutes: do callbacks arrive?"
    if s.health.unknown_today:
        yield f"{s.health.unknown_today} messages became unknown within a day"
    if s.lately.poison:
        yield f"{s.lately.poison} messages of a day were given up: whatever prepared them ended"


def _silence(
    sent: tuple[datetime, datetime] | None, heard: datetime | None, now: datetime
) -> timedelta:
    """While messages go out: since when nothing was heard. Who begins after a quiet night has heard nothing for long, and is fine."""
    if sent is None or now - sent[1] > SILENCE:
        return timedelta(0)
    return now - max(sent[0], heard or sent[0])


def _told_lately(told: Mapping[str, str], now: datetime) -> str:
    if now - datetime.fromisoformat(told["at"]) > _TOLD_FOR:
        return ""
    return f"{told['by']}: {told['words']}"


def _older(at: datetime | None, now: datetime, limit: timedelta) -> bool:
    return at is not None and now - at > limit
