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
