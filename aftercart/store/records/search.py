"""Whom does somebody mean who types a customer's id, an e-mail address or a telephone number?"""

import re
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select

from aftercart.store import Tx
from aftercart.store.tables import customers

#: Digits that make a telephone number recognisable; fewer would match half of the table.
_DIGITS = 6
_FEWEST = 2


@dataclass(frozen=True)
class Found:
    """A customer in a list of results."""

    id: str
    first_name: str
    email: str
    phone: str
    timezone: str
    country: str


def find_customers(tx: Tx, text: str, *, limit: int = 50) -> list[Found]:
    """The customers whose id, e-mail or phone is this, or else begins like this; an empty text finds the newest."""
    text = text.strip()
    if not text:
        return _select(tx, None, limit)
    exact = _select(tx, _is(text), limit)
    if exact or len(text) < _FEWEST:
        return exact
    return _select(tx, _is_like(text), limit)


def _is(text: str) -> ColumnElement[bool]:
    c = customers.c
    return or_(c.id == text, c.email == text, c.phone == _phone(text))


def _is_like(text: str) -> ColumnElement[bool]:
    c = customers.c
    ways = [
        c.id.startswith(text, autoescape=True),
        # people type addresses in any case, and the local part is kept as its owner typed it
        func.lower(c.email).startswith(text.lower(), autoescape=True),
        func.lower(c.first_name) == text.lower(),
    ]
    digits = re.sub(r"\D", "", text)
    if len(digits) >= _DIGITS and not re.search(r"[^\d\s+()./-]", text):
        # "07700 900123" is how a caller says +447700900123
        ways.append(c.phone.contains(digits.lstrip("0")))
    return or_(*ways)


def _phone(text: str) -> str:
    return re.sub(r"[\s().-]", "", text) or text


def _select(tx: Tx, where: ColumnElement[bool] | None, limit: int) -> list[Found]:
    c = customers.c
    query = select(c.id, c.first_name, c.email, c.phone, c.timezone, c.country)
    if where is None:
        query = query.order_by(c.created_at.desc(), c.id)
    else:
        query = query.where(where).order_by(c.id)
    return [Found(*row) for row in tx.execute(query.limit(limit))]
