"""What was sent, what was not, and why: the delivery log, newest first."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, or_, select

from aftercart.model import Channel, Purpose, State
from aftercart.reasons import Reason, from_json
from aftercart.store import Tx
from aftercart.store.records.search import find_customers
from aftercart.store.tables import customers, messages

#: A search that fits more people than this is no search; the log says so by showing only theirs.
_PEOPLE = 200
_FEWEST = 2


@dataclass(frozen=True)
class LogRow:
    """One message in the log, with what is needed to read its line aloud."""

    id: str
    campaign: str
    customer: str
    channel: Channel
    purpose: Purpose
    state: State
    reason: Reason | None
    due_at: datetime
    accepted_at: datetime | None
    created_at: datetime
    expires_at: datetime
    delivery: str
    delivery_at: datetime | None
    order: str
    first_name: str
    timezone: str
    coupon: str = ""  #: told where it was asked for
    variant: str = ""  #: which of the templates that lots were drawn among

    def to_json(self) -> dict[str, str | None]:
        """The line as `aftercart log --json` prints it: names and meanings stay."""
        return {
            "id": self.id,
            "campaign": self.campaign,
            "customer": self.customer,
            "channel": self.channel.value,
            "purpose": self.purpose.value,
            "state": self.state.value,
            "reason": self.reason.code.value if self.reason else None,
            "sentence": self.reason.sentence() if self.reason else None,
            "due_at": _iso(self.due_at),
            "accepted_at": _iso(self.accepted_at),
            "created_at": _iso(self.created_at),
            "delivery": self.delivery or None,
            "order": self.order or None,
            "coupon": self.coupon or None,
            "variant": self.variant or None,
        }


def log(
    tx: Tx,
    *,
    customer: str | None = None,
    order: str | None = None,
    campaign: str | None = None,
    state: State | str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    search: str | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 100,
) -> list[LogRow]:
    """Messages by the time they were planned, newest first; `before` is (created_at, id) of the last line of the page above.

    `since` counts, `until` does not. `search` is the id of a customer, an order or a message, an e-mail address or a
    telephone number, whole or as it begins.
    """
    m = messages.c
    query = of_messages()
    for column, value in (
        (m.customer_id, customer),
        (m.order_id, order),
        (m.campaign, campaign),
        (m.state, state),
    ):
        if value is not None:
            query = query.where(column == value)
    if since is not None:
        query = query.where(m.created_at >= since)
    if until is not None:
        query = query.where(m.created_at < until)
    if search and search.strip():
        query = query.where(_matches(tx, search.strip()))
    if before is not None:
        at, id_ = before
        query = query.where(
            or_(m.created_at < at, and_(m.created_at == at, m.id < id_))
        )
    query = query.order_by(m.created_at.desc(), m.id.desc()).limit(limit)
    return [from_row(row) for row in tx.execute(query)]


def of_messages() -> Select[Any]:
    """A SELECT of messages, each with the name and the clock of its customer."""
    return select(messages, customers.c.first_name, customers.c.timezone).join(
        # an erased person's messages stay in the log
        customers,
        customers.c.id == messages.c.customer_id,
        isouter=True,
    )


def from_row(row: Row[Any]) -> LogRow:
    """A row of `of_messages` as a line of the log."""
    return LogRow(
        id=row.id,
        campaign=row.campaign,
        customer=row.customer_id,
        channel=Channel(row.channel),
        purpose=Purpose(row.purpose),
        state=State(row.state),
        reason=from_json(row.reason),
        due_at=row.due_at,
        accepted_at=row.accepted_at,
        created_at=row.created_at,
        expires_at=row.expires_at,
        delivery=row.delivery,
        delivery_at=row.delivery_at,
        order=row.order_id,
        first_name=row.first_name or "",
        timezone=row.timezone or "UTC",
        variant=row.facts.get("variant", ""),
    )


def _matches(tx: Tx, text: str) -> ColumnElement[bool]:
    """What somebody means: a person, else a whole order or message, else how one begins.

    One after the other, because only the whole ones are found through an index.
    """
    m = messages.c
    people = [p.id for p in find_customers(tx, text, limit=_PEOPLE)]
    if people:
        return m.customer_id.in_(people)
    whole = or_(m.order_id == text, m.id == text.lower())
    if len(text) < _FEWEST or tx.execute(select(m.id).where(whole).limit(1)).first():
        return whole
    return or_(
        m.order_id.startswith(text, autoescape=True),
        m.id.startswith(text.lower(), autoescape=True),
    )


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None
