"""What does an event say about a customer and an order? It is written where decisions will look for it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import product
from typing import Any

from aftercart import addresses, moments
from aftercart.errors import InputError
from aftercart.model import Channel, Event, Purpose
from aftercart.runtime import Runtime
from aftercart.store import Tx, customers, orders, permissions, tags
from aftercart.store.tags import Tagging

_ORDER_FACTS = {
    "order.delivered": "delivered_at",
    "order.cancelled": "cancelled_at",
    "order.refunded": "refunded_at",
}


def remember(tx: Tx, rt: Runtime, fresh: Sequence[Event], *, now: datetime) -> None:
    """Writes customers, consents, orders and their dated facts, in the order in which things happened."""
    profiles = [_profile(rt, e) for e in fresh if e.customer_id]
    customers.save(tx, profiles, now=now)
    tags.write(tx, [tagging for e in fresh for tagging in _tags(e)])
    answers = [c for e in fresh for c in _consents(e)]
    permissions.record(tx, answers)
    _welcome_back(tx, [a for a in answers if a.granted], now=now)
    told = [(e, *_order(rt, e)) for e in fresh if e.order_id]
    orders.add(
        tx, [head for _, head, _ in told], [x for *_, lines in told for x in lines]
    )
    for event, head, its_lines in told:
        # another event may have told of the order first, and could not know when it was placed
        if event.type == "order.placed" and its_lines:
            orders.correct(tx, head)
    for event in fresh:
        if event.order_id:
            _note(tx, event)


def _profile(rt: Runtime, event: Event) -> dict[str, Any]:
    said: Mapping[str, Any] = event.body.get("customer", {})
    profile: dict[str, Any] = {"id": event.customer_id}
    for name in ("first_name", "country", "locale", "birthday", "since"):
        if said.get(name):
            profile[name] = said[name]
    secret = rt.settings.secret_key
    # an address that cannot be used is dropped, not the event: the order it tells of is true all the same
    if email := _usable(addresses.email, said.get("email")):
        profile |= {"email": email, "email_key": addresses.key(email, secret=secret)}
    if phone := _usable(
        lambda text: addresses.phone(text, region=said.get("country") or ""),
        said.get("phone"),
    ):
        profile |= {"phone": phone, "phone_key": addresses.key(phone, secret=secret)}
    if zone := _usable(lambda text: moments.zone(text).key, said.get("timezone")):
        profile["timezone"] = zone
    return profile


def _tags(event: Event) -> Iterator[Tagging]:
    for word in event.body.get("customer", {}).get("tags", []):
        tag = word.removeprefix("-")
        yield Tagging(event.customer_id, tag, event.at, "event", tag == word)


def _usable(read: Any, text: str | None) -> str:
    if not text:
        return ""
    try:
        return str(read(text))
    except InputError:
        return ""


def _consents(event: Event) -> list[permissions.Consent]:
    if event.type not in ("customer.consented", "customer.withdrew"):
        return []
    return [
        permissions.Consent(
            customer_id=event.customer_id,
            kind=answer["kind"],
            granted=event.type == "customer.consented",
            source=answer.get("source") or "event",
            wording=answer.get("wording") or "",
            at=event.at,
        )
        for answer in event.body.get("customer", {}).get("consents", [])
    ]


def _welcome_back(
    tx: Tx, yeses: Sequence[permissions.Consent], *, now: datetime
) -> None:
    """A "yes" lifts the unsubscribe that it came after: it is the newer word of the same person."""
    people = customers.load(tx, {yes.customer_id for yes in yeses}, now=now)
    taken_back = []
    for yes in yeses:
        for purpose, channel in product(Purpose, Channel):
            person = people.get(yes.customer_id)
            if person is None or permissions.kind(purpose, channel) != yes.kind:
                continue
            key = person.email_key if channel is Channel.EMAIL else person.phone_key
            taken_back.append(
                permissions.Suppression(key, purpose, "unsubscribe", yes.source, yes.at)
            )
    permissions.lift(tx, taken_back)


def _order(rt: Runtime, event: Event) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    said: Mapping[str, Any] = event.body.get("order", {})
    items = said.get("items") or []
    lines = []
    total = Decimal(0)
    for number, item in enumerate(items, start=1):
        quantity = Decimal(str(item.get("quantity", 1)))
        price = Decimal(str(item.get("price", 0)))
        total += quantity * price
        shop_category = item.get("category") or ""
        lines.append(
            {
                "order_id": event.order_id,
                "line": number,
                "customer_id": event.customer_id,
                "placed_at": event.at,
                "product": item.get("product") or item.get("name") or "",
                "name": item.get("name") or item.get("product") or "",
                "category": rt.shop.categorise(item.get("name") or "", shop_category),
                "shop_category": shop_category,
                "quantity": quantity,
                "price": price,
            }
        )
    head = {
        "id": event.order_id,
        "customer_id": event.customer_id,
        "placed_at": event.at,
        "total": Decimal(str(said["total"])) if said.get("total") else total,
        "currency": said.get("currency") or rt.shop.currency,
    }
    return head, lines


def _note(tx: Tx, event: Event) -> None:
    said: Mapping[str, Any] = event.body.get("order", {})
    if said.get("promised_at"):
        promised = datetime.fromisoformat(said["promised_at"])
        orders.note(tx, event.order_id, promised_at=promised)
    if said.get("eta"):
        eta = datetime.fromisoformat(said["eta"])
        orders.note_eta(tx, event.order_id, eta=eta, told_at=event.at)
    if event.type in _ORDER_FACTS:
        orders.note(tx, event.order_id, **{_ORDER_FACTS[event.type]: event.at})
