"""Which words may a template use? One catalogue drives the checks, the documentation, the previews and the tests."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from aftercart import locales


@dataclass(frozen=True)
class Word:
    """One name. `[]` in it means "of each": `order.items[].name` is the name of each item.

    `optional` words may be an empty text; a template has to read well without them.
    """

    name: str
    description: str
    sample: Any
    optional: bool = False


_WHY = "You get this because you agreed to hear from Meadow Grocer."
_SURVEY = "https://meadowgrocer.example/s/k3J9"
_INGREDIENTS = [
    "8 chicken thighs, bone in",
    "2 leeks, in thick rings",
    "1 lemon, in slices",
    "2 tablespoons of olive oil",
    "A handful of flat parsley",
]
_STEPS = [
    "Heat the oven to 200 °C. Salt the chicken and leave it to lose its chill.",
    "Turn leeks and lemon in the oil, spread them in a wide tin and lay the chicken on top, skin up.",
    "Roast for 35 minutes, until the skin crackles. Rest for five, scatter the parsley and eat from the tin.",
]

CATALOGUE: tuple[Word, ...] = (
    Word("shop.name", "The name of the shop", "Meadow Grocer"),
    Word("shop.url", "The shop's front page", "https://meadowgrocer.example/"),
    Word(
        "shop.address",
        "The shop's postal address, required below every marketing e-mail",
        "14 Orchard Lane, Bristol BS1 4QT",
    ),
    Word("shop.phone", "The shop's telephone number", "+44 117 496 0112"),
    Word("shop.email", "Where answers reach the shop", "hello@meadowgrocer.example"),
    Word("customer.first_name", "First name, as the customer wrote it", "Ann", True),
    Word(
        "customer.referral_code",
        "The code by which this customer brings friends; it never changes",
        "7K2M9QXH",
    ),
    Word(
        "coupon.code",
        "A code for this customer and this occasion; only in campaigns of `shop/coupons.yaml`",
        "BDAY-4TR8WZ3C",
    ),
    Word(
        "message.why",
        "One sentence: why the customer gets this message, in English; `_base/why.txt` says it in every language",
        _WHY,
    ),
    Word("message.purpose", "marketing, survey or service", "marketing"),
    Word("message.language", "The language that the message speaks", "en-GB"),
    Word(
        "message.unsubscribe_url",
        "One click ends these messages; not there in service messages",
        "https://meadowgrocer.example/u/p4Xw",
    ),
    Word(
        "message.preferences_url",
        "Where the customer chooses what to get; not there in service messages",
        "https://meadowgrocer.example/u/p4Xw?choose",
    ),
    Word("order.number", "The order's number", "10482"),
    Word("order.day", "The day of the order", "Tuesday"),
    Word("order.placed_on", "The day of the order, with its date", "Tuesday 3 March"),
    Word("order.promised_time", "When it should have come (their clock)", "18:00"),
    Word("order.new_time", "When it is expected now; may be unknown", "18:40", True),
    Word("order.total", "What it costs, with its currency", "£42.10", True),
    Word("order.items[].name", "A bought product", "Chicken thighs"),
    Word("order.items[].category", "Its category in the shop", "chicken"),
    Word("order.items[].quantity", "How many of it", 2),
    Word("order.items[].price", "What one of it costs", "£5.25", True),
    Word("recipe.id", "The recipe's key in the recipe file", "chicken-leeks-lemon"),
    Word("recipe.title", "Its title", "Roast chicken with leeks and lemon"),
    Word("recipe.main", "The bought thing it is about", "chicken"),
    Word("recipe.minutes", "Minutes from start to table", 45),
    Word("recipe.serves", "For how many people", 4),
    Word(
        "recipe.intro",
        "Two sentences that make one hungry",
        "One tin, three things and an oven that does the work. The leeks go sweet under the chicken.",
    ),
    Word("recipe.ingredients[]", "An ingredient, with its amount", _INGREDIENTS),
    Word(
        "recipe.have[]",
        "A bought product that the recipe uses; the list may be empty",
        ["Chicken thighs", "Leeks", "Lemons"],
    ),
    Word("recipe.steps[]", "A step, one or two sentences", _STEPS),
    Word(
        "recipe.url",
        "The recipe's page",
        "https://meadowgrocer.example/recipes/chicken-leeks-lemon",
    ),
    Word("staples[].name", "A staple as people call it, in the plural", "eggs"),
    Word("staples[].product", "The product bought last", "Free-range eggs"),
    Word("staples[].days_ago", "Days since it was last ordered", 10),
    Word("staples[].last_day", "The day of that order", "Tuesday 3 March"),
    Word(
        "reorder_url",
        "Where the staples are ordered again",
        "https://meadowgrocer.example/basket?add=eggs-12",
    ),
    Word("survey.url", "The survey's page", _SURVEY),
    Word("survey.scores[].score", "A number from 0 to 10", 0),
    Word(
        "survey.scores[].url", "The survey's page with it chosen", f"{_SURVEY}?score=0"
    ),
)

# What follows the first sample in a list; a template has to read well with one entry and with many.
_MORE: Mapping[str, list[dict[str, Any]]] = {
    "order.items": [
        {"name": "Leeks", "category": "vegetables", "quantity": 1, "price": "£1.20"},
        {"name": "Lemons", "category": "fruit", "quantity": 4, "price": "£0.40"},
    ],
    "staples": [
        {
            "name": "milk",
            "product": "Whole milk, 2 litres",
            "days_ago": 6,
            "last_day": "Saturday 7 March",
        },
        {
            "name": "coffee",
            "product": "Ground coffee, 250 g",
            "days_ago": 24,
            "last_day": "Tuesday 17 February",
        },
    ],
    "survey.scores": [
        {"score": n, "url": f"{_SURVEY}?score={n}"} for n in range(1, 11)
    ],
}


_TUESDAY = date(2026, 3, 3)
_LAST = (_TUESDAY, date(2026, 3, 7), date(2026, 2, 17))


def sample_values(
    *, sparse: bool = False, locale: str = locales.DEFAULT
) -> dict[str, Any]:
    """A complete set of values; `sparse` has one entry in every list and nothing in what is optional.

    The numbers of a survey are always all eleven. Days, times and sums are written as in `locale`.
    """
    values: dict[str, Any] = {}
    for word in CATALOGUE:
        _place(values, word, "" if sparse and word.optional else word.sample)
    for name, more in _MORE.items():
        if not sparse or name == "survey.scores":
            _at(values, name).extend(dict(entry) for entry in more)
    if sparse:
        for name in ("recipe.ingredients", "recipe.steps"):
            del _at(values, name)[1:]
        _at(values, "recipe.have").clear()
    if locale != locales.DEFAULT:
        _translate(values, locale)
    return values


def _translate(values: dict[str, Any], locale: str) -> None:
    """The samples' days, times and sums in another language."""
    values["message"]["language"] = locale
    for here, key, day in (
        *((values["order"], key, _TUESDAY) for key in ("day", "placed_on")),
        *((s, "last_day", d) for s, d in zip(values["staples"], _LAST, strict=False)),
    ):
        say = locales.weekday if key == "day" else locales.day
        here[key] = say(day, locale)
    order = values["order"]
    for key in ("promised_time", "new_time"):
        if order[key]:
            order[key] = locales.clock(
                datetime.fromisoformat(f"2026-03-03T{order[key]}"), locale
            )
    for priced, key in ((order, "total"), *((i, "price") for i in order["items"])):
        if priced[key]:
            priced[key] = locales.money(Decimal(priced[key][1:]), "EUR", locale)


def names() -> Iterator[str]:
    """The names that stand alone: `shop`, `customer`, …"""
    return iter(dict.fromkeys(w.name.split(".")[0].rstrip("[]") for w in CATALOGUE))


def _place(values: dict[str, Any], word: Word, sample: Any) -> None:
    *parents, last = word.name.split(".")
    here: Any = values
    for parent in parents:
        if parent.endswith("[]"):
            entries = here.setdefault(parent[:-2], [])
            entries or entries.append({})
            here = entries[0]
        else:
            here = here.setdefault(parent, {})
    here[last.removesuffix("[]")] = list(sample) if last.endswith("[]") else sample


def _at(values: dict[str, Any], name: str) -> Any:
    here: Any = values
    for part in name.split("."):
        here = here[part]
    return here
