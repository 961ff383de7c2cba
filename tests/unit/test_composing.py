"""Which words fill the template? Plain values, in the customer's language and on the customer's clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from aftercart import composing, locales
from aftercart.campaigns import Campaign, RunningLow, Send, Staple
from aftercart.composing import Links
from aftercart.loading import load_campaigns
from aftercart.model import Customer, Line, Message, Order, Purpose
from aftercart.shop import Shop
from tests.people import ANN, DI
from tests.unit.policy.cases import campaign, message, order, recipe

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
MONDAY = datetime(2026, 3, 2, 18, 30, tzinfo=UTC)
LINKS = Links("https://x.example/u/1", "https://x.example/p/1", "https://x.example/s/1")
SHOP = Shop(
    "Meadow",
    url="https://meadow.example/",
    recipes=(replace(recipe("stew", "chicken", "leeks"), steps=("Stir.",)),),
)


def _words(
    asked: Message | None = None,
    *,
    customer: Customer = ANN.customer,
    about: Order | None = None,
    of: Campaign | None = None,
    last_bought: dict[str, datetime] | None = None,
) -> dict[str, Any]:
    return composing.values(
        asked or message(),
        customer=customer,
        order=about,
        campaign=of or campaign(),
        shop=SHOP,
        locale=locales.spoken(customer.locale, own=SHOP.locale, translated=["de"]),
        links=LINKS,
        last_bought=last_bought or {},
        now=NOW,
    )


def test_every_message_knows_shop_customer_and_why() -> None:
    words = _words()

    assert words["shop"]["name"] == "Meadow"
    assert words["customer"]["first_name"] == "Ann"
    assert words["message"]["why"].startswith("You get this because you agreed")


@pytest.mark.parametrize(
    "trigger", ["birthday", "reorder-nudge", "recipe-follow-up", "nps-survey"]
)
def test_what_is_said_to_be_never_there_is_not_there_and_the_rest_is(
    trigger: str,
) -> None:
    of = {c.name: c for c in load_campaigns(ROOT / "campaigns")}[trigger]
    (send,) = [step for step in of.steps if isinstance(step, Send)][:1]
    about = order() if trigger == "recipe-follow-up" else None
    asked = replace(message(purpose=of.purpose), content="stew" if send.content else "")
    if trigger == "reorder-nudge":
        asked = replace(asked, facts={"staples": []})

    words = _words(asked, about=about, of=of).keys()

    sometimes = {"order", "recipe", "staples", "survey"}
    assert sometimes - composing.never_there(of, send) == sometimes & words


def test_marketing_and_surveys_can_be_left_and_alerts_have_no_such_link() -> None:
    for purpose in (Purpose.MARKETING, Purpose.SURVEY):
        links = _words(message(purpose=purpose))["message"]
        assert links["unsubscribe_url"] == LINKS.unsubscribe
        assert links["preferences_url"] == LINKS.preferences

    assert set(_words(message(purpose=Purpose.SERVICE))["message"]) == {
        "why",
        "purpose",
        "language",
    }


def test_a_survey_has_eleven_links_in_order_and_nothing_else_has() -> None:
    survey = _words(message(purpose=Purpose.SURVEY))["survey"]

    assert [s["score"] for s in survey["scores"]] == list(range(11))
    assert survey["scores"][7]["url"] == f"{LINKS.survey}?score=7"
    assert "survey" not in _words()


def test_an_order_is_told_on_the_customers_clock_and_in_their_language() -> None:
    about = order("chicken", placed_at=MONDAY, promised_at=MONDAY)
    told = message(facts={"told": (MONDAY + timedelta(hours=1)).isoformat()})

    london = _words(told, about=about)["order"]
    tokyo = _words(told, about=about, customer=DI.customer)["order"]
    german = replace(DI.customer, locale="de-DE", timezone="Europe/Berlin")
    berlin = _words(told, about=about, customer=german)["order"]

    assert (london["day"], london["promised_time"]) == ("Monday", "18:30")
    assert (tokyo["day"], tokyo["promised_time"]) == ("Tuesday", "03:30")
    assert (berlin["day"], berlin["new_time"]) == ("Montag", "20:30")
    assert london["placed_on"] == "Monday 2 March"


def test_a_language_that_nobody_knows_is_english() -> None:
    for locale in ("xx-YY", "", "not a locale at all"):
        odd = replace(ANN.customer, locale=locale)
        words = _words(customer=odd, about=order(placed_at=MONDAY))
        assert words["order"]["day"] == "Monday"


def test_a_time_that_is_not_known_is_an_empty_text() -> None:
    words = _words(about=order(promised_at=None))["order"]

    assert (words["promised_time"], words["new_time"]) == ("", "")


def test_whole_quantities_are_whole() -> None:
    lines = (
        Line("a", "Eggs", "eggs", Decimal("2.000")),
        Line("b", "Ham", "ham", Decimal("0.5")),
    )

    items = _words(about=replace(order(), lines=lines))["order"]["items"]

    assert [item["quantity"] for item in items] == [2, 0.5]
    assert isinstance(items[0]["quantity"], int)


def test_a_recipe_names_what_is_in_the_fridge_already() -> None:
    about = order("leeks", "chicken", "chicken", "tea")

    found = _words(message(content="stew"), about=about)["recipe"]

    assert found["have"] == ["leeks", "chicken"]
    assert found["url"] == "https://meadow.example/recipes/stew"
    assert found["steps"] == ["Stir."]
    assert "recipe" not in _words(message(content="taken-out-of-the-book"))


def _staple(name: str, days: int) -> dict[str, str]:
    at = NOW - timedelta(days=days)
    return {"category": name, "name": name, "last_at": at.isoformat()}


def test_a_nudge_drops_what_was_bought_again() -> None:
    staples = tuple(Staple(n, n, timedelta(days=9)) for n in ("eggs", "milk"))
    low = campaign(trigger=RunningLow(staples, NOW.time()))
    asked = message(facts={"staples": [_staple("eggs", 10), _staple("milk", 7)]})

    both = _words(asked, of=low, last_bought={"eggs": NOW - timedelta(days=10)})
    one = _words(asked, of=low, last_bought={"eggs": NOW - timedelta(days=1)})

    assert [(s["name"], s["days_ago"]) for s in both["staples"]] == [
        ("eggs", 10),
        ("milk", 7),
    ]
    assert [s["name"] for s in one["staples"]] == ["milk"]


def test_days_ago_are_days_of_the_customers_calendar() -> None:
    low = campaign(trigger=RunningLow((), NOW.time()))
    night = [
        {
            "category": "eggs",
            "name": "eggs",
            # 23:30 on Tuesday in London, already Wednesday in Tokyo
            "last_at": datetime(2026, 3, 3, 23, 30, tzinfo=UTC).isoformat(),
        }
    ]

    london = _words(message(facts={"staples": night}), of=low)["staples"][0]
    tokyo = _words(message(facts={"staples": night}), of=low, customer=DI.customer)[
        "staples"
    ][0]

    assert (london["days_ago"], london["last_day"]) == (1, "Tuesday 3 March")
    assert (tokyo["days_ago"], tokyo["last_day"]) == (1, "Wednesday 4 March")


@pytest.mark.parametrize("purpose", Purpose)
def test_all_values_can_be_kept_and_shown_again(purpose: Purpose) -> None:
    asked = message(
        purpose=purpose, content="stew", facts={"staples": [_staple("eggs", 3)]}
    )

    words = _words(asked, about=order())

    assert orjson.loads(orjson.dumps(words)) == words
