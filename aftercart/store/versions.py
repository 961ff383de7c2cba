"""The template versions that were ever sent, so that an old message can be shown as the customer saw it."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from aftercart.store import Tx, rows
from aftercart.store.tables import template_versions


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
