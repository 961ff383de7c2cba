"""Facts and views to decide on: Ann, a recipe, a Wednesday afternoon."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from aftercart.campaigns import Campaign, EventTrigger, Send, Window
from aftercart.conditions import parse
from aftercart.model import (
    Channel,
    Enrollment,
    Line,
    Message,
    Order,
    Purpose,
    State,
)
from aftercart.policy import Facts, View
from aftercart.shop import Recipe, Shop
from tests.people import ANN

NOW = datetime(2026, 3, 4, 16, 30, tzinfo=UTC)
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EVERYTHING = frozenset({"customer", "order"})

MAIL = Send(
    Channel.EMAIL, "recipe", timedelta(hours=3), Window(time(16), time(19)), None
)
TEXT = Send(Channel.SMS, "reminder", timedelta(hours=3))


def recipe(id_: str, main: str = "chicken", *goes_with: str) -> Recipe:
    return Recipe(id_, id_.title(), main, 20, 2, "", (), (), goes_with)


SHOP = Shop("Meadow", recipes=(recipe("stew"), recipe("soup", "chicken", "leeks")))


def campaign(*steps: Any, **more: Any) -> Campaign:
    """A marketing campaign that starts with a delivery."""
    values: dict[str, Any] = {
        "name": "recipes",
        "title": "Recipes",
        "purpose": Purpose.MARKETING,
        "trigger": EventTrigger("order.delivered"),
        "steps": steps or (MAIL,),
        "version": "1",
    }
    return Campaign(**(values | more))


def order(*categories: str, **more: Any) -> Order:
    lines = tuple(Line(f"{c}-1", c.title(), c) for c in categories or ("chicken",))
    values = {"placed_at": MONDAY, "delivered_at": MONDAY, "lines": lines}
    return Order("o-1", ANN.id, **(values | more))


def message(**more: Any) -> Message:
    values: dict[str, Any] = {
        "id": "m",
        "campaign": "recipes",
        "version": "1",
        "customer_id": ANN.id,
        "occurrence": "o-1",
        "leg": 0,
        "channel": Channel.EMAIL,
        "purpose": Purpose.MARKETING,
        "template": "recipe",
        "state": State.SCHEDULED,
        "due_at": NOW,
        "expires_at": NOW + 3 * HOUR,
        "created_at": NOW - DAY,
        "order_id": "o-1",
        "facts": {"started_at": MONDAY.isoformat()},
    }
    return Message(**(values | more))


def facts(**more: Any) -> Facts:
    """Nothing speaks against this message; keywords change that. Those of a message or customer go by `message__due_at`."""
    made = Facts(
        message=message(),
        customer=ANN.customer,
        campaign=campaign(),
        order=order(),
        hours=Window(time(8), time(21)),
    )
    for name, value in more.items():
        whole, _, part = name.partition("__")
        if part:
            value = replace(getattr(made, whole), **{part: value})
        made = replace(made, **{whole: value})
    return made


def enrollment(**more: Any) -> Enrollment:
    values: dict[str, Any] = {
        "id": "e",
        "campaign": "recipes",
        "version": "1",
        "customer_id": ANN.id,
        "occurrence": "o-1",
        "started_at": MONDAY,
        "step": 0,
        "due_at": MONDAY,
        "order_id": "o-1",
    }
    return Enrollment(**(values | more))


def view(**more: Any) -> View:
    return View(**({"customer": ANN.customer, "order": order()} | more))


def condition(text: str) -> Any:
    return parse(text, about=EVERYTHING)
