"""The shop as a value: who it is, when it may write, its words for things, its recipes. What campaigns/shop/ says."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal
from functools import lru_cache

from aftercart import locales
from aftercart.campaigns import Limit, Staple, Window
from aftercart.codes import Coupon
from aftercart.conditions import Condition
from aftercart.model import Channel, Purpose

#: When nobody is written to, where shop.yaml does not say.
QUIET_HOURS = {
    Channel.EMAIL: Window(time(8), time(21)),
    Channel.SMS: Window(time(9), time(20)),
}


@dataclass(frozen=True)
class Rates:
    """Which share of a day's messages may come to a bad end before their campaign is halted."""

    bounces: float = 0.05
    complaints: float = 0.003
    unsubscribes: float = 0.02


@dataclass(frozen=True)
class Recipe:
    """One simple dish. `main` is the category it is for; `goes_with` are categories that it uses beside it."""

    id: str
    title: str
    main: str
    minutes: int
    serves: int
    intro: str
    ingredients: tuple[str, ...]
    steps: tuple[str, ...]
    goes_with: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shop:
    """All that campaigns and templates may know about the shop."""

    name: str
    url: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    currency: str = ""
    locale: str = (
        locales.DEFAULT
    )  #: the language of templates/ where no folder says another
    staff: tuple[
        str, ...
    ] = ()  #: e-mail addresses and telephone numbers to which a test may be sent
    quiet_hours: Mapping[Channel, Window] = field(
        default_factory=lambda: dict(QUIET_HOURS)
    )  #: when we may write, on the customer's clock
    cap: Mapping[Purpose, tuple[Limit, ...]] = field(default_factory=dict)
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    staples: tuple[Staple, ...] = ()
    recipes: tuple[Recipe, ...] = ()
    audiences: Mapping[str, Condition] = field(default_factory=dict)
    sms_prices: Mapping[str, Decimal] = field(
        default_factory=dict
    )  #: of one part, by country, in the shop's currency
    tags: tuple[str, ...] = ()  #: that the shop brings; campaigns put on others
    coupons: Mapping[str, Coupon] = field(default_factory=dict)  #: by campaign
    trial: frozenset[str] = frozenset()  #: ids, or e-mail addresses in lower case
    halt: Rates = Rates()
    _sorted: Callable[[str, str], str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_sorted", _sorter(self.categories))

    def categorise(self, name: str, category: str) -> str:
        """Our category for an item with this product name in this category of the shop.

        What the name says beats what the category says; in either, a whole word beats a pattern with `*`, and the longer pattern
        the shorter. What no rule knows keeps its own category, in lower case.
        """
        return self._sorted(name, category)

    def staple(self, category: str) -> Staple | None:
        return next((s for s in self.staples if s.category == category), None)

    def recipe(self, id: str) -> Recipe | None:
        return next((r for r in self.recipes if r.id == id), None)


def _sorter(categories: Mapping[str, tuple[str, ...]]) -> Callable[[str, str], str]:
    """The rules as one cached function: an import asks the same few thousand questions a million times."""
    whole: dict[str, str] = {}
    patterns: list[tuple[int, re.Pattern[str], str]] = []
    for ours, words in categories.items():
        for word in words:
            folded = _fold(word)
            if "*" in folded:
                patterns.append((len(folded), _pattern(folded), ours))
            else:
                whole.setdefault(folded, ours)
    patterns.sort(key=lambda rule: -rule[0])

    @lru_cache(maxsize=65_536)
    def ours_for(name: str, category: str) -> str:
        words = (_fold(name), _fold(category))
        for word in words:
            if word in whole:
                return whole[word]
            for _, pattern, ours in patterns:
                if pattern.fullmatch(word):
                    return ours
        return words[1]

    return ours_for


def _pattern(word: str) -> re.Pattern[str]:
    """A word with `*` in it. What a star has passed over is not looked at again: many of them would else take for ever."""
    first, *middle, last = map(re.escape, word.split("*"))
    found = "".join(f"(?>.*?{part})" for part in middle)
    return re.compile(f"{first}{found}.*{last}")


def _fold(word: str) -> str:
    """Lower case and single spaces: exports pad and shout as they like."""
    return " ".join(word.lower().split())
