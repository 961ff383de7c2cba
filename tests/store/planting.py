"""Messages to try the store's functions on."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from aftercart.model import Channel, Message, Purpose, State, message_id
from aftercart.store import Store, Tx, messages, stories, tables
from tests.people import ANN

NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def message(occurrence: str = "o-1", **more: Any) -> Message:
    """A marketing e-mail to Ann that is due now."""
    who = more.pop("customer_id", ANN.id)
    campaign = more.pop("campaign", "recipe-follow-up")
    leg = more.pop("leg", 0)
    values: dict[str, Any] = {
        "version": "1",
        "channel": Channel.EMAIL,
        "purpose": Purpose.MARKETING,
        "template": "recipe-follow-up",
        "state": State.SCHEDULED,
        "due_at": NOW,
        "expires_at": NOW + DAY,
        "created_at": NOW - HOUR,
    }
    return Message(
        id=message_id(campaign, who, occurrence, leg),
        campaign=campaign,
        customer_id=who,
        occurrence=occurrence,
        leg=leg,
        **(values | more),
    )


def plant(tx: Tx, *planted: Message, **columns: Any) -> list[str]:
    """Plans messages, gives marketing its place under the cap, and sets further columns of all of them."""
    messages.plan(tx, [(m, {"enrollment_id": "x", "priority": 0}) for m in planted])
    values = {"slot_at": NOW} | columns
    for m in planted:
        if m.purpose is not Purpose.MARKETING:
            values.pop("slot_at", None)
        alter(tx, m.id, **values)
    return [m.id for m in planted]


def alter(tx: Tx, id_: str, **columns: Any) -> None:
    """Sets columns of one message, and when it is rung, past the store's own rules."""
    if "ring_at" in columns:
        b = tables.bells
        at = columns.pop("ring_at")
        tx.execute(b.update().where(b.c.message_id == id_).values(ring_at=at))
    if columns:
        where = tables.messages.c.id == id_
        tx.execute(tables.messages.update().where(where).values(columns))


def row(store: Store, id_: str) -> Any:
    """A message's row."""
    with store.read() as tx:
        query = select(tables.messages).where(tables.messages.c.id == id_)
        return tx.execute(query).one()


def ring_at(store: Store, id_: str) -> datetime | None:
    """When a message is rung next; None where its way has ended."""
    with store.read() as tx:
        at = tables.bells.c.ring_at
        query = select(at).where(tables.bells.c.message_id == id_)
        return tx.scalars(query).one_or_none()


def story(store: Store, id_: str) -> list[str]:
    """The words of a message's story."""
    with store.read() as tx:
        return [line.word for line in stories.of(tx, id_)]
