"""The campaigns in this repository: they compile, they say what the issue asks for, and their shop can serve them."""

import json
from datetime import time, timedelta
from pathlib import Path

import pytest

from aftercart.campaigns import (
    Anniversary,
    Campaign,
    EventTrigger,
    Inactive,
    LateDelivery,
    Limit,
    Recurring,
    RunningLow,
    Send,
    StopIf,
    Wait,
    Window,
)
from aftercart.codes import Coupon
from aftercart.loading import check_folder, json_schema, load_campaigns, load_shop
from aftercart.model import Channel, Purpose
from aftercart.recurrence import Days

FOLDER = Path("campaigns")


@pytest.fixture(scope="module")
def campaigns() -> dict[str, Campaign]:
    return {campaign.name: campaign for campaign in load_campaigns(FOLDER)}


def test_nothing_is_wrong_with_them() -> None:
    assert check_folder(FOLDER) == []


def test_there_are_the_six(campaigns: dict[str, Campaign]) -> None:
    assert sorted(campaigns) == [
        "birthday",
        "delivery-delay",
        "nps-survey",
        "recipe-follow-up",
        "reorder-nudge",
        "win-back",
    ]


def test_a_recipe_comes_two_days_after_chicken_at_cooking_time(
    campaigns: dict[str, Campaign],
) -> None:
    recipe = campaigns["recipe-follow-up"]

    assert isinstance(recipe.trigger, EventTrigger)
    assert recipe.trigger.event == "order.delivered"
    assert str(recipe.trigger.where) == "any(item.category == 'chicken')"
    wait, stop, send = recipe.steps
    assert isinstance(wait, Wait) and wait.days == 2
    assert isinstance(stop, StopIf)
    assert str(stop.condition) == "order.refunded or order.cancelled"
    assert isinstance(send, Send) and send.content == "recipes"
    assert send.between == Window(time(16), time(19))
    assert recipe.purpose is Purpose.MARKETING
    assert recipe.limit == Limit(1, timedelta(days=7))


def test_a_nudge_is_about_habits_and_tells_of_all_staples_at_once(
    campaigns: dict[str, Campaign],
) -> None:
    nudge = campaigns["reorder-nudge"]

    assert isinstance(nudge.trigger, RunningLow)
    assert nudge.trigger.after == 2
    assert nudge.trigger.together == timedelta(days=3)
    assert {"eggs", "milk", "oil", "coffee"} <= {
        staple.category for staple in nudge.trigger.staples
    }
    assert nudge.purpose is Purpose.MARKETING
    assert nudge.priority > campaigns["recipe-follow-up"].priority


def test_a_delay_is_told_by_sms_within_minutes_and_support_calls(
    campaigns: dict[str, Campaign],
) -> None:
    delay = campaigns["delivery-delay"]

    assert delay.trigger == LateDelivery(
        timedelta(minutes=15), timedelta(minutes=2), timedelta(minutes=30)
    )
    (send,) = delay.steps
    assert isinstance(send, Send)
    assert (send.channel, send.template) == (Channel.SMS, "delivery-delay")
    assert send.fallback == (Channel.EMAIL, "delivery-delay")
    assert send.expires == timedelta(minutes=30)
    assert delay.purpose is Purpose.SERVICE
    assert delay.opens_case == "call"


def test_a_survey_comes_weekly_but_once_in_90_days_to_one_person(
    campaigns: dict[str, Campaign],
) -> None:
    survey = campaigns["nps-survey"]

    assert survey.trigger == Recurring(Days((1,)), time(10))
    assert survey.limit == Limit(1, timedelta(days=90))
    assert "customer.days_since_order <= 30" in str(survey.audience)
    assert survey.purpose is Purpose.SURVEY
    (send,) = survey.steps
    assert isinstance(send, Send) and send.expires == timedelta(days=3)


