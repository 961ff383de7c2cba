"""What people do at the desk: cases for support, survey answers; and single marks of this database."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid5

from sqlalchemy import bindparam, select, update

from aftercart.model import NAMESPACE, Purpose
from aftercart.store import Tx, rows
from aftercart.store.among import among
from aftercart.store.tables import (
    answers,
    cases,
    marks,
    message_events,
    messages,
)

#: The kind of a case that a campaign's own step opened.
TASK = "task"

#: Built once; see `rows`.
_OPEN_CASES = (
    select(cases.c.customer_id, cases.c.kind, cases.c.opened_at)
    .where(
        among(cases.c.customer_id),
        cases.c.closed_at.is_(None),
        cases.c.kind != TASK,
        cases.c.opened_at > bindparam("since", type_=cases.c.opened_at.type),
    )
    .order_by(cases.c.opened_at, cases.c.id)
)


def open_case(
    tx: Tx,
    kind: str,
    *,
    about: str,
    customer_id: str,
    at: datetime,
    order_id: str = "",
    message_id: str = "",
    note: str = "",
) -> None:
    """Opens a case, once for each kind and `about` (an order, a survey message)."""
    rows.insert_or_keep(
        tx,
        cases,
        [
            {
                "id": str(uuid5(NAMESPACE, f"case|{kind}|{about}")),
                "kind": kind,
                "customer_id": customer_id,
                "order_id": order_id,
                "message_id": message_id,
                "note": note,
                "opened_at": at,
            }
        ],
    )


def close_case(tx: Tx, case_id: str, *, at: datetime) -> None:
    """Says that a case is done; closing it twice keeps the first time."""
    tx.execute(
        update(cases)
        .where(cases.c.id == case_id, cases.c.closed_at.is_(None))
        .values(closed_at=at)
    )


def open_cases(
    tx: Tx, customer_ids: Collection[str], *, since: datetime
) -> dict[str, tuple[str, datetime]]:
    """Who of these customers has a case that is open and was opened after `since`: the kind of the first, and when. Tasks of a campaign do not count."""
    found: dict[str, tuple[str, datetime]] = {}
    asked = {"ids": customer_ids, "since": since}
    for customer_id, kind, at in tx.execute(_OPEN_CASES, asked):
        found.setdefault(customer_id, (kind, at))
    return found


def answer(tx: Tx, given: Mapping[str, Any], *, at: datetime) -> bool:
    """Stores a survey answer (message_id, campaign, customer_id, score, comment); a later one replaces it.

    Returns whether it is the first one of that message.
    """
    row = {**given, "answered_at": at}
    first = rows.insert_once(tx, answers, [row], key="message_id")
    if not first:
        tx.execute(
            update(answers)
            .where(answers.c.message_id == given["message_id"])
            .values(score=given["score"], comment=given["comment"], revised_at=at)
        )
    return bool(first)


def answer_of(tx: Tx, message_id: str) -> tuple[int, str, datetime] | None:
    """The score, the comment and the time of the first answer to a survey message, where there is one."""
    row = tx.execute(
        select(answers.c.score, answers.c.comment, answers.c.answered_at).where(
            answers.c.message_id == message_id
        )
    ).first()
    return (row.score, row.comment, row.answered_at) if row else None


def newest_score(
    tx: Tx, campaign: str, customer_id: str, *, now: datetime
) -> int | None:
    """What the customer answered to the newest of these surveys, as it stands."""
    a = answers.c
    query = (
        select(a.score)
        .where(
            a.customer_id == customer_id,
            a.campaign == campaign,
            a.answered_at <= now,
        )
        .order_by(a.answered_at.desc())
        .limit(1)
    )
    score = tx.scalar(query)
    return None if score is None else int(score)


def untouched(tx: Tx, *, since: datetime) -> list[tuple[str, Purpose, datetime]]:
    """Messages that were accepted since a moment and have neither an answer nor a leave-taking: id, purpose, accepted when."""
    acted = select(message_events.c.id).where(
        message_events.c.message_id == messages.c.id,
        message_events.c.word.in_(("answered", "unsubscribed")),
    )
    query = (
        select(messages.c.id, messages.c.purpose, messages.c.accepted_at)
        .where(
            messages.c.created_at > since,
            messages.c.accepted_at.is_not(None),
            messages.c.purpose != Purpose.SERVICE,
            ~acted.exists(),
        )
        .order_by(messages.c.accepted_at, messages.c.id)
    )
    return [
        (row.id, Purpose(row.purpose), row.accepted_at) for row in tx.execute(query)
    ]


def get_mark(tx: Tx, name: str) -> Any:
    """A single fact about this database, or None."""
    return tx.scalar(select(marks.c.value).where(marks.c.name == name))


def set_mark(tx: Tx, name: str, value: Any) -> None:
    """Writes a single fact about this database; it must be JSON-able."""
    rows.upsert(
        tx,
        marks,
        [{"name": name, "value": value}],
        keys=["name"],
        update=["value"],
    )


def keep_mark(tx: Tx, name: str, value: Any) -> None:
    """Writes a single fact unless it is there: of two processes that start together, the first one's stays."""
    rows.insert_or_keep(tx, marks, [{"name": name, "value": value}])
