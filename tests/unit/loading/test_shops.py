"""The shop's own files: what they become, and where they are wrong."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from aftercart.campaigns import Limit, Staple, Window
from aftercart.conditions import Condition, Scope, predicate
from aftercart.errors import CampaignError
from aftercart.loading import load_shop
from aftercart.model import Channel, Customer, Purpose
from aftercart.shop import Rates, Shop

NOW = datetime(2026, 3, 2, tzinfo=UTC)
FILES = {
    "shop": """\
name: Meadow Grocer
phone: "+44 1632 960123"
quiet_hours: {email: 09:00-20:00}
cap: {marketing: [1 per 2 days]}
""",
    "categories": """\
eggs: [eggs, EGGS - LARGE]
chicken: ["chicken *"]
""",
    "staples": """\
eggs: {name: eggs, lifespan: 10 days}
""",
    "recipes": """\
- id: boiled-egg
  title: A boiled egg
  main: eggs
  minutes: 6
  serves: 1
  intro: Simple.
  ingredients: [1 egg]
  steps: [Boil the egg.]
  goes_with: [bread]
""",
}


def load(tmp_path: Path, **changed: str) -> Shop:
    folder = tmp_path / "campaigns" / "shop"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (FILES | changed).items():
        (folder / f"{name}.yaml").write_text(content)
    return load_shop(tmp_path / "campaigns")


def test_the_files_become_a_shop(tmp_path: Path) -> None:
    shop = load(tmp_path)

    assert (shop.name, shop.phone) == ("Meadow Grocer", "+44 1632 960123")
    assert shop.quiet_hours[Channel.EMAIL] == Window(time(9), time(20))
    assert shop.quiet_hours[Channel.SMS] == Window(time(9), time(20))
    assert shop.cap == {Purpose.MARKETING: (Limit(1, timedelta(days=2)),)}
    assert shop.staple("eggs") == Staple("eggs", "eggs", timedelta(days=10))
    assert shop.staple("milk") is None
    recipe = shop.recipe("boiled-egg")
    assert recipe is not None
    assert (recipe.main, recipe.steps, recipe.goes_with) == (
        "eggs",
        ("Boil the egg.",),
        ("bread",),
    )
    assert shop.recipe("fried-egg") is None


def test_a_name_is_enough_for_a_shop(tmp_path: Path) -> None:
    folder = tmp_path / "campaigns" / "shop"
    folder.mkdir(parents=True)
    (folder / "shop.yaml").write_text("name: Meadow Grocer\n")

    shop = load_shop(tmp_path / "campaigns")

    assert shop.cap[Purpose.MARKETING] == (
        Limit(1, timedelta(days=1)),
        Limit(3, timedelta(days=7)),
    )
    assert (shop.staples, shop.recipes, shop.categories) == ((), (), {})


# fmt: off
WRONG = [
    ("shop", "url: x\n", "1:1: the key \"name\" is missing (write \"name:\" here)"),
    ("shop", "name: x\nquiet_hours: {emial: 08:00-21:00}\n", "2:15: unknown key \"emial\" (did you mean \"email\"?)"),
    ("shop", "name: x\nquiet_hours: {email: 21:00-08:00}\n", "2:22: \"21:00-08:00\" ends before it begins; a span never goes over midnight"),
    ("shop", "name: x\nphone: +441632960123\n", "2:8: a text is needed here (put it in quotes: \"441632960123\")"),
    ("shop", "name: x\ncap: {marketing: 1 per 1 day}\n", "2:18: a list is needed here, not \"1 per 1 day\" (write [1 per 1 day])"),
    ("shop", "name: x\ncap: {marketing: [1 a day]}\n", "2:19: \"1 a day\" is not a limit; write how many and per how long, for example \"1 per 7 days\""),
    ("shop", "name: x\ntrial: ann@mail.example\n", "2:8: a list is needed here, not \"ann@mail.example\" (write [ann@mail.example])"),
    ("shop", "name: x\ntrial: [c-7, ann@]\n", "2:14: 'ann@' is not an e-mail address: There must be something after the @-sign."),
    ("shop", "name: x\ntrial: [{id: c-7}]\n", "2:9: a text is needed here, for example c-7 or ann@mail.example"),
    ("shop", "name: x\nhalt: {bounces: 5}\n", "2:17: \"5\" is not a share of people; write from 0.1% to 50%, for example \"5%\""),
    ("shop", "name: x\nhalt: {bounce: 5%}\n", "2:8: unknown key \"bounce\" (did you mean \"bounces\"?)"),
    ("shop", "- name\n", "1:1: keys with values are needed here, not a list (its keys are: name, url, address, phone, email, currency, locale, staff, quiet_hours, cap, sms_prices, tags, trial, halt)"),
    ("categories", "Eggs: [x]\n", "1:1: the category \"Eggs\" has capitals (categories are in lower case: \"eggs\")"),
    ("categories", "eggs: [x, y]\nmilk: [z, ' X']\n", "2:11: \" X\" already belongs to \"eggs\""),
    ("categories", "eggs: x\n", "1:7: a list is needed here, not \"x\" (write [x])"),
    ("staples", "eggs: {name: eggs}\n", "1:1: the key \"lifespan\" is missing (write \"lifespan:\" here)"),
    ("staples", "eggs: {name: eggs, lifespan: long}\n", "1:30: \"long\" is not a duration; write a whole number and a unit, for example \"2 days\" or \"90 minutes\""),
    ("recipes", FILES["recipes"] * 2, "10:7: the id \"boiled-egg\" is already taken (ids are how we know what a customer has had)"),
    ("recipes", FILES["recipes"].replace("boiled-egg", "Boiled Egg"), "1:7: \"Boiled Egg\" may have only small letters, digits and dashes (write boiled-egg)"),
    ("recipes", FILES["recipes"].replace("[Boil the egg.]", "[]"), "8:10: this must not be empty"),
    ("recipes", FILES["recipes"].replace("minutes: 6", "minutes: 0"), "4:12: 0 is too small; at least 1"),
    ("recipes", FILES["recipes"].replace("minutes: 6", "minutes: six"), "4:12: a whole number is needed here, not \"six\""),
    ("recipes", "eggs: x\n", "1:1: a list is needed here, not keys with values (begin every entry with \"- \")"),
]
# fmt: on


@pytest.mark.parametrize(("name", "content", "problem"), WRONG)
def test_a_mistake_has_its_file_line_and_column(
    tmp_path: Path, name: str, content: str, problem: str
) -> None:
    with pytest.raises(CampaignError) as caught:
        load(tmp_path, **{name: content})

    assert str(caught.value.problems[0]) == f"campaigns/shop/{name}.yaml:{problem}"


def test_the_trial_list_has_ids_and_addresses_and_numbers_are_ids(
    tmp_path: Path,
) -> None:
    shop = load(tmp_path, shop="name: x\ntrial: [c-7, 12, Ann@Mail.example]\n")

    assert shop.trial == {"c-7", "12", "ann@mail.example"}


def test_what_halts_a_campaign_can_be_set_one_by_one(tmp_path: Path) -> None:
    shop = load(tmp_path, shop="name: x\nhalt: {complaints: 0.1%}\n")

    assert shop.halt == Rates(bounces=0.05, complaints=0.001, unsubscribes=0.02)


def test_a_shop_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match=r"shop/shop\.yaml:1:1: there is no such"):
        load_shop(tmp_path / "campaigns")


# --- audiences with a name ------------------------------------------------------------------------------------------------

AUDIENCES = """\
regulars: customer.orders >= 5 and customer.days_since_order <= 60
british_regulars: regulars and customer.country == 'GB'
"""


def test_an_audience_may_use_those_above_it(tmp_path: Path) -> None:
    shop = load(tmp_path, audiences=AUDIENCES)

    both = shop.audiences["british_regulars"]
    known = {"regulars": "customer.orders >= 5 and customer.days_since_order <= 60"}
    assert dict(both.names) == known
    assert holds(both, orders=5, country="GB")
    assert not holds(both, orders=4, country="GB")
    assert not holds(both, orders=5, country="IE")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("regulars: customer.ordrs >= 5", '1:11: unknown field "customer.ordrs" (did you mean "customer.orders"?)'),
        ("regulars: order.total >= 5", "1:11: order.total is not known here (this place sees only customer fields)"),
        ("british: regulars and true", '1:10: unknown field "regulars"'),
        ("Regulars: customer.orders >= 5", '1:1: "Regulars" cannot name an audience (small letters, digits and _, and no word of the language: regulars)'),
        ("customer: customer.orders >= 5", '1:1: "customer" cannot name an audience (small letters, digits and _, and no word of the language: regulars)'),
        ("not: customer.orders >= 5", '1:1: "not" cannot name an audience (small letters, digits and _, and no word of the language: regulars)'),
        ("regulars: 5", '1:11: a text is needed here (put it in quotes: "5")'),
    ],
)  # fmt: skip
def test_a_mistake_in_an_audience_has_its_place(
    tmp_path: Path, line: str, problem: str
) -> None:
    with pytest.raises(CampaignError) as error:
        load(tmp_path, audiences=line)

    (found,) = error.value.problems
    assert str(found).startswith(f"campaigns/shop/audiences.yaml:{problem}")


def holds(condition: Condition, **about: Any) -> bool:
    """Whether a condition holds for such a customer, who has just ordered."""
    customer = Customer(id="c", last_order_at=NOW, **about)
    return predicate(condition)(Scope(customer, None, NOW, NOW))
