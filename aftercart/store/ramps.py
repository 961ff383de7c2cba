"""Whom has the ramp of a campaign let in, and who waits at its door?"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from aftercart.model import REACHED, State
from aftercart.store import Tx, desk, rows
from aftercart.store.bells import rings_by
from aftercart.store.tables import messages, ramped

#: The mark that holds since when the ramp of a campaign is over. Over once is over for good.
_OVER = "ramp over:"


@dataclass(frozen=True)
class AtTheDoor:
    """A due message to somebody who has had nothing of the campaign."""

    message_id: str
    customer_id: str
    expires_at: datetime


def over(tx: Tx, campaign: str) -> bool:
    """Whether the ramp of a campaign has come to its end."""
    return desk.get_mark(tx, _OVER + campaign) is not None


def end(tx: Tx, campaign: str, *, at: datetime) -> None:
    """The campaign is for all from now on."""
    desk.set_mark(tx, _OVER + campaign, at.isoformat())


def at_the_door(
    tx: Tx, campaigns: Collection[str], *, now: datetime
) -> Mapping[str, list[AtTheDoor]]:
    """By campaign, the due messages to people who were not let in, and whom no earlier message of it has reached."""
    m, before = messages.c, aliased(messages).c
    let_in = select(ramped.c.at).where(
        ramped.c.campaign == m.campaign, ramped.c.customer_id == m.customer_id
    )
    had = select(before.id).where(
        before.customer_id == m.customer_id,
        before.campaign == m.campaign,
        before.state.in_(REACHED),
    )
    query = select(m.campaign, m.id, m.customer_id, m.expires_at).where(
        m.state == State.SCHEDULED,
        rings_by(now),
        m.campaign.in_(sorted(campaigns)),
        ~let_in.correlate(messages).exists(),
        ~had.correlate(messages).exists(),
    )
    found: dict[str, list[AtTheDoor]] = {}
    for row in tx.execute(query.order_by(m.campaign, m.id)):
        found.setdefault(row.campaign, []).append(AtTheDoor(*row[1:]))
    return found


def let_in(
    tx: Tx, campaign: str, customer_ids: Collection[str], *, at: datetime
) -> None:
    """Gives these people their place in the campaign, for good."""
    rows.insert_or_keep(
        tx,
        ramped,
        [
            {"campaign": campaign, "customer_id": id_, "at": at}
            for id_ in sorted(customer_ids)
        ],
    )


def count(tx: Tx, campaign: str) -> tuple[int, datetime | None]:
    """How many people the ramp has let in, and when the first of them."""
    first = func.min(ramped.c.at, type_=ramped.c.at.type)
    query = select(func.count(), first).where(ramped.c.campaign == campaign)
    people, first_at = tx.execute(query).one()
    return people, first_at


def is_in(tx: Tx, campaign: str, customer_id: str) -> bool:
    """Whether the ramp has let this customer in."""
    query = select(ramped.c.at).where(
        and_(ramped.c.campaign == campaign, ramped.c.customer_id == customer_id)
    )
    return tx.execute(query).first() is not None
