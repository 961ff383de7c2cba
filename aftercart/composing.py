"""Which words fill the template of this message? Facts about a person become the plain values of `rendering`'s vocabulary.

Everything is text, number or list by the time it leaves here, in the customer's language and on the customer's clock, so that
the values can be kept and the message shown again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from aftercart import locales, moments
from aftercart.campaigns import Answered, Calendar, Campaign, RunningLow, Send
from aftercart.model import Channel, Customer, Message, Order, Purpose
from aftercart.policy.still import staples_left
from aftercart.shop import Shop

_WHY = {
    Purpose.MARKETING: "You get this because you agreed to hear from {shop}.",
    Purpose.SURVEY: "You get this because you agreed that {shop} may ask how it is doing.",
    Purpose.SERVICE: "You get this because you shop with {shop}.",
}


@dataclass(frozen=True)
class Links:
    """What of one message is made with the shop's key: its signed addresses and its codes."""

    unsubscribe: str
    preferences: str
    survey: str
    referral: str = ""
    coupon: str = ""  #: empty where the campaign has none


def values(
    message: Message,
    *,
    customer: Customer,
    order: Order | None,
    campaign: Campaign,
    shop: Shop,
    locale: str,
    links: Links,
    last_bought: Mapping[str, datetime],
    now: datetime,
) -> dict[str, Any]:
    """The words for one message; only those that its kind of campaign knows. `locale` is the one that its template speaks."""
    on = _Clock(customer, locale, plain=message.channel is Channel.SMS)
    words: dict[str, Any] = {
        "shop": _shop(shop),
        "customer": {
            "first_name": customer.first_name,
            "referral_code": links.referral,
        },
        "message": _message(message, shop, links, locale),
        "reorder_url": shop.url,
    }
    if links.coupon:
        words["coupon"] = {"code": links.coupon}
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


def never_there(campaign: Campaign, send: Send) -> set[str]:
    """The words of the vocabulary that no message of this step has, whoever gets it. An event of another kind may bring an order or not."""
    found = set()
    if isinstance(campaign.trigger, Calendar | Answered | RunningLow):
        found.add("order")
    if not isinstance(campaign.trigger, RunningLow):
        found.add("staples")
    if campaign.purpose is not Purpose.SURVEY:
        found.add("survey")
    if send.content != "recipes":
        found.add("recipe")
    return found


def _shop(shop: Shop) -> dict[str, str]:
    said = ("name", "url", "address", "phone", "email")
    return {word: getattr(shop, word) for word in said}


def _message(message: Message, shop: Shop, links: Links, locale: str) -> dict[str, str]:
    words = {
        "why": _WHY[message.purpose].format(shop=shop.name),
        "purpose": message.purpose.value,
        "language": locale,
    }
    if message.purpose is not Purpose.SERVICE:
        words["unsubscribe_url"] = links.unsubscribe
        words["preferences_url"] = links.preferences
    return words


def _order(order: Order, told: str, on: "_Clock") -> dict[str, Any]:
    return {
        "number": order.id,
        "day": on.weekday(order.placed_at),
        "placed_on": on.day(order.placed_at),
        "promised_time": on.time(order.promised_at) if order.promised_at else "",
        "new_time": on.time(datetime.fromisoformat(told)) if told else "",
        "total": on.money(order.total, order.currency),
        "items": [
            {
                "name": line.name,
                "category": line.category,
                "quantity": _number(line.quantity),
                "price": on.money(line.price, order.currency),
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


class _Clock:
    """The customer's clock and language."""

    def __init__(self, customer: Customer, locale: str, *, plain: bool) -> None:
        self._zone = moments.zone(customer.timezone)
        self._locale = locale
        self._plain = plain  #: an SMS pays double for a space that does not break

    def local(self, at: datetime) -> datetime:
        return moments.local(at, self._zone)

    def weekday(self, at: datetime) -> str:
        return locales.weekday(self.local(at).date(), self._locale)

    def day(self, at: datetime) -> str:
        return locales.day(self.local(at).date(), self._locale)

    def time(self, at: datetime) -> str:
        return locales.clock(self.local(at), self._locale)

    def money(self, amount: Decimal, currency: str) -> str:
        """Empty where the shop has not told a price."""
        told = locales.money(amount, currency, self._locale) if amount else ""
        return " ".join(told.split()) if self._plain else told