def test_there_are_recipes_enough_for_a_season() -> None:
    shop = load_shop(FOLDER)

    mains = [recipe.main for recipe in shop.recipes]

    assert len(mains) >= 16
    assert set(mains) == {"chicken", "fish", "eggs", "vegetables"}
    assert mains.count("chicken") >= 8


def test_recipes_and_staples_speak_of_categories_that_exist() -> None:
    shop = load_shop(FOLDER)

    named = {staple.category for staple in shop.staples}
    for recipe in shop.recipes:
        named |= {recipe.main, *recipe.goes_with}

    assert named <= set(shop.categories)


def test_a_recipe_can_be_read_with_wet_hands() -> None:
    for recipe in load_shop(FOLDER).recipes:
        assert 2 <= len(recipe.steps) <= 5, recipe.id
        assert all(len(step) <= 160 for step in recipe.steps), recipe.id
        assert len(recipe.title) <= 40, recipe.id
        assert recipe.minutes <= 60, recipe.id


@pytest.mark.parametrize(
    ("name", "category", "ours"),
    [
        ("CHICKEN BREAST BONELESS", "CHICKEN", "chicken"),
        ("CHIX: ROTISSERIE (HOT)", "CHICKEN/POULTRY", "cooked chicken"),
        ("FRZN BREADED PREPARED CHICK", "CHICKEN", "cooked chicken"),
        ("POULTRY", "LUNCHMEAT", "lunchmeat"),
        ("SEAFOOD-FRE-SALMON", "SEAFOOD-FRESH", "fish"),
        ("FRZN BRD STICK/PORTON", "SEAFOOD - FROZEN", "seafood - frozen"),
        ("TUNA", "SEAFOOD - SHELF STABLE", "seafood - shelf stable"),
        ("EGGS - LARGE", "EGGS", "eggs"),
        ("EGGS SUBSTITUTE", "EGGS", "egg substitute"),
        ("FLUID MILK WHITE ONLY", "FLUID MILK PRODUCTS", "milk"),
        ("CHOCOLATE MILK", "FLUID MILK PRODUCTS", "fluid milk products"),
        ("NON DAIRY CREAMER: DRY", "COFFEE", "creamer"),
        ("GROUND COFFEE", "COFFEE", "coffee"),
        ("COOKING SPRAYS", "SHORTENING/OIL", "shortening/oil"),
        ("VEGETABLE/SALAD OIL", "SHORTENING/OIL", "oil"),
        ("TOILET TISSUE", "BATH TISSUES", "toilet paper"),
        ("DOG BISCUITS (HARD BISCUIT)", "DOG FOODS", "pet treats"),
        ("CELERY", "VEGETABLES - ALL OTHERS", "vegetables"),
        ("Free-range eggs", "eggs", "eggs"),
        ("Birthday cards", "Greeting Cards", "greeting cards"),
    ],
)
def test_a_supermarkets_words_become_ours(name: str, category: str, ours: str) -> None:
    assert load_shop(FOLDER).categorise(name, category) == ours


def test_the_schema_beside_the_campaigns_is_the_one_of_this_version() -> None:
    stored = json.loads((FOLDER / "schema.json").read_text(encoding="utf-8"))

    assert stored == json_schema(), (
        "write it anew: aftercart schema > campaigns/schema.json"
    )


def test_a_birthday_is_greeted_on_the_day_with_a_code(
    campaigns: dict[str, Campaign],
) -> None:
    birthday = campaigns["birthday"]

    assert birthday.trigger == Anniversary("birthday", time(9))
    assert load_shop(FOLDER).coupons["birthday"] == Coupon("BDAY", 8)
    (send,) = birthday.steps
    assert isinstance(send, Send) and send.expires == timedelta(hours=12)


def test_who_has_been_away_for_sixty_days_hears_it_once(
    campaigns: dict[str, Campaign],
) -> None:
    trigger = campaigns["win-back"].trigger

    assert isinstance(trigger, Inactive)
    assert trigger.days == 60
    assert campaigns["win-back"].priority < 0
