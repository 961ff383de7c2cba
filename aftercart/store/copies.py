"""Which message did this address get already, through another record of the same person?"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from aftercart.model import REACHED, Channel, State
from aftercart.store import Tx, rows
from aftercart.store.tables import customers, messages


@dataclass(frozen=True)
class Copy:
    """What one address gets once: an occurrence of a campaign by a channel. `address_key` is the HMAC of the address."""

    campaign: str
    occurrence: str
    channel: Channel
    address_key: str


def planned(tx: Tx, wanted: Collection[Copy]) -> dict[Copy, str]:
    """Of these copies the ones that are on their way or have gone, with their messages."""
    owners = _owners(tx, wanted)
    shared = {key: ids for key, ids in owners.items() if len(ids) > 1}
    if not shared:
        return {}
    found: dict[Copy, str] = {}
    key_of = {
        (channel, owner): key for (channel, key), ids in shared.items() for owner in ids
    }
    people = {owner for ids in shared.values() for owner in ids}
    for part in rows.chunks(sorted(people)):
        query = select(
            messages.c.id,
            messages.c.campaign,
            messages.c.occurrence,
            messages.c.channel,
            messages.c.customer_id,
        ).where(
            messages.c.customer_id.in_(part),
            messages.c.campaign.in_({c.campaign for c in wanted}),
            messages.c.occurrence.in_({c.occurrence for c in wanted}),
            messages.c.state.in_((State.SCHEDULED, *REACHED)),
        )
        for row in tx.execute(query):
            channel = Channel(row.channel)
            key = key_of.get((channel, row.customer_id))
            if key:
                found[Copy(row.campaign, row.occurrence, channel, key)] = row.id
    return found


def _owners(
    tx: Tx, wanted: Collection[Copy]
) -> Mapping[tuple[Channel, str], list[str]]:
    """Whose addresses these are."""
    owners: dict[tuple[Channel, str], list[str]] = {}
    columns = {
        Channel.EMAIL: customers.c.email_key,
        Channel.SMS: customers.c.phone_key,
    }
    for channel, column in columns.items():
        keys = sorted(
            {c.address_key for c in wanted if c.channel is channel and c.address_key}
        )
        for part in rows.chunks(keys):
            query = select(column, customers.c.id).where(column.in_(part))
            for key, owner in tx.execute(query):
                owners.setdefault((channel, key), []).append(owner)
    return owners
