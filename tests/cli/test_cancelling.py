"""`aftercart cancel`: what is planned is called off, and what is too late for it is said."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from aftercart.model import State
from aftercart.store import messages, transitions
from aftercart.store.transitions import Ready
from tests.people import ANN, BO, move_in
from tests.scenes.house import House
from tests.store.planting import HOUR, message, plant

pytestmark = pytest.mark.slow


def _plant(house: House) -> None:
    """Two messages of Ann, one of which is at the provider, and one of Bo."""
    now = datetime.now(UTC)
    with house.store() as store:
        store.upgrade()
        with store.write() as tx:
            move_in(tx, ANN, BO)
            plant(
                tx,
                message("o-1", due_at=now + HOUR, expires_at=now + 5 * HOUR),
                message("o-2", due_at=now - HOUR, expires_at=now + 5 * HOUR),
                message(
                    "o-3",
                    due_at=now + HOUR,
                    expires_at=now + 5 * HOUR,
                    customer_id=BO.id,
                ),
                slot_at=now,
            )
            second = message("o-2", due_at=now, expires_at=now + HOUR).id
            lease = now + timedelta(minutes=1)
            ready = [Ready(second, "ann@mail.example", "v", {})]
            assert transitions.claim(
                tx, ready, now=now, lease_until=lease, actor="test"
            )


def _states(house: House) -> list[str]:
    with house.store() as store, store.read() as tx:
        ids = [message(o, due_at=_NOW, expires_at=_NOW).id for o in ("o-1", "o-2")]
        third = message("o-3", due_at=_NOW, expires_at=_NOW, customer_id=BO.id).id
        found = messages.load(tx, [*ids, third])
        return [found[id_].state for id_ in [*ids, third]]


_NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_what_is_planned_for_a_customer_is_called_off_and_the_rest_is_said(
    house: House,
) -> None:
    _plant(house)

    done = house.command("cancel", "customer:ann", "--why", "she asked us").stdout
    again = house.command("cancel", "customer:ann", "--json").stdout

    assert "called off: customer:ann: 1 message, 0 enrollments" in done
    assert "1 message at the provider, or on the way there" in done
    assert json.loads(again) == {
        "scope": "customer:ann",
        "messages": 0,
        "ways": 0,
        "at_provider": 1,
    }
    assert _states(house) == [State.CANCELLED, State.SENDING, State.SCHEDULED]
    (told,) = house.log("--customer", "ann", "--state", "cancelled")
    assert told["reason"] == "called_off"
    assert "she asked us." in json.dumps(told)


def test_all_is_called_off_only_by_who_is_sure(house: House) -> None:
    _plant(house)

    unsure = house.command("cancel", "--all", expect=2).stderr
    before = _states(house)
    house.command("cancel", "--all", "--yes")

    assert "--all --yes" in unsure
    assert before == [State.SCHEDULED, State.SENDING, State.SCHEDULED]
    assert _states(house) == [State.CANCELLED, State.SENDING, State.CANCELLED]


def test_a_slip_calls_nothing_off(house: House) -> None:
    slip = house.command("cancel", "campaign:recipe-folow-up", expect=2).stderr
    nothing = house.command("cancel", expect=2).stderr

    assert 'did you mean "recipe-follow-up"?' in slip
    assert "say what is to be called off" in nothing


def test_a_broken_campaign_is_in_nobodys_way(house: House) -> None:
    broken = house.folder / "campaigns" / "recipe-follow-up.yaml"
    broken.write_text("name: [\n  - {")
    slip = house.command("cancel", "campaign:recipe-folow-up", expect=2).stderr

    held = house.command("pause", "recipe-follow-up").stdout
    done = house.command("cancel", "campaign:recipe-follow-up").stdout
    lifted = house.command("resume", "recipe-follow-up").stdout

    assert 'did you mean "recipe-follow-up"?' in slip
    assert "paused: campaign:recipe-follow-up" in held
    assert "called off: campaign:recipe-follow-up: 0 messages" in done
    assert "resumed: campaign:recipe-follow-up" in lifted
