"""What does the deployment say? Asked of its database by this process, as one more that reads."""

from collections import Counter

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from aftercart.model import State
from aftercart.store import Tx
from aftercart.store.tables import inbox, message_events, messages, provider_events
from chaos.oracle import Row
from tests.scenes.house import House

_MOVING = (State.SCHEDULED, State.SENDING)


def rows(house: House) -> dict[str, Row]:
    """Every message: its state, why, and how often its story says that it was accepted."""
    with house.store() as store, store.read() as tx:
        ends = _ends(tx)
        query = select(messages.c.id, messages.c.state, messages.c.reason)
        return {
            id_: Row(State(state), str(reason or ""), ends.get(id_, 0))
            for id_, state, reason in tx.execute(query)
        }


def left(house: House, due: int) -> int:
    """How many of so many messages have no row yet, wait, or are on their way; -1 while nobody can be asked."""
    try:
        with house.store() as store, store.read() as tx:
            here = select(func.count()).select_from(messages)
            moving = here.where(messages.c.state.in_(_MOVING))
            absent = due - int(tx.scalar(here) or 0)
            return max(absent, 0) + int(tx.scalar(moving) or 0)
    except (SQLAlchemyError, OSError):
        return -1


def unread(house: House) -> int:
    """How many callbacks nobody has read."""
    with house.store() as store, store.read() as tx:
        query = select(func.count()).where(inbox.c.read_at.is_(None))
        return int(tx.scalar(query) or 0)


def reported(house: House) -> Counter[str]:
    """message -> how many different things its provider has reported."""
    with house.store() as store, store.read() as tx:
        return Counter(tx.scalars(select(provider_events.c.message_id)))


def _ends(tx: Tx) -> dict[str, int]:
    query = (
        select(message_events.c.message_id, func.count())
        .where(message_events.c.word == State.ACCEPTED.value)
        .group_by(message_events.c.message_id)
    )
    return {id_: int(count) for id_, count in tx.execute(query)}
