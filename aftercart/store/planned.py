"""What is planned for a campaign, an order, a customer, or at all? For who calls it off."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Table, func, select, true, update

from aftercart.model import State
from aftercart.reasons import Reason
from aftercart.store import Tx
from aftercart.store.bells import OPEN
from aftercart.store.tables import customers, enrollments, messages, orders

#: By which column a message, or an enrollment, belongs to what is called off.
_COLUMNS = {
    "campaign": "campaign",
    "customer": "customer_id",
    "order": "order_id",
    "message": "id",
}


def is_known(tx: Tx, kind: str, id_: str) -> bool:
    """Whether there is such a customer, order or message."""
    table = {"customer": customers, "order": orders, "message": messages}[kind]
    query = select(table.c.id).where(table.c.id == id_)
    return tx.execute(query).first() is not None


def scheduled(tx: Tx, kind: str, id_: str, *, limit: int) -> Sequence[str]:
    """The messages that are still to go."""
    query = (
        select(messages.c.id)
        .where(messages.c.state == State.SCHEDULED, OPEN, _of(messages, kind, id_))
        .order_by(messages.c.id)
        .limit(limit)
    )
    return list(tx.scalars(query))


def under_way(tx: Tx, kind: str, id_: str) -> int:
    """How many messages are at a provider, or may be: nobody can call them back."""
    query = (
        select(func.count())
        .select_from(messages)
        .where(
            messages.c.state.in_((State.SENDING, State.UNCERTAIN)),
            OPEN,
            _of(messages, kind, id_),
        )
    )
    return int(tx.scalar(query) or 0)


def end_ways(tx: Tx, kind: str, id_: str, *, at: datetime, reason: Reason) -> int:
    """Ends the enrollments that go on; answers how many. Of a message, none: the steps after it are not it."""
    if kind == "message":
        return 0
    ended = tx.execute(
        update(enrollments)
        .where(enrollments.c.ended_at.is_(None), _of(enrollments, kind, id_))
        .values(ended_at=at, reason=reason.to_json())
    )
    return ended.rowcount


def _of(table: Table, kind: str, id_: str) -> ColumnElement[bool]:
    """Holds for what belongs to it; for everything where the kind is "all"."""
    if kind == "all":
        return true()
    return table.c[_COLUMNS[kind]] == id_
