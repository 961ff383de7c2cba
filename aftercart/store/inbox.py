"""What providers told us: first the raw callback, then each event once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from aftercart.handover import ProviderEvent
from aftercart.store import Tx, rows
from aftercart.store.tables import inbox, messages, provider_events


@dataclass(frozen=True)
class Callback:
    """A verified callback as it came; `path` is what the URL said (the message, for Twilio)."""

    id: int
    provider: str
    path: str
    body: bytes
    received_at: datetime


def keep(
    tx: Tx, *, provider: str, body: bytes, received_at: datetime, path: str = ""
) -> None:
    """Stores a verified callback before anybody reads it."""
    tx.execute(
        inbox.insert().values(
            provider=provider, path=path, body=body, received_at=received_at
        )
    )


def any_unread(tx: Tx) -> bool:
    """Whether there is a callback that nobody has read."""
    query = select(inbox.c.id).where(inbox.c.read_at.is_(None)).limit(1)
    return tx.execute(query).first() is not None


def unread(tx: Tx, *, limit: int) -> list[Callback]:
    """The oldest callbacks that nobody has read; another process's are left to it."""
    query = (
        select(
            inbox.c.id,
            inbox.c.provider,
            inbox.c.path,
            inbox.c.body,
            inbox.c.received_at,
        )
        .where(inbox.c.read_at.is_(None))
        .order_by(inbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [Callback(*row) for row in tx.execute(query)]


def mark_read(tx: Tx, ids: Sequence[int], *, at: datetime) -> None:
    """Says that callbacks have been read and their effects are in the same transaction."""
    for part in rows.chunks(ids):
        tx.execute(update(inbox).where(inbox.c.id.in_(part)).values(read_at=at))


def add_events(tx: Tx, told: Sequence[ProviderEvent]) -> set[str]:
    """Stores provider events; answers the keys of those that were not known: only they have effects."""
    unique = {event.key: event for event in reversed(told)}
    return rows.insert_once(
        tx,
        provider_events,
        [
            {
                "key": e.key,
                "message_id": e.message_id,
                "provider": e.provider,
                "at": e.at,
                "delivery": e.delivery or "",
                "signal": e.signal or "",
                "words": e.words,
                "machine": e.machine,
            }
            # by key: two workers with copies of the same events would wait for each other for ever
            for e in sorted(unique.values(), key=lambda e: e.key)
        ],
        key="key",
    )


def by_provider_ref(tx: Tx, refs: Sequence[str]) -> dict[str, str]:
    """The message of each provider's own id, for events that do not carry ours."""
    found: dict[str, str] = {}
    for part in rows.chunks(sorted(set(filter(None, refs)))):
        query = select(messages.c.provider_ref, messages.c.id).where(
            messages.c.provider_ref.in_(part)
        )
        found.update((row.provider_ref, row.id) for row in tx.execute(query))
    return found
