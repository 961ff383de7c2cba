"""Is this database the one that it was, or did it come back from a copy? A copy does not know what was sent since it was made.

Whoever sends looks when it starts, and again when its connections to the database were made anew. What looks like a copy is in
safe mode: marketing and surveys wait until a person has looked, and service goes on. Not seen is the copy of a whole folder with
a SQLite database in it, or of a whole machine, within a day of its making: there is nothing in it that differs.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from uuid import uuid4

import structlog

from aftercart.store import Store, Tx, desk, origin, overdue, pauses
from aftercart.store.beside import Beside, Note
from aftercart.store.pauses import SAFE_MODE

#: After so long without a sending, what was due in the meantime does not go out by itself.
STALE = timedelta(hours=24)
#: What was due so lately may be waiting because this process is only starting.
_LATE = timedelta(hours=1)
#: The moment of the last sending is written down so often.
_NOTED_EVERY = timedelta(minutes=1)
#: Sendings with less than this between them are one stretch.
_REST = timedelta(minutes=10)

#: What the database is known as; what the process that entered safe mode took it for; and when a person has looked.
_MARK, _SEEN, _REVIEWED = "identity", "identity_seen", "reviewed"
_SENT = "last_sent"
#: So long Redis knows of a claim that the database has forgotten (see `witness`).
REMEMBERED = timedelta(days=2)

_WORDS = {
    "server": "its server is another one than before",
    "timeline": "its server has begun a new history (a standby took over, or a backup was put back)",
    "database": "it is another database of its server than before: a copy",
}

_log = structlog.get_logger(__name__)


def sent_since(tx: Tx) -> tuple[datetime, datetime] | None:
    """When the latest stretch of sendings began, and its last sending, to the minute; None where nothing was sent."""
    known = desk.get_mark(tx, _SENT)
    if not known:
        return None
    return datetime.fromisoformat(known["since"]), datetime.fromisoformat(known["at"])


class Identity:
    """What a process that sends knows of its database; threads may share it."""

    def __init__(
        self, store: Store, *, deployment: str, clock: Callable[[], datetime]
    ) -> None:
        self._store, self._deployment, self._clock = store, deployment, clock
        self._beside = Beside(store.file) if store.file else None
        self._looked = -1  #: how many connections there had been by then
        self._token = ""
        self._facts: Mapping[str, str] = {}
        self._noted: datetime | None = None
        self._lock = threading.Lock()

    @property
    def token(self) -> str:
        """What this database has in common with its copies, and with no other."""
        if not self._token:
            self.look()
        return self._token

    def look(self) -> bool:
        """Enters safe mode where the database is not what it was, and answers whether it did so just now.

        Costs nothing while its connections are the same.
        """
        with self._lock:
            connections = self._store.connections
            if connections == self._looked:
                return False
            with self._store.read() as tx:
                self._facts = self._here(tx)
                known = desk.get_mark(tx, _MARK)
                odd = list(self._odd(tx, known)) if known else []
            if odd:
                with self._store.write() as tx:
                    self.enter_safe_mode(tx, "; ".join(odd))
            elif known is None or self._facts.keys() - known.keys():
                known = self._learn()
            self._token = known["token"]
            # not as many as there are now: a connection that was made meanwhile is looked at the next time
            self._looked = connections
            return bool(odd)

    def enter_safe_mode(self, tx: Tx, words: str) -> None:
        """Holds marketing and surveys until a person has looked."""
        now = self._clock()
        desk.set_mark(tx, _SEEN, dict(self._facts))
        if pauses.pause(tx, SAFE_MODE, at=now, by="aftercart", words=words):
            _log.error("safe mode: marketing and surveys wait", reason=words)

    def is_reviewed(self, tx: Tx) -> bool:
        """Whether a person has looked within the time that Redis remembers claims: they know that some are forgotten."""
        at = desk.get_mark(tx, _REVIEWED)
        return bool(at) and self._clock() - datetime.fromisoformat(at) < REMEMBERED

    def accept(self) -> bool:
        """A person has looked: the database is the one that was seen, and goes on. Answers whether it was in safe mode."""
        now = self._clock()
        with self._store.write() as tx:
            known = desk.get_mark(tx, _MARK) or {"token": str(uuid4())}
            known |= desk.get_mark(tx, _SEEN) or {}
            desk.set_mark(tx, _MARK, known)
            desk.set_mark(tx, _REVIEWED, now.isoformat())
            lifted = pauses.resume(tx, SAFE_MODE, now=now)
            lines = origin.lines(tx)
        if self._beside:
            self._beside.write(Note(known["token"], lines))
        return lifted

    def sent(self) -> None:
        """Something was sent just now."""
        now = self._clock()
        if self._beside:
            with self._store.read() as tx:
                lines = origin.lines(tx)
            self._beside.write(Note(self._token, lines))
        if self._noted is not None and now - self._noted < _NOTED_EVERY:
            return
        self._noted = now
        with self._store.write() as tx:
            began, last = sent_since(tx) or (now, now)
            since = began if now - last < _REST else now
            stretch = {"since": since.isoformat(), "at": max(now, last).isoformat()}
            desk.set_mark(tx, _SENT, stretch)

    def _here(self, tx: Tx) -> dict[str, str]:
        named = {"deployment": self._deployment} if self._deployment else {}
        found = origin.facts(tx)
        if not self._token and tx.dialect.name == "postgresql":
            for name in set(origin.FACTS) - set(found):
                _log.warning("the database does not tell its identity", fact=name)
        return named | found

    def _learn(self) -> Mapping[str, str]:
        """Of what is not known yet, the database is what it says it is."""
        with self._store.write() as tx:
            desk.keep_mark(tx, _MARK, {"token": str(uuid4())})
            known: dict[str, str] = {**self._facts, **desk.get_mark(tx, _MARK)}
            desk.set_mark(tx, _MARK, known)
            lines = origin.lines(tx)
        if self._beside:
            self._beside.write(Note(known["token"], lines))
        return known

    def _odd(self, tx: Tx, known: Mapping[str, str]) -> Iterator[str]:
        """What is not as it was, in words."""
        sent = sent_since(tx)
        if sent is None:
            return  # a copy of what never sent anything can send nothing twice
        mine, theirs = self._facts.get("deployment", ""), known.get("deployment", "")
        if mine and theirs and mine != theirs:
            yield f'it belonged to the deployment "{theirs}", and this process to "{mine}"'
        for name, words in _WORDS.items():
            if name in known and self._facts.get(name, known[name]) != known[name]:
                yield words
        if not self._token:
            yield from self._odd_file(tx, known["token"])
            yield from self._stale(tx, sent[1])

    def _odd_file(self, tx: Tx, token: str) -> Iterator[str]:
        if self._beside is None:
            return
        note = self._beside.read()
        if note is None:
            yield f"there is no {self._beside.path.name} beside it: a copy, or it was moved without it"
        elif note.token and note.token != token:
            yield f"{self._beside.path.name} beside it belongs to another database"
        elif note.lines > origin.lines(tx):
            yield f"it is older than {self._beside.path.name} beside it: a backup was put back"

    def _stale(self, tx: Tx, last: datetime) -> Iterator[str]:
        reviewed, now = desk.get_mark(tx, _REVIEWED), self._clock()
        if reviewed:
            last = max(last, datetime.fromisoformat(reviewed))
        # Who sends nothing at weekends has nothing that waits. A long round may have been on its way: what was due a day before
        # counts, and what is older than that is stuck for another reason.
        since, until = last - STALE, now - _LATE
        if now - last > STALE and overdue.any_since(tx, after=since, until=until):
            yield f"it sent last at {last:%-d %b %Y %H:%M} UTC, and what was due since then is waiting"
