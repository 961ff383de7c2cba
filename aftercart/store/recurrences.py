"""How far recurring campaigns are planned, zone by zone."""

from datetime import datetime

from sqlalchemy import select

from aftercart.store import Tx, rows
from aftercart.store.tables import recurrences


def planned_until(tx: Tx, campaign: str) -> dict[str, datetime]:
    """The last planned occurrence of a campaign in each time zone."""
    query = select(recurrences.c.timezone, recurrences.c.last_at).where(
        recurrences.c.campaign == campaign
    )
    return {row.timezone: row.last_at for row in tx.execute(query)}


def mark_planned(
    tx: Tx, campaign: str, *, zone: str, at: datetime, next_at: datetime
) -> None:
    """Says that the occurrence at `at` has been planned for a zone, and when the next one is due."""
    rows.upsert(
        tx,
        recurrences,
        [{"campaign": campaign, "timezone": zone, "last_at": at, "next_at": next_at}],
        keys=["campaign", "timezone"],
        update=["last_at", "next_at"],
    )
