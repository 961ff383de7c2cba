"""What has a person been told so far? The history that "not again within" and "never the same twice" ask about."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from aftercart.model import REACHED, Message, State
from aftercart.store import Tx, rows
from aftercart.store.messages import NOUN, from_row
from aftercart.store.tables import messages

#: States in which a marketing message does not take one of the customer's slots.
_NEVER_CAME = (State.SKIPPED, State.EXPIRED, State.CANCELLED, State.FAILED)


def reached(
    tx: Tx, campaign: str, customer_ids: Collection[str], *, since: datetime
) -> dict[str, list[datetime]]:
    """Per customer the times after `since` at which a message of the campaign reached, or may yet reach, them."""
    found: dict[str, list[datetime]] = {}
    for part in rows.chunks(sorted(customer_ids)):
        query = (
            select(messages.c.customer_id, messages.c.created_at)
            .where(
                messages.c.customer_id.in_(part),
                messages.c.campaign == campaign,
                messages.c.created_at > since,
                messages.c.state.in_((State.SCHEDULED, *REACHED)),
            )
            .order_by(messages.c.created_at)
        )
        for row in tx.execute(query):
            found.setdefault(row.customer_id, []).append(row.created_at)
    return found


def contents(
    tx: Tx, campaign: str, customer_ids: Collection[str]
) -> dict[str, set[str]]:
    """Per customer what the campaign has told them, or is about to: never the same recipe twice."""
    found: dict[str, set[str]] = {}
    for part in rows.chunks(sorted(customer_ids)):
        query = select(messages.c.customer_id, messages.c.content).where(
            messages.c.customer_id.in_(part),
            messages.c.campaign == campaign,
            messages.c.content != "",
            messages.c.state.not_in(_NEVER_CAME),
        )
        for row in tx.execute(query):
            found.setdefault(row.customer_id, set()).add(row.content)
    return found


def told(tx: Tx, campaign: str, order_ids: Collection[str]) -> dict[str, list[str]]:
    """Per order the arrival times that the campaign has told (ISO, or "" where none was known), oldest first."""
    found: dict[str, list[str]] = {}
    for part in rows.chunks(sorted(order_ids)):
        query = (
            select(messages.c.order_id, messages.c.facts)
            .where(
                messages.c.order_id.in_(part),
                messages.c.campaign == campaign,
                messages.c.state.in_((State.SCHEDULED, *REACHED)),
            )
            .order_by(messages.c.created_at)
        )
        for row in tx.execute(query):
            found.setdefault(row.order_id, []).append(row.facts.get("told", ""))
    return found


def newest(
    tx: Tx, campaign: str, customer_id: str, *, now: datetime, limit: int
) -> list[Message]:
    """The newest messages of a campaign to one customer, as far as planned by `now`."""
    query = (
        select(*NOUN)
        .where(
            messages.c.customer_id == customer_id,
            messages.c.campaign == campaign,
            messages.c.created_at <= now,
        )
        .order_by(messages.c.created_at.desc(), messages.c.id)
        .limit(limit)
    )
    return [from_row(row) for row in tx.execute(query)]
