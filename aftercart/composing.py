"""Which words fill the template of this message? Facts about a person become the plain values of `rendering`'s vocabulary.

Everything is text, number or list by the time it leaves here, in the customer's language and on the customer's clock, so that
the values can be kept and the message shown again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time

from aftercart import moments
from aftercart.campaigns import Campaign
from aftercart.model import Customer, Message, Order, Purpose
from aftercart.policy.still import staples_left
from aftercart.shop import Shop

_WHY = {
    Purpose.MARKETING: "You get this because you agreed to hear from {shop}.",
    Purpose.SURVEY: "You get this because you agreed that {shop} may ask how it is doing.",
    Purpose.SERVICE: "You get this because you have an order on its way.",
}


@dataclass(frozen=True)
class Links:
    """The signed addresses of one message."""

    unsubscribe: str
    preferences: str
    survey: str


def values(
    message: Message,
    *,
    customer: Customer,
    order: Order | None,
    campaign: Campaign,
    shop: Shop,
    links: Links,
    last_bought: Mapping[str, datetime],
    now: datetime,
) -> dict[str, Any]:
    """The words for one message; only those that its kind of campaign knows."""
    on = _Clock(customer)
    words: dict[str, Any] = {
        "shop": {
            "name": shop.name,
            "url": shop.url,
            "address": shop.address,
            "phone": shop.phone,
            "email": shop.email,
        },
        "customer": {"first_name": customer.first_name},
        "message": {"why": _WHY[message.purpose].format(shop=shop.name)},
        "reorder_url": shop.url,
    }
    if message.purpose is not Purpose.SERVICE:
        words["message"]["unsubscribe_url"] = links.unsubscribe
        words["message"]["preferences_url"] = links.preferences
    if message.purpose is Purpose.SURVEY:
        words["survey"] = {
            "url": links.survey,
            "scores": [
                {"score": n, "url": f"{links.survey}?score={n}"} for n in range(11)
            ],
        }
    if order:
        words["order"] = _order(order, message.facts.get("told", ""), on)
    recipe = shop.recipe(message.content) if message.content else None
    if recipe:
        words["recipe"] = {
            **{k: v for k, v in vars(recipe).items() if k != "goes_with"},
            "ingredients": list(recipe.ingredients),
            "steps": list(recipe.steps),
            "have": _bought(order, {recipe.main, *recipe.goes_with}),
            "url": f"{shop.url.rstrip('/')}/recipes/{recipe.id}",
        }
    if "staples" in message.facts:
        left = staples_left(message.facts["staples"], last_bought)
        words["staples"] = [_staple(s, on, now) for s in left]
    return words


def _order(order: Order, told: str, on: "_Clock") -> dict[str, Any]:
    return {
        "number": order.id,
        "day": on.weekday(order.placed_at),
        "placed_on": on.day(order.placed_at),
        "promised_time": on.time(order.promised_at) if order.promised_at else "",
        "new_time": on.time(datetime.fromisoformat(told)) if told else "",
        "items": [
            {
                "name": line.name,
                "category": line.category,
                "quantity": _number(line.quantity),
            }
            for line in order.lines
        ],
    }


@lru_cache(maxsize=1024)
def _number(quantity: Decimal) -> int | float:
    whole = int(quantity)
    return whole if quantity == whole else float(quantity)


def _bought(order: Order | None, categories: set[str]) -> list[str]:
    """What was bought that a recipe uses, in the shop's plain words: product names may shout, and carry sizes."""
    if order is None:
        return []
    words = [line.category for line in order.lines if line.category in categories]
    return list(dict.fromkeys(words))


def _staple(staple: Mapping[str, str], on: "_Clock", now: datetime) -> dict[str, Any]:
    last_at = datetime.fromisoformat(staple["last_at"])
    return {
        "name": staple["name"],
        "product": staple.get("product", staple["name"]),
        "days_ago": (on.local(now).date() - on.local(last_at).date()).days,
        "last_day": on.day(last_at),
    }


@lru_cache(maxsize=512)
def _locale(name: str) -> Locale:
    try:
        return Locale.parse(name, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


@lru_cache(maxsize=4096)
def _date(date: date, form: str, locale: Locale) -> str:
    # a batch speaks of the same few days a hundred times
    return format_date(date, form, locale=locale)


class _Clock:
    """The customer's clock and language."""

    def __init__(self, customer: Customer) -> None:
        self._zone = moments.zone(customer.timezone)
        self._locale = _locale(customer.locale)

    def local(self, at: datetime) -> datetime:
        return moments.local(at, self._zone)

    def weekday(self, at: datetime) -> str:
        return _date(self.local(at).date(), "EEEE", self._locale)

    def day(self, at: datetime) -> str:
        return _date(self.local(at).date(), "EEEE d MMMM", self._locale)

    def time(self, at: datetime) -> str:
        return format_time(self.local(at), "HH:mm", locale=self._locale)
