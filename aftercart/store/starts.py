"""Which messages were being prepared when a process died? Their rendering may be what killed it.

Whoever prepares messages that came to nothing before notes it first and crosses it out with the claim. What a queue hears of
for the first time goes without a note: should it kill its worker, it is rung again, and then it is noted.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, update

from aftercart.model import State
from aftercart.store import Tx
from aftercart.store.among import among
from aftercart.store.tables import messages, starts


def note(tx: Tx, ids: Collection[str], *, now: datetime) -> int:
    """Writes down that these messages are being prepared; answers the note's number. Commit before rendering."""
    statement = insert(starts).values(at=now, ids=list(ids)).returning(starts.c.id)
    return int(tx.scalars(statement).one())


def under_way(dialect: str) -> Select[Any]:
    """The ids that somebody noted: who prepares them is at work, or died of them."""
    each = (
        func.json_array_elements_text(starts.c.ids).column_valued(
            "noted", joins_implicitly=True
        )
        if dialect == "postgresql"
        else func.json_each(starts.c.ids)
        .table_valued("value", joins_implicitly=True)
        .c.value
    )
    return select(each).select_from(starts)


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
