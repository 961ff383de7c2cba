"""Which words does the condition language know? Every field: its type, what it needs, what it means, how it is read."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from aftercart.model import Customer, Line, Order


class Kind(StrEnum):
    """What may be compared with what."""

    TEXT = "text"
    NUMBER = "number"
    YES_NO = "yes or no"


@dataclass(frozen=True)
class Scope:
    """All that a condition can see, as of `now`.

    `last_bought` has the newest purchase of each category that it names. `past` has what happened by source, oldest first, with
    its value: of "orders" the total, of "clicks", "opens" and types of events 1, of "score:" and a survey the score.
    """

    customer: Customer
    order: Order | None
    now: datetime
    started_at: datetime
    last_bought: Mapping[str, datetime] = field(default_factory=dict)
    past: Mapping[str, Sequence[tuple[datetime, Decimal]]] = field(default_factory=dict)


#: How a field is read. None means that it is not known; every comparison with it is false.
Read = Callable[[Scope, Line | None], Any]


@dataclass(frozen=True)
class Field:
    """One word of the language. `needs` is what must be in sight: customer, order or item."""

    path: str
    kind: Kind
    needs: str
    description: str
    read: Read = field(compare=False, repr=False)
    searchable: bool = True  #: whether contains() may look into it


def _days_since_order(scope: Scope, _: Line | None) -> int | None:
    last = scope.customer.last_order_at
    return None if last is None else (scope.now - last).days


def _by_now(name: str) -> Read:
    """Whether a time of the order has passed; what lies after `now` has not happened yet, so that history can be replayed."""

    def read(scope: Scope, _: Line | None) -> bool | None:
        if scope.order is None:
            return None
        at = getattr(scope.order, name)
        return at is not None and at <= scope.now

    return read


def _late(scope: Scope, _: Line | None) -> bool | None:
    order = scope.order
    if order is None or order.promised_at is None:
        return None
    if order.cancelled_at is not None and order.cancelled_at <= scope.now:
        return False
    if order.delivered_at is not None and order.delivered_at <= scope.now:
        return order.delivered_at > order.promised_at
    return max(order.eta or scope.now, scope.now) > order.promised_at


def _of_order(name: str) -> Read:
    return lambda scope, _: None if scope.order is None else getattr(scope.order, name)


def _of_customer(name: str) -> Read:
    return lambda scope, _: getattr(scope.customer, name)


def _language(scope: Scope, _: Line | None) -> str:
    return re.split("[-_]", scope.customer.locale)[0].lower()


def _of_item(name: str) -> Read:
    return lambda _, line: None if line is None else getattr(line, name)


def _count(scope: Scope, _: Line | None) -> int | None:
    return None if scope.order is None else len(scope.order.lines)


# fmt: off
_FIELDS = (
    Field("customer.country", Kind.TEXT, "customer", "Two capital letters, such as 'GB'. Empty when not known.", _of_customer("country")),
    Field("customer.language", Kind.TEXT, "customer", "The language alone, in small letters, such as 'de' for all of de, de-DE and de-AT.", _language, searchable=False),
    Field("customer.locale", Kind.TEXT, "customer", "The language and, where it is known, the country of it, such as 'en' or 'en-GB'.", _of_customer("locale")),
    Field("customer.timezone", Kind.TEXT, "customer", "The clock of the customer, such as 'Europe/London'.", _of_customer("timezone")),
    Field("customer.first_name", Kind.TEXT, "customer", "Empty when not known.", _of_customer("first_name"), searchable=False),
    Field("customer.orders", Kind.NUMBER, "customer", "How many orders the customer has placed so far.", _of_customer("orders")),
    Field("customer.days_since_order", Kind.NUMBER, "customer", "Whole days since the latest order. Not known before the first.", _days_since_order),
    Field("customer.has_email", Kind.YES_NO, "customer", "Whether we have an e-mail address.", lambda s, _: s.customer.email != ""),
    Field("customer.has_phone", Kind.YES_NO, "customer", "Whether we have a telephone number.", lambda s, _: s.customer.phone != ""),
    Field("order.total", Kind.NUMBER, "order", "What the order costs, in its currency.", _of_order("total")),
    Field("order.currency", Kind.TEXT, "order", "Three capital letters, such as 'EUR'.", _of_order("currency")),
    Field("order.items", Kind.NUMBER, "order", "How many different items are in the order.", _count),
    Field("order.refunded", Kind.YES_NO, "order", "Whether the order has been refunded.", _by_now("refunded_at")),
    Field("order.cancelled", Kind.YES_NO, "order", "Whether the order has been cancelled.", _by_now("cancelled_at")),
    Field("order.delivered", Kind.YES_NO, "order", "Whether the order has arrived.", _by_now("delivered_at")),
    Field("order.late", Kind.YES_NO, "order", "Whether the order arrived, or is expected, after the promised time.", _late),
    Field("item.category", Kind.TEXT, "item", "The category, in lower case, after shop/categories.yaml.", _of_item("category")),
    Field("item.product", Kind.TEXT, "item", "The shop's own id of the product.", _of_item("product")),
    Field("item.name", Kind.TEXT, "item", "The name of the product.", _of_item("name")),
    Field("item.price", Kind.NUMBER, "item", "The price of one unit.", _of_item("price")),
    Field("item.quantity", Kind.NUMBER, "item", "How many units.", _of_item("quantity")),
)
# fmt: on

CATALOGUE: Mapping[str, Field] = {one.path: one for one in _FIELDS}

#: The functions, as they are written, with what they mean.
FUNCTIONS: Mapping[str, str] = {
    "any(condition)": "At least one item of the order fits, for example any(item.category == 'chicken').",
    "all(condition)": "Every item of the order fits, and there is at least one.",
    "ordered('eggs', since=trigger)": "The customer has bought this category since the campaign started for them.",
    "ordered('eggs', within='30 days')": "The customer has bought this category in the last 30 days.",
    "ordered('eggs')": "The customer has ever bought this category.",
    "count(orders, within='90 days') >= 3": "How often something has happened: orders, clicks, opens, or an event such as 'article.viewed'. Within a time, since=trigger, or ever.",
    "sum(orders.total, within='90 days') > 200": "What the orders came to together; within a time, since=trigger, or ever.",
    "days_since('review.posted') < 10": "Whole days since the latest: orders, clicks, opens, or an event. Not known before the first.",
    "score('nps-survey') <= 6": "What the customer answered to the newest of these surveys, from 0 to 10. Not known before the first answer.",
    "tagged('vip')": "The customer has this tag: put on by a step, or told by the shop.",
    "contains(item.name, 'free-range')": "The text has this part in it; capitals do not matter.",
}
