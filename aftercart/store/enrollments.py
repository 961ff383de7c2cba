"""Enrollments: who is on which campaign's way, at which step, due when."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, text, update

from aftercart.model import Enrollment
from aftercart.reasons import Reason, from_json
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
    awaits: str = ""  #: the type of event that makes it due earlier
    facts: Mapping[str, Any] | None = None  #: None: as before


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


def ended(
    tx: Tx, campaign: str, customer_id: str, *, now: datetime, limit: int = 5
) -> list[tuple[Enrollment, datetime, Reason]]:
    """A customer's latest enrollments in a campaign that ended for a reason, with when and why."""
    c = enrollments.c
    query = (
        select(enrollments)
        .where(c.customer_id == customer_id, c.campaign == campaign, c.ended_at <= now)
        .order_by(c.ended_at.desc(), c.id)
        .limit(limit)
    )
    return [
        (from_row(row), row.ended_at, reason)
        for row in tx.execute(query)
        if (reason := from_json(row.reason))
    ]


def awaiting(
    tx: Tx, customer_ids: Collection[str], types: Collection[str]
) -> list[Enrollment]:
    """The open enrollments of these customers that wait for an event of one of these types."""
    e = enrollments.c
    found: list[Enrollment] = []
    for ids in rows.chunks(sorted(customer_ids)):
        query = select(enrollments).where(
            e.customer_id.in_(ids),
            e.awaits.in_(sorted(types)),
            # in these words the index is found
            text("awaits <> ''"),
            e.ended_at.is_(None),
        )
        found += [from_row(row) for row in tx.execute(query.order_by(e.id))]
    return found


def wake(tx: Tx, met: Sequence[Enrollment]) -> None:
    """What these waited for has happened: they are due, where they still wait."""
    if met:
        tx.execute(
            update(enrollments)
            .where(
                enrollments.c.id == bindparam("b_id"),
                enrollments.c.step == bindparam("b_step"),
                enrollments.c.awaits != "",
            )
            .values(
                due_at=bindparam("b_due_at"), facts=bindparam("b_facts"), awaits=""
            ),
            [
                {
                    "b_id": e.id,
                    "b_step": e.step,
                    "b_due_at": e.due_at,
                    "b_facts": dict(e.facts),
                }
                for e in met
            ],
        )


def progress(tx: Tx, steps: Sequence[Progress]) -> None:
    """Writes how far enrollments have come."""
    for learned in (False, True):
        chosen = [s for s in steps if (s.facts is not None) is learned]
        if not chosen:
            continue
        columns: dict[str, Any] = {name: bindparam(f"b_{name}") for name in _MOVING}
        if learned:
            columns["facts"] = bindparam("b_facts")
        tx.execute(
            update(enrollments)
            .where(enrollments.c.id == bindparam("b_id"))
            .values(**columns),
            [_values(s) for s in chosen],
        )


_MOVING = ("step", "due_at", "ended_at", "reason", "awaits")


def _values(s: Progress) -> dict[str, Any]:
    values = {
        "b_id": s.enrollment_id,
        "b_step": s.step,
        "b_due_at": s.due_at,
        "b_ended_at": s.ended_at,
        "b_reason": s.ended.to_json() if s.ended else None,
        "b_awaits": s.awaits,
    }
    return values if s.facts is None else {**values, "b_facts": dict(s.facts)}


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
