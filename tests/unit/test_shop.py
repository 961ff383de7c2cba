"""The shop's rules for categories: what the name says, then what the category says."""

import pytest

from aftercart.shop import Shop

SHOP = Shop(
    "Meadow Grocer",
    categories={
        "chicken": ("CHICKEN", "chicken breast*"),
        "cooked chicken": ("chix:*", "chicken breast cooked*", "Nuggets"),
        "oil": ("a.c*oil",),
    },
)


@pytest.mark.parametrize(
    ("name", "category", "ours"),
    [
        ("CHICKEN THIGHS", "CHICKEN", "chicken"),
        ("nuggets", "CHICKEN", "cooked chicken"),
        ("CHIX:FRIED", "CHICKEN", "cooked chicken"),
        ("Chicken Breast, boneless", "MEAT", "chicken"),
        ("CHICKEN BREAST COOKED", "MEAT", "cooked chicken"),
        ("NUGGETS", "SNACKS", "cooked chicken"),
        ("Beef", "  Fresh   MEAT ", "fresh meat"),
        ("abc oil", "x", "x"),
        ("a.canola oil", "x", "oil"),
        ("", "", ""),
    ],
)
def test_an_item_gets_our_word_for_it(name: str, category: str, ours: str) -> None:
    assert SHOP.categorise(name, category) == ours


def test_a_category_of_ours_is_its_own() -> None:
    assert SHOP.categorise("Farm pack", "chicken") == "chicken"


def test_a_word_with_many_stars_is_answered_at_once() -> None:
    shop = Shop(
        "Meadow Grocer",
        categories={"stars": ("*a" * 40 + "*b",), "eggs": ("org*egg*free*",)},
    )

    assert shop.categorise("a" * 2_000, "other") == "other"
    assert shop.categorise("a" * 2_000 + "b", "other") == "stars"
    assert shop.categorise("Organic eggs, free range", "other") == "eggs"
    assert shop.categorise("Organic free eggs", "other") == "other"
