"""Which messages were being prepared when a process died? Their rendering may be what killed it.

A start is written down before anything is rendered and crossed out with the claim: one small row for a batch, where a counter
on every message would cost as much as the claim itself.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from aftercart.model import State
from aftercart.store import Tx
from aftercart.store.among import among
from aftercart.store.tables import messages, starts


def note(tx: Tx, ids: Collection[str], *, now: datetime) -> int:
    """Writes down that these messages are being prepared; answers the start's number. Commit before rendering."""
    statement = insert(starts).values(at=now, ids=list(ids)).returning(starts.c.id)
    return int(tx.scalars(statement).one())


def under_way(tx: Tx) -> set[str]:
    """The messages that somebody prepares, or died of. There is one row for each thread that is at work."""
    return {id_ for ids in tx.scalars(select(starts.c.ids)) for id_ in ids}


def cross_out(tx: Tx, start: int) -> None:
    """The batch was prepared, and nothing died of it."""
    tx.execute(delete(starts).where(starts.c.id == start))


def count(tx: Tx, ids: Collection[str]) -> None:
    """Counts a start that came to nothing for these messages, unless they have moved since."""
    if ids:
        waiting = among(messages.c.id), messages.c.state == State.SCHEDULED
        counted = update(messages).where(*waiting).values(claims=messages.c.claims + 1)
        tx.execute(counted, {"ids": ids})


def count_lost(tx: Tx, *, before: datetime) -> None:
    """Counts the starts of batches that nobody has claimed since: their process has died."""
    lost = tx.execute(
        select(starts.c.id, starts.c.ids).where(starts.c.at < before)
    ).all()
    for start, ids in lost:
        count(tx, ids)
        cross_out(tx, start)
