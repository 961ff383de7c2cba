"""A database that goes back in time claims again what it has sent; Redis remembers, and the customer gets one copy."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from aftercart.errors import Unavailable
from aftercart.identity import Identity
from aftercart.model import State
from aftercart.reasons import Code
from aftercart.store import pauses
from aftercart.store.tables import bells, message_events, renditions
from aftercart.store.tables import messages as rows
from aftercart.witness import Witness, open_witness
from tests.people import ANN, another
from tests.servers import Redis
from tests.verbs.stage import HOUR, Stage, due_alert, due_recipe, due_survey

BEA = another("bea")


@pytest.fixture
def told(stage: Stage, redis_server: Redis) -> Iterator[Witness]:
    """The stage's worker tells Redis what it claims, and looks at its database."""
    name = str(uuid4())
    witness = open_witness(redis_server.url, deployment=lambda: name)
    stage.rt.__dict__["witness"] = witness
    stage.rt.__dict__["identity"] = Identity(
        stage.rt.store, deployment="", clock=lambda: stage.now
    )
    yield witness
    witness.close()


def _go_back(stage: Stage, id_: str) -> None:
    """The database is where it was before the message was claimed."""
    with stage.rt.store.write() as tx:
        for table in (renditions, message_events):
            tx.execute(table.delete().where(table.c.message_id == id_))
        before = {
            "state": State.SCHEDULED,
            "fence": 0,
            "attempts": 0,
            "accepted_at": None,
            "slot_at": stage.now,
        }
        tx.execute(rows.update().where(rows.c.id == id_).values(before))
        tx.execute(bells.delete().where(bells.c.message_id == id_))
        tx.execute(bells.insert(), {"message_id": id_, "ring_at": stage.now, "rung": 0})


def _safe(stage: Stage) -> str:
    with stage.rt.store.read() as tx:
        held = pauses.paused(tx).get(pauses.SAFE_MODE)
    return held.words if held else ""


@pytest.mark.parametrize("due", [due_recipe, due_survey])
def test_what_the_database_has_forgotten_is_not_sent_again(
    stage: Stage, told: Witness, due: object
) -> None:
    id_ = due(stage)  # type: ignore[operator]
    stage.deliver(id_)
    _go_back(stage, id_)

    again = stage.deliver(id_)

    assert again == 0
    assert len(stage.post.sent) == 1
    message = stage.message(id_)
    assert message.state is State.UNCERTAIN
    assert message.reason is not None
    assert message.reason.code is Code.CLAIMED_BEFORE
    assert "it went back in time" in _safe(stage)


def test_the_others_of_its_batch_go(stage: Stage, told: Witness) -> None:
    forgotten = due_recipe(stage)
    stage.deliver(forgotten)
    _go_back(stage, forgotten)
    stage.move_in(BEA)
    other = due_recipe(stage, BEA, order="o-2")

    assert stage.deliver(forgotten, other) == 1
    assert stage.sent_to == [ANN.customer.email, BEA.customer.email]


def test_an_alert_goes_late_twice_being_better_than_never(
    stage: Stage, told: Witness
) -> None:
    id_ = due_alert(stage)
    stage.deliver(id_)
    _go_back(stage, id_)

    assert stage.deliver(id_) == 1
    assert stage.message(id_).state is State.ACCEPTED
    assert _safe(stage) == ""


def test_a_report_settles_what_was_forgotten(stage: Stage, told: Witness) -> None:
    id_ = due_recipe(stage)
    stage.deliver(id_)
    _go_back(stage, id_)
    stage.deliver(id_)

    stage.report(stage.event_of("delivered", id_))

    assert stage.message(id_).state is State.ACCEPTED


def test_a_message_that_is_tried_again_is_not_taken_for_a_forgotten_one(
    stage: Stage, told: Witness
) -> None:
    id_ = due_recipe(stage)
    stage.post.answers.append(Unavailable("not now", provider="post"))
    stage.deliver(id_)
    stage.now += HOUR
    stage.tick()

    assert stage.message(id_).state is State.ACCEPTED
    assert _safe(stage) == ""


def test_who_has_looked_is_not_asked_again_for_each_that_turns_up(
    stage: Stage, told: Witness
) -> None:
    first = due_recipe(stage)
    stage.move_in(BEA)
    second = due_recipe(stage, BEA, order="o-2")
    for id_ in (first, second):
        stage.deliver(id_)
        _go_back(stage, id_)
    stage.deliver(first)
    asked = _safe(stage)
    assert stage.rt.identity is not None
    stage.rt.identity.accept()

    stage.deliver(second)

    assert "went back in time" in asked
    assert _safe(stage) == ""
    assert stage.message(second).state is State.UNCERTAIN
    assert len(stage.post.sent) == 2
