"""What must be true of a message in the very moment in which it is claimed?

Said in SQL, because only the database knows that moment: consent, suppressions, pauses, its time, its place under the cap.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, case, or_, select

from aftercart.model import Channel, Purpose, State
from aftercart.store.tables import customers, messages, pauses, suppressions

#: How long a place under the cap may be used. The planner gives it anew every minute while the message waits; one that is
#: older was given by a planner that has gone, and others may have had their turn since.
PLACE_LIFE = timedelta(minutes=5)

_MOMENT = messages.c.due_at.type

#: The moment that the guards speak of; `at` gives it its value.
NOW: BindParameter[datetime] = bindparam("now", type_=_MOMENT)
_PLACED_SINCE: BindParameter[datetime] = bindparam("placed_since", type_=_MOMENT)


def at(now: datetime) -> dict[str, Any]:
    """The parameters of READY and CLAIMABLE."""
    return {"now": now, "placed_since": now - PLACE_LIFE}


def _agreed() -> ColumnElement[bool]:
    m, c = messages.c, customers.c
    by_channel = case(
        (m.channel == Channel.EMAIL, c.email_marketing), else_=c.sms_marketing
    )
    return or_(
        m.purpose == Purpose.SERVICE,
        and_(m.purpose == Purpose.SURVEY, c.survey),
        and_(m.purpose == Purpose.MARKETING, by_channel),
    )


def _refused() -> ColumnElement[bool]:
    m, c, s = messages.c, customers.c, suppressions.c
    address = case((m.channel == Channel.EMAIL, c.email_key), else_=c.phone_key)
    return (
        select(s.address_key)
        .where(s.address_key == address, or_(s.scope == "all", s.scope == m.purpose))
        .correlate(messages, customers)
        .exists()
    )


def _allowed() -> ColumnElement[bool]:
    return (
        select(customers.c.id)
        .where(customers.c.id == messages.c.customer_id, _agreed(), ~_refused())
        .correlate(messages)
        .exists()
    )


def _paused() -> ColumnElement[bool]:
    scope = pauses.c.scope
    return (
        select(scope)
        .where(
            (scope == "all")
            | (scope == "channel:" + messages.c.channel)
            | (scope == "campaign:" + messages.c.campaign)
            | (scope == "ending:all")
            | (scope == "ending:campaign:" + messages.c.campaign)
            | (scope == "provider:" + messages.c.channel)
            | ((scope == "safe-mode") & (messages.c.purpose != Purpose.SERVICE))
        )
        .correlate(messages)
        .exists()
    )


#: Somebody holds it.
PAUSED: ColumnElement[bool] = _paused()

#: Due, and with its place under the cap where it needs one.
READY: Sequence[ColumnElement[bool]] = (
    messages.c.state == State.SCHEDULED,
    messages.c.due_at <= NOW,
    or_(messages.c.purpose != Purpose.MARKETING, messages.c.slot_at > _PLACED_SINCE),
)

#: The customer agreed, and nobody told us not to use the address.
ALLOWED: ColumnElement[bool] = _allowed()

#: May be sent in this moment.
CLAIMABLE: Sequence[ColumnElement[bool]] = (
    *READY,
    messages.c.expires_at > NOW,
    ~PAUSED,
    ALLOWED,
)
