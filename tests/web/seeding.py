"""The shop at a moment: a runtime, its people, and the links in their messages."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from aftercart import addresses, links, loading
from aftercart.campaigns import Campaign
from aftercart.model import (
    Message,
)
from aftercart.rendering import Renderer
from aftercart.runtime import Runtime
from aftercart.settings import Settings
from aftercart.shop import Shop
from aftercart.store import (
    Tx,
    customers,
    open_store,
    permissions,
)
from aftercart.store.permissions import Consent

ROOT = Path(__file__).parents[2]
#: Thursday afternoon.
NOW = datetime(2026, 3, 5, 14, 20, tzinfo=UTC)
DATABASE = "aftercart.db"
SECRET = "a secret that is only for the tests"
TOKEN = "a token that is only for the tests"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PEOPLE = (
    ("c-1001", "Ann", "Europe/London", "GB"),
    ("c-1002", "Bo", "Europe/London", "GB"),
    ("c-1003", "Cy", "America/New_York", "US"),
    ("c-1004", "Di", "Asia/Tokyo", "JP"),
    ("c-1005", "Eve", "Europe/Dublin", "IE"),
    ("c-1006", "Femi", "Europe/London", "GB"),
    ("c-1007", "Gwen", "Europe/London", "GB"),
    ("c-1008", "Hiroko", "Asia/Tokyo", "JP"),
    ("c-1009", "Ines", "Europe/Lisbon", "PT"),
    ("c-1010", "Jonas-Maximilian", "Europe/Berlin", "DE"),
)


def runtime(folder: Path, **chosen: Any) -> Runtime:
    """A runtime on a database of its own, with the shipped campaigns, at NOW."""
    values = {
        "database_url": f"sqlite:///{folder / DATABASE}",
        "root": str(ROOT),
        "secret_key": SECRET,
        "api_token": TOKEN,
        "outbox": str(folder / "outbox.ndjson"),
    }
    settings = Settings(**{**values, **chosen})
    store = open_store(settings.database_url)
    store.upgrade()
    campaigns, shop, renderer = _shipped()
    return Runtime(
        settings=settings,
        store=store,
        clock=lambda: NOW,
        campaigns=campaigns,
        shop=shop,
        renderer=renderer,
    )


@cache
def _shipped() -> tuple[Mapping[str, Campaign], Shop, Renderer]:
    """Read and compiled once for all tests of a process."""
    campaigns = {c.name: c for c in loading.load_campaigns(ROOT / "campaigns")}
    shop = loading.load_shop(ROOT / "campaigns")
    return campaigns, shop, Renderer(ROOT / "templates")


def token(purpose: str, message: Message | str) -> str:
    """The token of a message's link."""
    id_ = message if isinstance(message, str) else message.id
    return links.sign(purpose, id_, secret=SECRET)


def person(tx: Tx, **said: Any) -> None:
    """One more customer, with consent to everything."""
    row = {"timezone": "Europe/London", "country": "GB", "locale": "en-GB", **said}
    for kind in ("email", "phone"):
        if row.get(kind):
            row[f"{kind}_key"] = addresses.key(row[kind], secret=SECRET)
    customers.save(tx, [row], now=NOW - 90 * DAY)
    agreed = [
        Consent(row["id"], kind, True, "checkout", NOW - 90 * DAY, "Yes, write to me.")
        for kind in permissions.KINDS
    ]
    permissions.record(tx, agreed)
