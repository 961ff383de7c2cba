"""Of which texts does the provider still owe us a word? It reports once, and when nobody is at home then, it has to be asked.

A row hangs beside a text from the moment in which it may be at the provider until its end is known, or a day has passed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from aftercart.model import Message, State
from aftercart.store import Tx, lists, messages, rows
from aftercart.store.among import among
from aftercart.store.tables import awaited, renditions
from aftercart.store.tables import messages as table

#: How long the provider is left to report by itself: of what it may have, before a service message is repeated; of what it surely has.
ASK_FIRST = {
    State.UNCERTAIN: timedelta(minutes=1),
    State.ACCEPTED: timedelta(minutes=10),
}


@dataclass(frozen=True)
class Owed:
    """A text whose end is not known, the number it went to, and how often the provider was asked about it."""

    message: Message
    to: str
    sent_at: datetime
    asked: int


def await_word(tx: Tx, ids: Collection[str], *, ask_at: datetime) -> None:
    """The provider is asked about these at `ask_at`, where nothing is heard before; one that is awaited already stays as it is."""
    if not ids:
        return
    new = [{"message_id": id_, "ask_at": ask_at, "asked": 0} for id_ in sorted(ids)]
    rows.insert_or_keep(tx, awaited, new)


def due(tx: Tx, *, now: datetime, limit: int) -> Sequence[Owed]:
    """Those whose time has come, the longest waiting first."""
    sent = renditions.c
    query = (
        select(*messages.NOUN, sent.to, sent.at, awaited.c.asked)
        .join(awaited, awaited.c.message_id == table.c.id)
        .join(renditions, sent.message_id == awaited.c.message_id)
        .where(awaited.c.ask_at <= now, sent.fence == table.c.fence)
        .order_by(awaited.c.ask_at, awaited.c.message_id)
        .limit(limit)
    )
    return [
        Owed(messages.from_row(row), row[-3], row[-2], row[-1])
        for row in tx.execute(query)
    ]


def refs_of(tx: Tx, customer_id: str) -> set[str]:
    """The provider's ids of all messages to this customer: what has one of them is another message's."""
    m = table.c
    known = select(m.provider_ref).where(
        m.customer_id == customer_id, m.provider_ref != ""
    )
    return set(tx.scalars(known))


def ask_later(
    tx: Tx, until: Mapping[str, datetime], *, asked: Mapping[str, int]
) -> None:
    """These were asked about, and are again."""
    if until:
        changes = [
            {"message_id": id_, "ask_at": at, "asked": asked[id_]}
            for id_, at in until.items()
        ]
        lists.update_each(tx, awaited, changes, key="message_id")


def forget(tx: Tx, ids: Collection[str]) -> None:
    """Their end is known, or nobody will tell."""
    if ids:
        gone = delete(awaited).where(among(awaited.c.message_id))
        tx.execute(gone, {"ids": sorted(ids)})
