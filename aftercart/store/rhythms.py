"""Rhythms: how often a customer buys a staple, and when a nudge would be in time."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from aftercart.forecasting import Rhythm
from aftercart.store import Tx, rows
from aftercart.store.tables import customers, order_lines, rhythms


def load(
    tx: Tx, campaign: str, customer_ids: Collection[str]
) -> dict[tuple[str, str], Rhythm]:
    """The rhythms of these customers in one campaign, by customer and category."""
    found: dict[tuple[str, str], Rhythm] = {}
    for part in rows.chunks(sorted(customer_ids)):
        query = select(rhythms).where(
            rhythms.c.campaign == campaign, rhythms.c.customer_id.in_(part)
        )
        for row in tx.execute(query):
            found[row.customer_id, row.category] = _rhythm(row)
    return found


def save(tx: Tx, states: Sequence[Rhythm]) -> None:
    """Writes rhythms, new or changed."""
    for part in rows.chunks(states):
        rows.upsert(
            tx,
            rhythms,
            [vars(r) | {"gaps": list(r.gaps)} for r in part],
            keys=["campaign", "customer_id", "category"],
            update=["last_at", "purchases", "gaps", "nudge_at"],
        )


def due(tx: Tx, campaign: str, *, now: datetime, limit: int) -> list[Rhythm]:
    """The rhythms whose nudge is due, oldest first."""
    query = (
        select(rhythms)
        .where(rhythms.c.nudge_at <= now, rhythms.c.campaign == campaign)
        .order_by(rhythms.c.nudge_at, rhythms.c.customer_id, rhythms.c.category)
        .limit(limit)
    )
    return [_rhythm(row) for row in tx.execute(query)]


def told(tx: Tx, campaign: str, customer_id: str, categories: Collection[str]) -> None:
    """Marks that these staples have been spoken of in this cycle."""
    _set_nudge(tx, campaign, customer_id, categories, None)


def postpone(
    tx: Tx,
    campaign: str,
    customer_id: str,
    categories: Collection[str],
    *,
    to: datetime,
) -> None:
    """Moves the nudge for these staples; a purchase meanwhile still sets it anew."""
    _set_nudge(tx, campaign, customer_id, categories, to)


def _set_nudge(
    tx: Tx,
    campaign: str,
    customer_id: str,
    categories: Collection[str],
    at: datetime | None,
) -> None:
    tx.execute(
        update(rhythms)
        .where(
            rhythms.c.campaign == campaign,
            rhythms.c.customer_id == customer_id,
            rhythms.c.category.in_(sorted(categories)),
        )
        .values(nudge_at=at)
    )


def spoken_of(tx: Tx, campaign: str, *, after: int) -> dict[tuple[str, str], datetime]:
    """The staples whose nudge is over, by customer and category, with the purchase that it was about."""
    query = select(rhythms.c.customer_id, rhythms.c.category, rhythms.c.last_at).where(
        rhythms.c.campaign == campaign,
        rhythms.c.nudge_at.is_(None),
        rhythms.c.purchases >= after,
    )
    return {(r.customer_id, r.category): r.last_at for r in tx.execute(query)}


def clear(tx: Tx, campaign: str) -> None:
    """Forgets all rhythms of a campaign, before they are built anew."""
    tx.execute(rhythms.delete().where(rhythms.c.campaign == campaign))


def histories(
    tx: Tx, *, categories: Collection[str], before: datetime
) -> Iterator[Mapping[str, Any]]:
    """Purchases of these categories before a moment: customer_id, timezone, category, placed_at; in that order."""
    query = (
        select(
            order_lines.c.customer_id,
            customers.c.timezone,
            order_lines.c.category,
            order_lines.c.placed_at,
        )
        .join(customers, customers.c.id == order_lines.c.customer_id)
        .where(
            order_lines.c.category.in_(sorted(categories)),
            order_lines.c.placed_at < before,
        )
        .order_by(
            order_lines.c.customer_id, order_lines.c.category, order_lines.c.placed_at
        )
    )
    for row in tx.execute(query):
        yield dict(row._mapping)


def _rhythm(row: Any) -> Rhythm:
    return Rhythm(
        campaign=row.campaign,
        customer_id=row.customer_id,
        category=row.category,
        last_at=row.last_at,
        purchases=row.purchases,
        gaps=tuple(row.gaps),
        nudge_at=row.nudge_at,
    )
