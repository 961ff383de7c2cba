"""What did they buy? Baskets week after week, each household after its own needs; then everything goes into the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from aftercart import addresses, moments
from aftercart.demo.households import Household
from aftercart.settings import Settings
from aftercart.store import customers, open_store, orders, permissions
from aftercart.store.permissions import Consent

#: category -> products with their price
SHELF: dict[str, list[tuple[str, str]]] = {
    "eggs": [("Free-range eggs, 12", "3.20"), ("Free-range eggs, 6", "1.95")],
    "milk": [("Whole milk, 2 pints", "1.45"), ("Oat drink, 1 l", "1.90")],
    "bread": [("Sourdough loaf", "3.40"), ("Wholemeal loaf", "1.60")],
    "butter": [("Salted butter, 250 g", "2.60")],
    "coffee": [("Ground coffee, 227 g", "4.75")],
    "oil": [("Olive oil, 500 ml", "6.50")],
    "potatoes": [("Maris Piper potatoes, 2 kg", "2.10")],
    "onions": [("Brown onions, 1 kg", "1.05")],
    "cheese": [("Mature Cheddar, 350 g", "3.90")],
    "yogurt": [("Natural yogurt, 500 g", "1.80")],
    "tea": [("English breakfast tea, 80", "2.95")],
    "rice": [("Basmati rice, 1 kg", "2.85")],
    "pasta": [("Penne, 500 g", "1.10")],
    "bananas": [("Bananas, 5", "0.95")],
    "toilet paper": [("Toilet paper, 9 rolls", "4.60")],
    "chicken": [("Chicken thighs, 1 kg", "4.25"), ("Whole chicken", "5.60")],
    "fish": [("Cod fillets, 2", "6.20"), ("Salmon fillets, 2", "6.80")],
    "vegetables": [
        ("Carrots, 1 kg", "0.90"),
        ("Leeks, 500 g", "1.60"),
        ("Broccoli", "0.95"),
        ("Spinach, 250 g", "1.75"),
    ],
}
#: Chance that a household orders from elsewhere this time, so that nudges have something to do.
_ELSEWHERE = 0.12


@dataclass(frozen=True)
class Basket:
    """One order: who, when, and what."""

    id: str
    customer_id: str
    at: datetime
    items: Sequence[tuple[str, str, str]]  #: category, product, price


def shop(
    people: Sequence[Household], *, start: datetime, end: datetime, seed: int
) -> list[Basket]:
    """All baskets of all households in a stretch of time, by time."""
    baskets = [
        basket
        for person in people
        for basket in _baskets(person, Random(f"{seed}|{person.id}"), start, end)
    ]
    ordered = sorted(baskets, key=lambda b: (b.at, b.customer_id))
    return [
        Basket(f"o-{number}", b.customer_id, b.at, b.items)
        for number, b in enumerate(ordered, start=10_001)
    ]


def _baskets(
    person: Household, random: Random, start: datetime, end: datetime
) -> list[Basket]:
    zone = moments.zone(person.timezone)
    last = {
        name: start - timedelta(days=random.uniform(0, d))
        for name, d in person.lasts.items()
    }
    day = start + timedelta(days=random.uniform(0, person.every))
    found = []
    while day < end:
        wall = moments.local(day, zone).replace(
            tzinfo=None, hour=random.choice((8, 9, 10, 11, 14, 16, 17, 18)), minute=random.randrange(60),
            second=random.randrange(60), microsecond=0,
        )  # fmt: skip
        at = moments.moment(wall, zone)
        needs = [
            n
            for n, days in person.lasts.items()
            if at - last[n] > timedelta(days=0.85 * days)
        ]
        wants = [
            name for name, chance in person.likes.items() if random.random() < chance
        ]
        if (needs or wants) and start <= at < end and random.random() > _ELSEWHERE:
            items = [(name, *random.choice(SHELF[name])) for name in needs + wants]
            found.append(Basket("", person.id, at, items))
            last.update(dict.fromkeys(needs, at))
        day += timedelta(days=max(2.0, random.gauss(person.every, 1.5)))
    return found


def fill(
    settings: Settings,
    people: Sequence[Household],
    baskets: Sequence[Basket],
    *,
    at: datetime,
) -> None:
    """Writes customers, their consents and all orders into the demo's database."""
    store = open_store(settings.database_url)
    store.upgrade()
    with store.write() as tx:
        customers.save(tx, [_profile(p, settings.secret_key) for p in people], now=at)
        answers = [
            Consent(p.id, kind, bool(getattr(p, kind)), "checkout", at)
            for p in people
            for kind in permissions.KINDS
        ]
        permissions.record(tx, answers)
        orders.add(
            tx,
            [_head(b) for b in baskets],
            [line for b in baskets for line in _lines(b)],
        )
    store.close()


def _profile(person: Household, secret: str) -> dict[str, str]:
    profile = {
        name: getattr(person, name)
        for name in (
            "id",
            "first_name",
            "email",
            "phone",
            "timezone",
            "country",
            "locale",
            "birthday",
        )
    }
    profile["email_key"] = addresses.key(person.email, secret=secret)
    if person.phone:
        profile["phone_key"] = addresses.key(person.phone, secret=secret)
    return profile


def _head(basket: Basket) -> dict[str, object]:
    return {
        "id": basket.id,
        "customer_id": basket.customer_id,
        "placed_at": basket.at,
        "total": sum((Decimal(price) for _, _, price in basket.items), Decimal(0)),
        "currency": "GBP",
    }


def _lines(basket: Basket) -> list[dict[str, object]]:
    return [
        {
            "order_id": basket.id,
            "line": number,
            "customer_id": basket.customer_id,
            "placed_at": basket.at,
            "product": name.lower().replace(",", "").replace(" ", "-"),
            "name": name,
            "category": category,
            "shop_category": category,
            "quantity": Decimal(1),
            "price": Decimal(price),
        }
        for number, (category, name, price) in enumerate(basket.items, start=1)
    ]
