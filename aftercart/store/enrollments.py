"""Enrollments: who is on which campaign's way, at which step, due when."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from aftercart.model import Enrollment
from aftercart.reasons import Reason
from aftercart.store import Tx, rows
from aftercart.store.tables import enrollments


@dataclass(frozen=True)
class Progress:
    """Where an enrollment stands after its due step was taken; `ended` says why it is over, None that it goes on."""

    enrollment_id: str
    step: int
    due_at: datetime
    ended_at: datetime | None = None
    ended: Reason | None = None


def add(tx: Tx, new: Sequence[Enrollment]) -> set[str]:
    """Enrolls people who are not yet enrolled for that occurrence; answers the new ids."""
    return rows.insert_once(
        tx,
        enrollments,
        [
            {
                "id": e.id,
                "campaign": e.campaign,
                "version": e.version,
                "customer_id": e.customer_id,
                "occurrence": e.occurrence,
                "order_id": e.order_id,
                "facts": dict(e.facts),
                "started_at": e.started_at,
                "step": e.step,
                "due_at": e.due_at,
            }
            for e in new
        ],
        key="id",
    )


def due(
    tx: Tx, *, now: datetime, limit: int, campaigns: Collection[str] | None = None
) -> list[Enrollment]:
    """The enrollments whose step is due, oldest first; where campaigns are named, theirs."""
    query = (
        select(enrollments)
        .where(enrollments.c.ended_at.is_(None), enrollments.c.due_at <= now)
        .order_by(enrollments.c.due_at, enrollments.c.id)
        .limit(limit)
    )
    if campaigns is not None:
        query = query.where(enrollments.c.campaign.in_(sorted(campaigns)))
    return [from_row(row) for row in tx.execute(query)]


def waiting(
    tx: Tx, campaign: str, customer_id: str, *, now: datetime
) -> list[Enrollment]:
    """A customer's enrollments in a campaign that go on, the next due first."""
    query = (
        select(enrollments)
        .where(
            enrollments.c.customer_id == customer_id,
            enrollments.c.campaign == campaign,
            enrollments.c.ended_at.is_(None),
            enrollments.c.started_at <= now,
        )
        .order_by(enrollments.c.due_at, enrollments.c.id)
    )
    return [from_row(row) for row in tx.execute(query)]


def progress(tx: Tx, steps: Sequence[Progress]) -> None:
    """Writes how far enrollments have come."""
    if steps:
        tx.execute(
            update(enrollments)
            .where(enrollments.c.id == bindparam("b_id"))
            .values(
                step=bindparam("b_step"),
                due_at=bindparam("b_due_at"),
                ended_at=bindparam("b_ended_at"),
                reason=bindparam("b_reason"),
            ),
            [
                {
                    "b_id": s.enrollment_id,
                    "b_step": s.step,
                    "b_due_at": s.due_at,
                    "b_ended_at": s.ended_at,
                    "b_reason": s.ended.to_json() if s.ended else None,
                }
                for s in steps
            ],
        )


def end(tx: Tx, enrollment_id: str, *, at: datetime, reason: Reason) -> None:
    """Ends an enrollment, where it is there and goes on."""
    tx.execute(
        update(enrollments)
        .where(enrollments.c.id == enrollment_id, enrollments.c.ended_at.is_(None))
        .values(ended_at=at, reason=reason.to_json())
    )


def end_for_order(
    tx: Tx,
    order_id: str,
    *,
    campaigns: Collection[str],
    at: datetime,
    reason: Reason,
    but: str | None = None,
) -> None:
    """Ends the open enrollments of an order in these campaigns: it arrived, or what they waited for was taken back.

    With `but`, only those end that started by `at`, and the one of that occurrence goes on.
    """
    some = (
        ()
        if but is None
        else (enrollments.c.occurrence != but, enrollments.c.started_at <= at)
    )
    tx.execute(
        update(enrollments)
        .where(
            enrollments.c.order_id == order_id,
            enrollments.c.campaign.in_(sorted(campaigns)),
            enrollments.c.ended_at.is_(None),
            *some,
        )
        .values(ended_at=at, reason=reason.to_json())
    )


def from_row(row: Row[Any]) -> Enrollment:
    """A row of the table as a noun."""
    return Enrollment(
        id=row.id,
        campaign=row.campaign,
        version=row.version,
        customer_id=row.customer_id,
        occurrence=row.occurrence,
        started_at=row.started_at,
        step=row.step,
        due_at=row.due_at,
        order_id=row.order_id,
        facts=row.facts,
    )
