"""Is something waiting that should have been done long ago? After an outage there is, and in a database of some days ago too."""

from datetime import datetime

from sqlalchemy import Column, ColumnElement, select

from aftercart.model import Purpose, State
from aftercart.store import Tx
from aftercart.store.bells import OPEN
from aftercart.store.guards import PAUSED
from aftercart.store.tables import enrollments, messages, recurrences, rhythms


def any_since(tx: Tx, *, after: datetime, until: datetime) -> bool:
    """Whether a step, a round of the calendar, a nudge, or a newsletter that nobody holds was due in that time and is waiting."""

    def then(due: Column[datetime]) -> ColumnElement[bool]:
        return (due > after) & (due <= until)

    m = messages.c
    waiting = (
        select(enrollments.c.id).where(
            then(enrollments.c.due_at), enrollments.c.ended_at.is_(None)
        ),
        select(recurrences.c.campaign).where(then(recurrences.c.next_at)),
        select(rhythms.c.campaign).where(then(rhythms.c.nudge_at)),
        select(m.id).where(
            m.state == State.SCHEDULED,
            m.purpose != Purpose.SERVICE,
            then(m.due_at),
            OPEN,
            ~PAUSED,
        ),
    )
    return any(tx.execute(query.limit(1)).first() for query in waiting)
