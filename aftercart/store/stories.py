"""The story of each message: a dated line for whatever happened to it, append-only. What support reads.

That a worker handed it over is told once: the rendition of that claim is the line, and there is no other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from aftercart.store import Tx, lists
from aftercart.store.tables import message_events, renditions

#: What ends a handing-over; see `_handed_over`.
_ANSWERS = ("accepted", "again", "failed", "uncertain")


@dataclass(frozen=True)
class Line:
    """One line: `reason` is one as it is stored, or what came with the word."""

    message_id: str
    at: datetime
    word: str  #: from messagelog's vocabulary
    actor: str
    reason: Mapping[str, str] | None = None


def tell(tx: Tx, lines: Sequence[Line]) -> None:
    """Adds lines. They move nothing."""
    told = [vars(line) for line in lines]
    lists.insert_each(tx, message_events, told, key="message_id")


def of(tx: Tx, message_id: str) -> list[Line]:
    """A message's whole story, oldest first."""
    e, r = message_events.c, renditions.c
    lines = [
        Line(message_id, row.at, row.word, row.actor, row.reason)
        for row in tx.execute(
            select(e.at, e.word, e.actor, e.reason)
            .where(e.message_id == message_id)
            .order_by(e.id)
        )
    ]
    handed = tx.execute(
        select(r.at, r.actor).where(r.message_id == message_id).order_by(r.fence)
    )
    claims = [Line(message_id, at, "sending", actor) for at, actor in handed]
    return list(_handed_over(lines, claims))


def _handed_over(lines: Sequence[Line], claims: Sequence[Line]) -> Iterator[Line]:
    """The claims in their places: by time, and where all of it was one moment, each before the answer to it."""
    waiting = list(claims)
    for line in lines:
        before = [c for c in waiting if c.at < line.at]
        if line.word in _ANSWERS and not before:
            before = [c for c in waiting[:1] if c.at == line.at]
        yield from before
        del waiting[: len(before)]
        yield line
    yield from waiting
