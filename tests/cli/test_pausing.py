"""Safe mode at the terminal: what waits is shown, and goes when a person says so."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from aftercart.identity import Identity
from aftercart.model import Purpose
from aftercart.store import Store, pauses
from tests.people import ANN, BO, move_in
from tests.scenes.house import House
from tests.store.planting import DAY, HOUR, message, plant

pytestmark = pytest.mark.slow


def _process(store: Store, *, deployment: str) -> None:
    """A process that sends begins, under this name, and sends something."""
    begun = Identity(store, deployment=deployment, clock=lambda: datetime.now(UTC))
    begun.look()
    begun.sent()


def _safe_mode(house: House) -> str:
    with house.store() as store, store.read() as tx:
        held = pauses.paused(tx).get("safe-mode")
    return held.words if held else ""


def _plant(store: Store) -> None:
    now = datetime.now(UTC)
    due, fresh, stale = now - 2 * HOUR, now + DAY, now - HOUR
    survey = {"purpose": Purpose.SURVEY, "campaign": "nps-survey"}
    with store.write() as tx:
        move_in(tx, ANN, BO)
        plant(
            tx,
            *(message(f"o-{n}", due_at=due, expires_at=fresh) for n in range(3)),
            message("o-4", due_at=due, expires_at=stale),
            message("o-5", due_at=due, expires_at=fresh, customer_id=BO.id),
            message("o-6", due_at=now + HOUR, expires_at=fresh),
            message("o-7", due_at=due, expires_at=stale, **survey),
            message(
                "o-8", due_at=due, expires_at=fresh, **survey | {"purpose": "service"}
            ),
        )


def test_a_review_shows_what_would_go_and_lets_it_go(house: House) -> None:
    with house.store() as store:
        store.upgrade()
        _process(store, deployment="shop")
        _plant(store)
        _process(store, deployment="trial")

    shown = house.command("resume", expect=1).stdout
    held = _safe_mode(house)
    listed = house.command("resume", "--json", expect=1).stdout
    done = house.command("resume", "--reviewed").stdout

    assert 'it belonged to the deployment "shop"' in held
    assert held in shown
    rows = [line.split()[:5] for line in shown.splitlines()]
    assert ["recipe-follow-up", "marketing", "3", "1", "1"] in rows
    assert ["nps-survey", "survey", "0", "1", "0"] in rows
    assert (
        "3 messages would go, in their hours and under their caps; 2 too late" in shown
    )
    assert "aftercart resume --reviewed" in shown
    assert [json.loads(line)["would_go"] for line in listed.splitlines()] == [0, 3]
    assert done.endswith("safe mode is over\n")
    assert _safe_mode(house) == ""
    with house.store() as store:
        _process(store, deployment="trial")
    assert _safe_mode(house) == ""


def test_another_resume_does_not_end_safe_mode_and_says_so(house: House) -> None:
    at = datetime.now(UTC) - timedelta(minutes=1)
    house.command("db", "upgrade")
    with house.store() as store, store.write() as tx:
        for scope in ("all", "provider:sms", "safe-mode"):
            pauses.pause(tx, scope, at=at, by="test", words="as a test")

    told = house.command("resume", "all").stdout
    provider = house.command("resume", "provider:sms").stdout

    assert "in safe mode: aftercart resume" in told
    assert provider.startswith("resumed: provider:sms")
    assert _safe_mode(house) == "as a test"


def test_a_resume_of_nothing_names_what_is_held(house: House) -> None:
    house.command("db", "upgrade")
    with house.store() as store, store.write() as tx:
        pauses.pause(tx, "channel:sms", at=datetime.now(UTC), by="test")

    told = house.command("resume", expect=2).stderr

    assert "held now: channel:sms" in told
