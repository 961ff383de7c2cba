"""Who shops at Meadow Grocer? Five hundred households with names, consents, habits and clocks, from a seed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

_FIRST = (
    "Ada",
    "Alma",
    "Amir",
    "Ana",
    "Ben",
    "Bea",
    "Carl",
    "Cleo",
    "Dan",
    "Dora",
    "Edie",
    "Elif",
    "Emma",
    "Erik",
    "Faye",
    "Finn",
    "Gita",
    "Hana",
    "Hugo",
    "Ida",
    "Ines",
    "Ivan",
    "Jack",
    "June",
    "Kai",
    "Kim",
    "Lara",
    "Leo",
    "Lina",
    "Luca",
    "Mara",
    "Max",
    "Mia",
    "Milo",
    "Nina",
    "Noah",
    "Nora",
    "Olga",
    "Omar",
    "Otto",
    "Pia",
    "Ravi",
    "Rosa",
    "Sam",
    "Sara",
    "Tess",
    "Theo",
    "Uma",
    "Vera",
    "Yara",
    "Yusuf",
    "Zoe",
)

#: Most live around the corner; some have moved and still send groceries home, so that clocks matter.
_ZONES = {
    "Europe/London": ("GB", "en-GB", "+447700900", 82),
    "Europe/Dublin": ("IE", "en-IE", "+353851234", 10),
    "America/New_York": ("US", "en-US", "+1212555", 5),
    "Asia/Tokyo": ("JP", "en-GB", "+8190123456", 3),
}

#: category -> days that it lasts in an ordinary household
STAPLES = {
    "eggs": 10,
    "milk": 5,
    "bread": 6,
    "butter": 16,
    "coffee": 18,
    "oil": 35,
    "potatoes": 14,
    "onions": 18,
    "cheese": 12,
    "yogurt": 8,
    "tea": 28,
    "rice": 30,
    "pasta": 20,
    "bananas": 6,
    "toilet paper": 21,
}


@dataclass(frozen=True)
class Household:
    """One customer: what they agreed to, how often they shop, and how long each staple lasts them, in days."""

    id: str
    first_name: str
    email: str
    phone: str
    timezone: str
    country: str
    locale: str
    birthday: str  #: "03-08"; empty where they keep it to themselves
    email_marketing: bool
    sms_marketing: bool
    survey: bool
    every: float
    lasts: Mapping[str, float]
    likes: Mapping[str, float]  #: chance that a dinner ingredient is in the basket


def invent(count: int, *, seed: int) -> list[Household]:
    """So many households; the same seed gives the same ones."""
    random = Random(seed)
    return [_household(random, number) for number in range(1, count + 1)]


def _birthday(random: Random) -> str:
    day = date(2000, 1, 1) + timedelta(days=random.randrange(366))
    return f"{day:%m-%d}" if random.random() < 0.7 else ""


def _household(random: Random, number: int) -> Household:
    weights = [zone[3] for zone in _ZONES.values()]
    timezone = random.choices(list(_ZONES), weights)[0]
    country, locale, prefix, _ = _ZONES[timezone]
    first_name = random.choice(_FIRST)
    digits = {"GB": 3, "IE": 3, "US": 4, "JP": 2}[country]
    phone = f"{prefix}{number % 10**digits:0{digits}d}"
    kept = [name for name in STAPLES if random.random() < 0.45]
    return Household(
        id=f"c-{number}",
        first_name=first_name,
        email=f"{first_name.lower()}.{number}@shop.example",
        # some give no number, and must still hear of a late van
        phone=phone if random.random() < 0.93 else "",
        timezone=timezone,
        country=country,
        locale=locale,
        birthday=_birthday(Random(f"{number} is born")),
        email_marketing=random.random() < 0.86,
        sms_marketing=random.random() < 0.35,
        survey=random.random() < 0.82,
        every=random.uniform(4, 11),
        lasts={
            name: STAPLES[name] * random.lognormvariate(0, 0.35)
            for name in kept or ["milk"]
        },
        likes={
            "chicken": random.choice((0.0, 0.15, 0.35, 0.5)),
            "fish": random.choice((0.0, 0.1, 0.3)),
            "vegetables": random.uniform(0.3, 0.9),
        },
    )
