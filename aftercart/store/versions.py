"""The versions of templates that were ever sent, and of campaigns that somebody ever entered with: an old message, an old way."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select, tuple_

from aftercart.store import Tx, rows
from aftercart.store.tables import campaign_versions, template_versions


def keep(
    tx: Tx, version: str, *, name: str, sources: Mapping[str, str], now: datetime
) -> None:
    """Stores a version's sources, once."""
    rows.insert_or_keep(
        tx,
        template_versions,
        [
            {
                "version": version,
                "name": name,
                "sources": dict(sources),
                "first_used_at": now,
            }
        ],
    )


def sources(tx: Tx, version: str) -> tuple[str, Mapping[str, str]] | None:
    """A version's name and sources, or None where it was never sent."""
    row = tx.execute(
        select(template_versions.c.name, template_versions.c.sources).where(
            template_versions.c.version == version
        )
    ).first()
    return (row.name, row.sources) if row else None


def keep_campaigns(
    tx: Tx, entered: Mapping[tuple[str, str], Mapping[str, str]], *, now: datetime
) -> None:
    """Stores the texts of campaigns by name and version, each once."""
    kept = [
        {
            "campaign": name,
            "version": version,
            "sources": dict(texts),
            "first_used_at": now,
        }
        for (name, version), texts in sorted(entered.items(), key=lambda e: e[0])
    ]
    rows.insert_or_keep(tx, campaign_versions, kept)


def campaigns(
    tx: Tx, wanted: Collection[tuple[str, str]]
) -> dict[tuple[str, str], tuple[Mapping[str, str], datetime]]:
    """The texts of these campaigns by name and version, and since when somebody is on it; without those that were never kept."""
    if not wanted:
        return {}
    c = campaign_versions.c
    query = select(campaign_versions).where(
        tuple_(c.campaign, c.version).in_(sorted(wanted))
    )
    return {
        (row.campaign, row.version): (row.sources, row.first_used_at)
        for row in tx.execute(query)
    }
