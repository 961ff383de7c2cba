"""The shop that is measured: customers whose recipe e-mail is due."""

from datetime import datetime, timedelta
from decimal import Decimal

from aftercart import addresses
from aftercart.model import Enrollment, enrollment_id
from aftercart.runtime import Runtime, wall_clock
from aftercart.store import customers, enrollments, orders, permissions
from aftercart.store.permissions import Consent

CAMPAIGN = "recipe-follow-up"


def stock(rt: Runtime, count: int) -> None:
    """So many customers whose chicken came two days ago, in a time zone where it is now time to cook."""
    now = wall_clock()
    zone = _cooking_time(now)
    shopped = now - timedelta(days=2)
    ids = [f"c-{n}" for n in range(count)]
    with rt.store.write() as tx:
        customers.save(
            tx, [_person(i, zone, rt.settings.secret_key) for i in ids], now=shopped
        )
        permissions.record(
            tx, [Consent(i, "email_marketing", True, "bench", shopped) for i in ids]
        )
        for part in range(0, count, 1000):
            some = ids[part : part + 1000]
            orders.add(
                tx,
                [_head(i, shopped) for i in some],
                [x for i in some for x in _lines(i, shopped)],
            )
            enrollments.add(tx, [_enrolled(rt, i, now) for i in some])


def _cooking_time(now: datetime) -> str:
    hours = (17 - now.hour + 12) % 24 - 12
    # the sign of these names is the wrong way round, by POSIX
    return f"Etc/GMT{-hours:+d}" if hours else "Etc/GMT"


def _person(id_: str, zone: str, secret: str) -> dict[str, str]:
    email = f"{id_}@shop.example"
    return {
        "id": id_,
        "first_name": "Ada",
        "email": email,
        "email_key": addresses.key(email, secret=secret),
        "timezone": zone,
        "country": "GB",
        "locale": "en-GB",
    }


def _head(id_: str, at: datetime) -> dict[str, object]:
    return {
        "id": f"o-{id_}",
        "customer_id": id_,
        "placed_at": at,
        "delivered_at": at,
        "total": Decimal("21.40"),
        "currency": "GBP",
    }


def _lines(id_: str, at: datetime) -> list[dict[str, object]]:
    basket = ("chicken", "vegetables", "potatoes", "milk", "eggs")
    return [
        {
            "order_id": f"o-{id_}",
            "line": number,
            "customer_id": id_,
            "placed_at": at,
            "product": category,
            "name": category.title(),
            "category": category,
            "quantity": Decimal(1),
            "price": Decimal("2.50"),
        }
        for number, category in enumerate(basket, start=1)
    ]


def _enrolled(rt: Runtime, id_: str, now: datetime) -> Enrollment:
    campaign = rt.campaigns[CAMPAIGN]
    return Enrollment(
        id=enrollment_id(CAMPAIGN, id_, f"o-{id_}"),
        campaign=CAMPAIGN,
        version=campaign.version,
        customer_id=id_,
        occurrence=f"o-{id_}",
        started_at=now - timedelta(days=2),
        step=1,  # the wait is over
        due_at=now,
        order_id=f"o-{id_}",
    )
