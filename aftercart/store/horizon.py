"""When is something due next? One SELECT over the four timers; it costs the same with a thousand rows and with ten million."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, func, select

from aftercart.model import State
from aftercart.store import Tx
from aftercart.store.tables import (
    bells,
    enrollments,
    messages,
    recurrences,
    rhythms,
    timezones,
)


@dataclass(frozen=True)
class Horizon:
    """The next moment of each timer (aware UTC), None where nothing is in sight."""

    step: datetime | None
    ring: datetime | None
    nudge: datetime | None
    recurrence: datetime | None
    new_zone: bool  #: a recurring campaign has never looked at some time zone

    @property
    def next(self) -> datetime | None:
        """The earliest of them."""
        moments = (self.step, self.ring, self.nudge, self.recurrence)
        return min((m for m in moments if m), default=None)

    def due(self, now: datetime) -> bool:
        """Whether there is anything to plan or to ring."""
        return self.new_zone or (self.next is not None and self.next <= now)


def look(tx: Tx, *, recurring: Collection[str]) -> Horizon:
    """Looks at all timers; `recurring` names the campaigns of the calendar."""
    names = tuple(sorted(recurring))
    row = tx.execute(_statement(names)).one()
    step, ring, nudge, recurrence, zones, looked_at = row
    return Horizon(
        step, ring, nudge, recurrence, new_zone=zones * len(names) > looked_at
    )


@lru_cache(maxsize=16)
def _statement(names: tuple[str, ...]) -> Select[Any]:
    # built once: the planner asks it every second, and building it costs more than running it
    mine = recurrences.c.campaign.in_(names)
    return select(
        _first(enrollments.c.due_at, enrollments.c.ended_at.is_(None)),
        _first_ring(),
        _first(rhythms.c.nudge_at, rhythms.c.nudge_at.is_not(None)),
        _first(recurrences.c.next_at, mine),
        select(func.count()).select_from(timezones).scalar_subquery(),
        select(func.count()).select_from(recurrences).where(mine).scalar_subquery(),
    )


def _first_ring() -> Any:
    # by the first of them in order: for the least of a join the database would go through all of it
    return (
        select(bells.c.ring_at)
        .join(messages, messages.c.id == bells.c.message_id)
        .where(messages.c.state == State.SCHEDULED)
        .order_by(bells.c.ring_at)
        .limit(1)
        .scalar_subquery()
    )


def _first(column: Column[Any], where: ColumnElement[bool]) -> Any:
    return select(func.min(column, type_=column.type)).where(where).scalar_subquery()
