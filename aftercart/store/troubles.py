"""What speaks against a campaign: bounces, complaints, farewells. Written once per message and kind, counted by the day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from aftercart.store import Tx, rows
from aftercart.store.tables import messages, troubles


@dataclass(frozen=True)
class Told:
    """A message of a campaign, what came of it, and when that was told."""

    message_id: str
    kind: str
    campaign: str
    at: datetime


def note(tx: Tx, told: Sequence[Told]) -> None:
    """Writes down what was told; what is known already stays as it is."""
    # in one order, so that two processes never wait for each other
    new = sorted(told, key=lambda t: (t.message_id, t.kind))
    rows.insert_or_keep(tx, troubles, [vars(t) for t in new])


def suspects(tx: Tx, *, since: datetime) -> Mapping[str, Mapping[str, int]]:
    """By campaign, how much of each kind was told since a moment."""
    t = troubles.c
    query = (
        select(t.campaign, t.kind, func.count())
        .where(t.at > since)
        .group_by(t.campaign, t.kind)
    )
    found: dict[str, dict[str, int]] = {}
    for campaign, kind, number in tx.execute(query):
        found.setdefault(campaign, {})[kind] = number
    return found


def of_messages_since(tx: Tx, campaign: str, *, since: datetime) -> Mapping[str, int]:
    """By kind, how many of the messages of a campaign that were taken since a moment came to such an end."""
    t, m = troubles.c, messages.c
    query = (
        select(t.kind, func.count())
        .join(messages, m.id == t.message_id)
        .where(t.at > since, t.campaign == campaign, m.accepted_at > since)
        .group_by(t.kind)
    )
    return {row[0]: row[1] for row in tx.execute(query)}


def sent(
    tx: Tx, campaign: str, *, since: datetime, planned_since: datetime, most: int
) -> int:
    """How many messages of a campaign were taken since a moment; counts no further than `most`, nor what was planned before."""
    m = messages.c
    some = (
        select(m.id)
        .where(
            m.created_at > planned_since,
            m.campaign == campaign,
            m.accepted_at > since,
        )
        .limit(most)
        .subquery()
    )
    return int(tx.scalar(select(func.count()).select_from(some)) or 0)
