"""Which messages has their provider taken, and never said a word about since? Found along the stories, so that no index is needed for it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select

from aftercart.model import State
from aftercart.store import Tx, desk, rows
from aftercart.store.tables import message_events, messages

#: The mark that holds how far the stories have been looked through.
_SEEN = "unreported_seen"


def any_left(tx: Tx, *, accepted_before: datetime) -> bool:
    """Whether there is a line of that time that was not looked at."""
    line = message_events.c
    first = (
        select(line.at)
        .where(line.id > (desk.get_mark(tx, _SEEN) or 0))
        .order_by(line.id)
        .limit(1)
    )
    at = tx.scalar(first)
    return at is not None and at <= accepted_before


def look_on(
    tx: Tx, *, accepted_before: datetime, providers: Collection[str], limit: int
) -> Sequence[str]:
    """The next messages in line that were taken by then and never reported on. Each line is looked at once, so many at a time."""
    line, m = message_events.c, messages.c
    seen = desk.get_mark(tx, _SEEN) or 0
    lines = tx.execute(
        select(line.id, line.message_id, line.word)
        .where(line.id > seen, line.at <= accepted_before)
        .order_by(line.id)
        .limit(limit)
    ).all()
    if not lines:
        return []
    taken = {row.message_id for row in lines if row.word == State.ACCEPTED}
    silent: list[str] = []
    for part in rows.chunks(sorted(taken)):
        query = select(m.id).where(
            m.id.in_(part),
            m.state == State.ACCEPTED,
            m.delivery == "",
            m.provider.in_(sorted(providers)),
        )
        silent += tx.scalars(query)
    desk.set_mark(tx, _SEEN, lines[-1].id)
    return silent
