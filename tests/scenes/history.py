"""Three months of a small shop's purchases, made from a number: enough habits for every shipped campaign to have work."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

#: The days that the scenes replay; the Tuesday in them has a survey.
START = datetime(2026, 3, 9, tzinfo=UTC)
DAYS = 3
FROM, TO = "2026-03-09", "2026-03-11"
CUSTOMERS = 60
#: Whose mailboxes the sandbox plays tricks with.
_TROUBLES = {4: "bounce", 13: "answer-400", 22: "take-and-500"}
TROUBLED = frozenset(f"c-{n:03}" for n in _TROUBLES)
_WEEKS = 9
_ZONES = ("Europe/London", "Europe/London", "America/New_York", "Asia/Tokyo")
_SHELF = (
    ("Whole milk, 2 pints", "milk", "1.45"),
    ("Free-range eggs, 12", "eggs", "3.20"),
    ("Sourdough loaf", "bread", "3.40"),
    ("Chicken thighs, 1 kg", "chicken", "4.25"),
    ("Ground coffee, 227 g", "coffee", "4.75"),
)


def write_customers(path: Path) -> None:
    """A CSV of customers; some have addresses at which the sandbox misbehaves."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(
            ["customer_id", "first_name", "email", "phone", "timezone", "country",
             "email_marketing", "sms_marketing", "survey"]
        )  # fmt: skip
        for n in range(CUSTOMERS):
            rows.writerow(
                [f"c-{n:03}", f"Ann{n}", f"{_local_part(n)}@shop.example",
                 f"+4477009001{n:02}" if n % 3 else "", _ZONES[n % 4], "GB",
                 "no" if n % 9 == 0 else "yes", "yes" if n % 2 else "no",
                 "no" if n % 7 == 0 else "yes"]
            )  # fmt: skip


def write_orders(path: Path) -> None:
    """A CSV of order lines: everybody shops every five to nine days, until the end of what is replayed."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(
            ["order_id", "customer_id", "placed_at", "product", "category",
             "quantity", "price"]
        )  # fmt: skip
        for n in range(CUSTOMERS):
            luck = Random(n)
            at = START - timedelta(weeks=_WEEKS, hours=luck.randint(0, 160))
            number = 0
            while at < START + timedelta(days=DAYS):
                basket = [line for line in _SHELF if luck.random() < 0.7] or [_SHELF[0]]
                for product, category, price in basket:
                    rows.writerow(
                        [f"o-{n:03}-{number:02}", f"c-{n:03}", at.isoformat(), product,
                         category, 1, price]
                    )  # fmt: skip
                number += 1
                at += timedelta(days=5 + n % 5, minutes=luck.randint(-300, 300))


def _local_part(n: int) -> str:
    return f"{_TROUBLES[n]}-{n}" if n in _TROUBLES else f"ann.{n}"
