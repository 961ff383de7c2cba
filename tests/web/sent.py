"""Messages as they stand after a day: planned, held, sent, reported on, through the store's own functions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from aftercart import composing
from aftercart.handover import ProviderEvent
from aftercart.model import (
    Channel,
    Delivery,
    Message,
    Purpose,
    Signal,
    State,
    message_id,
)
from aftercart.reasons import Reason
from aftercart.runtime import Runtime
from aftercart.store import (
    Tx,
    customers,
    inbox,
    messages,
    orders,
    transitions,
    versions,
)
from aftercart.store.transitions import Move, Ready
from tests.web.seeding import DAY, HOUR, NOW, PEOPLE


@dataclass(frozen=True)
class Planned:
    """One message of the afternoon: whose, by what, and how it ended."""

    campaign: str
    person: int
    channel: Channel
    purpose: Purpose
    due: datetime
    state: State
    reason: Reason | None = None
    delivery: Delivery | None = None
    order: str = ""
    content: str = ""


def survey(tx: Tx, rt: Runtime, person: int, *, at: datetime) -> Message:
    """A survey message that was sent to one of the people."""
    return bring(
        tx,
        rt,
        Planned(
            "nps-survey",
            person,
            Channel.EMAIL,
            Purpose.SURVEY,
            at,
            State.ACCEPTED,
            delivery=Delivery.DELIVERED,
        ),
    )


def bring(tx: Tx, rt: Runtime, p: Planned) -> Message:
    """Brings one message into the database, and as far as it came."""
    who = PEOPLE[p.person][0]
    occurrence = f"{p.order or 'week'}:{p.due:%Y-%m-%dT%H}"
    message = Message(
        id=message_id(p.campaign, who, occurrence, 0),
        campaign=p.campaign,
        version=rt.campaigns[p.campaign].version,
        customer_id=who,
        occurrence=occurrence,
        leg=0,
        channel=p.channel,
        purpose=p.purpose,
        template=p.campaign,
        state=State.SCHEDULED,
        due_at=p.due,
        expires_at=p.due + 2 * DAY,
        created_at=min(p.due, NOW) - timedelta(minutes=3),
        order_id=p.order,
        content=p.content,
        facts=_facts(p),
    )
    extra = {
        "enrollment_id": "e",
        "priority": 0,
        "slot_at": NOW if p.purpose is Purpose.MARKETING else None,
    }
    messages.plan(tx, [(message, extra)])
    if p.state in (State.SKIPPED, State.EXPIRED, State.CANCELLED, State.SCHEDULED):
        if p.reason:
            word = "held" if p.state is State.SCHEDULED else ""
            _move(tx, message, State.SCHEDULED, p, word=word)
        return message
    _send(tx, rt, message, p)
    return message


def _send(tx: Tx, rt: Runtime, message: Message, p: Planned) -> None:
    customer = customers.load(tx, [message.customer_id], now=p.due)[message.customer_id]
    template = rt.renderer.template(message.template, customer.locale)
    versions.keep(
        tx, template.version, name=template.name, sources=template.sources, now=NOW
    )
    values = composing.values(
        message,
        customer=customer,
        order=orders.load(tx, [p.order]).get(p.order),
        campaign=rt.campaigns[p.campaign],
        shop=rt.shop,
        locale=template.locale,
        links=composing.Links(*["https://shop.example/u/token"] * 3),
        last_bought={},
        now=p.due,
    )
    to = customer.address(p.channel)
    ready = Ready(message.id, to, template.version, values)
    lease = p.due + timedelta(seconds=90)
    claimed = transitions.claim(
        tx, [ready], now=p.due, lease_until=lease, actor="worker-1"
    )
    assert claimed, f"{p} was not claimed"
    if p.state is State.SENDING:
        return
    later = replace(p, due=p.due + timedelta(seconds=1))
    if p.state is State.UNKNOWN:
        _move(tx, message, State.SENDING, replace(later, state=State.UNCERTAIN))
        _move(tx, message, State.UNCERTAIN, replace(later, due=p.due + HOUR))
        return
    provider = "sendgrid" if p.channel is Channel.EMAIL else "twilio"
    columns: Mapping[str, Any] = {}
    if p.state is State.ACCEPTED:
        ref = message.id[::-1][:16]
        columns = {"accepted_at": later.due, "provider": provider, "provider_ref": ref}
    _move(tx, message, State.SENDING, later, columns=columns)
    if p.delivery:
        _report(tx, message, p.delivery, provider, later.due + timedelta(seconds=4))


def _report(
    tx: Tx, message: Message, delivery: Delivery, provider: str, at: datetime
) -> None:
    words = {
        Delivery.BOUNCED: "550 5.1.1 The email account that you tried to reach does not exist",
        Delivery.DELIVERED: "250 2.0.0 OK",
    }
    told = [(Delivery.PROCESSED, None, at), (delivery, None, at + timedelta(seconds=3))]
    if delivery is Delivery.DELIVERED and message.channel is Channel.EMAIL:
        told += [(None, Signal.OPENED, at + timedelta(minutes=34))]
    inbox.add_events(
        tx,
        [
            ProviderEvent(
                key=f"{message.id}|{moved or signal}",
                provider=provider,
                at=moment,
                message_id=message.id,
                delivery=moved,
                signal=signal,
                words=words.get(moved, "") if moved else "",
                machine=signal is Signal.OPENED and message.customer_id == "c-1001",
            )
            for moved, signal, moment in told
        ],
    )
    messages.report(
        tx, [(message.id, moved, moment) for moved, _, moment in told if moved]
    )


def _move(
    tx: Tx,
    message: Message,
    before: State,
    p: Planned,
    *,
    word: str = "",
    columns: Mapping[str, Any] | None = None,
) -> None:
    transitions.move(
        tx,
        [
            Move(
                message.id,
                before,
                p.state,
                min(p.due, NOW),
                "worker-1",
                word=word,
                reason=p.reason,
                columns=columns or {},
            )
        ],
    )


def _facts(p: Planned) -> dict[str, Any]:
    if p.campaign == "delivery-delay":
        return {"told": (p.due + timedelta(minutes=50)).isoformat()}
    if p.campaign == "reorder-nudge":
        bought = (p.due - 10 * DAY).isoformat()
        return {"staples": [{"category": "eggs", "name": "eggs", "last_at": bought}]}
    return {}
