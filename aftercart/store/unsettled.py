"""Which messages may a provider have, as far as the database knows? For whoever holds its complete list and can tell."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from aftercart.model import State
from aftercart.store import Tx
from aftercart.store.bells import OPEN
from aftercart.store.tables import messages


@dataclass(frozen=True)
class Unsettled:
    """A message that was claimed, and of which nobody has written down what became of it."""

    id: str
    state: State
    fence: int
    attempts: int
    sending_at: datetime  #: when it was claimed last


def accepted(tx: Tx) -> set[str]:
    """The messages that a provider surely has: a list in which one of them is missing is not complete."""
    query = select(messages.c.id).where(messages.c.state == State.ACCEPTED)
    return set(tx.scalars(query))


def load(tx: Tx) -> list[Unsettled]:
    """All of them: those that are being sent, and those that wait for proof."""
    m = messages.c
    query = (
        select(m.id, m.state, m.fence, m.attempts, m.sending_at)
        .where(m.state.in_((State.SENDING, State.UNCERTAIN)), OPEN)
        .order_by(m.id)
    )
    return [
        Unsettled(row.id, State(row.state), row.fence, row.attempts, row.sending_at)
        for row in tx.execute(query)
    ]
