"""Customers: who they are, and how they were on a given day."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    Select,
    bindparam,
    func,
    select,
)

from aftercart.model import Customer
from aftercart.store import Tx, rows
from aftercart.store.among import among
from aftercart.store.tables import customer_tags, customers, orders, timezones

#: What a later word about a customer replaces, where it says anything at all.
PROFILE = (
    "first_name",
    "email",
    "phone",
    "email_key",
    "phone_key",
    "timezone",
    "country",
    "locale",
    "birthday",
    "since",
)


_COUNTED = ("orders", "last_order_at", "tags")
_OWN = [customers.c[f.name] for f in fields(Customer) if f.name not in _COUNTED]


def as_of(now: datetime | BindParameter[datetime]) -> Select[Any]:
    """A SELECT of customers with the orders that they had placed, and the tags that they had, by `now`."""
    placed = (orders.c.customer_id == customers.c.id) & (orders.c.placed_at <= now)
    count = select(func.count()).where(placed).correlate(customers).scalar_subquery()
    last = (
        select(func.max(orders.c.placed_at, type_=orders.c.placed_at.type))
        .where(placed)
        .correlate(customers)
        .scalar_subquery()
    )
    c = customer_tags.c
    tags = (
        select(func.aggregate_strings(c.tag, " "))
        .where(c.customer_id == customers.c.id, c.at <= now)
        .correlate(customers)
        .scalar_subquery()
    )
    return select(
        *_OWN, count.label("orders"), last.label("last_order_at"), tags.label("tags")
    )


#: Built once; see `rows`.
_BY_ID = as_of(bindparam("now", type_=customers.c.created_at.type)).where(
    among(customers.c.id)
)


def load(tx: Tx, ids: Collection[str], *, now: datetime) -> dict[str, Customer]:
    """The customers of these ids, as of `now`. Unknown ids are simply not in the answer."""
    found = tx.execute(_BY_ID, {"now": now, "ids": ids}).all()
    return {row[0]: from_row(row) for row in found}


def clocks(tx: Tx, ids: Collection[str]) -> dict[str, str]:
    """The time zones of these customers."""
    found: dict[str, str] = {}
    for part in rows.chunks(sorted(ids)):
        query = select(customers.c.id, customers.c.timezone)
        found.update(
            (row.id, row.timezone)
            for row in tx.execute(query.where(customers.c.id.in_(part)))
        )
    return found


def audience(
    tx: Tx,
    *,
    zone: str,
    where: ColumnElement[bool] | None,
    now: datetime,
    after: str = "",
    limit: int = 1000,
) -> list[Customer]:
    """A page of the customers of one time zone for whom the compiled condition holds, by id."""
    query = as_of(now).where(customers.c.timezone == zone, customers.c.id > after)
    if where is not None:
        query = query.where(where)
    return [
        from_row(r) for r in tx.execute(query.order_by(customers.c.id).limit(limit))
    ]


def zones(tx: Tx) -> list[str]:
    """The time zones in which customers live."""
    return list(tx.scalars(select(timezones.c.name).order_by(timezones.c.name)))


def save(tx: Tx, people: Sequence[Mapping[str, Any]], *, now: datetime) -> None:
    """Inserts customers, or replaces what a row says of them. A row has `id` and any of PROFILE.

    Rows are grouped by what they say, so that silence about a phone number never deletes it.
    """
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    note_zones(tx, {p["timezone"] for p in people if p.get("timezone")})
    for person in people:
        said = tuple(name for name in PROFILE if person.get(name))
        row = {"timezone": "UTC", "created_at": now, "id": person["id"]}
        groups.setdefault(said, []).append(row | {name: person[name] for name in said})
    for said, group in groups.items():
        if said:
            for part in rows.chunks(group):
                rows.upsert(tx, customers, part, keys=["id"], update=said)
        else:
            _add_unknown(tx, group)


def _add_unknown(tx: Tx, group: Sequence[Mapping[str, Any]]) -> None:
    """Adds people of whom nothing is said, unless they are known; the usual case is that they are."""
    ids = {row["id"] for row in group}
    known: set[str] = set()
    for part in rows.chunks(sorted(ids)):
        known.update(tx.scalars(select(customers.c.id).where(customers.c.id.in_(part))))
    missing = [row for row in group if row["id"] not in known]
    if missing:
        rows.insert_or_keep(tx, customers, missing)
        note_zones(tx, {"UTC"})


def note_zones(tx: Tx, names: Collection[str]) -> None:
    """Remembers that customers live in these time zones."""
    rows.insert_or_keep(tx, timezones, [{"name": name} for name in sorted(names)])


def by_address_key(tx: Tx, key: str) -> list[str]:
    """The ids of the customers with this e-mail or phone, by its HMAC."""
    match = (customers.c.email_key == key) | (customers.c.phone_key == key)
    return list(tx.scalars(select(customers.c.id).where(match)))


def from_row(row: Row[Any]) -> Customer:
    """A row of `as_of` as a noun: its columns are the noun's fields, and last of all its tags."""
    *told, tags = tuple(row)
    told.append(frozenset((tags or "").split()))
    return Customer(*told)
