"""What is planned is called off: at once, for good, and never what a provider has."""

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from aftercart import calling_off
from aftercart.calling_off import CalledOff, Scope
from aftercart.errors import InputError
from aftercart.model import State
from aftercart.store import pauses, tables, transitions
from aftercart.store.transitions import Ready
from tests.people import ANN, CY, Person
from tests.verbs.stage import (
    DAY,
    HOUR,
    MINUTE,
    MONDAY,
    Stage,
    due_recipe,
    due_survey,
)


def _call_off(stage: Stage, kind: str, id_: str = "") -> CalledOff:
    return calling_off.call_off(
        stage.rt, Scope(kind, id_), who="ann", why="the recipe was wrong"
    )


def _on_the_way(stage: Stage, *cast: Person) -> None:
    stage.only("recipe-follow-up")
    for who in cast:
        stage.tell("order.placed", who, order=f"o-{who.id}", items=["chicken"])
        stage.tell("order.delivered", who, order=f"o-{who.id}")
    stage.plan()


def _planner(stage: Stage, go_on: threading.Event) -> threading.Thread:
    """Somebody who plans until they may go on."""
    planning = threading.Event()

    def plan() -> None:
        with stage.rt.store.write_alone() as tx:
            assert tx is not None
            planning.set()
            go_on.wait(10)

    planner = threading.Thread(target=plan)
    planner.start()
    assert planning.wait(10)
    return planner


def _held(stage: Stage) -> set[str]:
    with stage.rt.store.read() as tx:
        return set(pauses.paused(tx))


def test_a_due_message_is_cancelled_with_who_when_and_why(stage: Stage) -> None:
    id_ = due_recipe(stage)

    done = _call_off(stage, "campaign", "recipe-follow-up")

    stage.run(MONDAY + 5 * DAY)
    message = stage.message(id_)
    assert done.messages == 1
    assert message.state is State.CANCELLED
    assert message.reason is not None
    assert message.reason.sentence() == (
        "Called off by ann at 4 Mar 16:00 UTC: the recipe was wrong."
    )
    assert stage.story(id_)[-1] == ("cancelled", "called_off")
    assert stage.post.sent == []


@pytest.mark.parametrize(
    ("kind", "id_", "left"),
    [
        ("campaign", "recipe-follow-up", set()),
        ("order", "o-ann", {"cy"}),
        ("customer", "cy", {"ann"}),
        ("all", "", set()),
    ],
)
def test_ways_end_of_whom_it_concerns_and_go_on_for_the_others(
    stage: Stage, kind: str, id_: str, left: set[str]
) -> None:
    _on_the_way(stage, ANN, CY)

    done = _call_off(stage, kind, id_)
    stage.run(MONDAY + 5 * DAY)

    assert done.ways == 2 - len(left)
    sent = {row.customer_id for row in stage.messages() if row.state == State.ACCEPTED}
    assert sent == left


def test_one_message_can_be_called_off_alone(scene: Stage) -> None:
    other = Person(replace(ANN.customer, id="al", email="al@mail.example"))
    scene.move_in(other)
    _on_the_way(scene, ANN, other)
    scene.now = MONDAY + 2 * DAY + 7 * HOUR
    both = scene.plan()
    (ann,) = [row.id for row in scene.messages(who=ANN)]

    done = _call_off(scene, "message", ann)
    scene.deliver(*both)

    assert done == CalledOff(messages=1, ways=0, at_provider=0)
    assert scene.sent_to == [other.customer.email]


def test_to_do_it_again_changes_nothing(stage: Stage) -> None:
    due_recipe(stage)
    _call_off(stage, "all")
    before = stage.rows(tables.message_events)

    assert _call_off(stage, "all") == CalledOff(0, 0, 0)
    assert stage.rows(tables.message_events) == before


def test_what_is_at_the_provider_stays_as_it_is_and_is_said(stage: Stage) -> None:
    id_ = due_recipe(stage)
    ready = Ready(id_, "ann@mail.example", "v", {})
    with stage.rt.store.write() as tx:
        lease = stage.now + MINUTE
        transitions.claim(tx, [ready], now=stage.now, lease_until=lease, actor="w")

    done = _call_off(stage, "campaign", "recipe-follow-up")

    assert (done.messages, done.at_provider) == (0, 1)
    assert stage.message(id_).state is State.SENDING


def test_what_was_rung_and_rendered_is_not_claimed_after_it_was_called_off(
    stage: Stage,
) -> None:
    id_ = due_recipe(stage)

    with stage.between_decision_and_claim(lambda: _call_off(stage, "all")):
        stage.deliver(id_)

    assert stage.post.sent == []
    assert stage.message(id_).state is State.CANCELLED


@pytest.mark.parametrize(
    "scope",
    [
        "all",
        "campaign:recipe-follow-up",
        "ending:all",
        "ending:campaign:recipe-follow-up",
    ],
)
def test_what_was_rung_and_rendered_is_not_claimed_after_a_pause(
    stage: Stage, scope: str
) -> None:
    id_ = due_recipe(stage)

    def pause() -> None:
        with stage.rt.store.write() as tx:
            pauses.pause(tx, scope, at=stage.now, by="ann")

    with stage.between_decision_and_claim(pause):
        stage.deliver(id_)

    assert stage.post.sent == []
    assert stage.message(id_).state is State.SCHEDULED


def test_every_message_is_either_sent_or_cancelled_while_workers_claim(
    stage: Stage,
) -> None:
    stage.move_in(
        *(
            Person(
                replace(
                    ANN.customer, id=f"p-{n}", email=f"p{n}@x.example", email_key=""
                )
            )
            for n in range(60)
        )
    )
    stage.only("recipe-follow-up")
    for n in range(60):
        who = Person(replace(ANN.customer, id=f"p-{n}"))
        stage.tell("order.placed", who, order=f"o-{n}", items=["chicken"])
        stage.tell("order.delivered", who, order=f"o-{n}")
    stage.now = MONDAY + 2 * DAY + 7 * HOUR
    ids = stage.plan()
    assert len(ids) == 60
    begun = threading.Event()

    def work() -> None:
        for start in range(0, 60, 5):
            stage.deliver(*ids[start : start + 5])
            begun.set()

    worker = threading.Thread(target=work)
    worker.start()
    assert begun.wait(10)
    done = _call_off(stage, "campaign", "recipe-follow-up")
    worker.join()

    cancelled = {r.id for r in stage.messages() if r.state == State.CANCELLED}
    sent = {one.message_id for _, one in stage.post.sent}
    assert len(cancelled) == done.messages
    assert sent | cancelled == set(ids)
    assert sent & cancelled == set()


def test_who_is_planning_is_waited_for_so_that_no_message_comes_after_all(
    stage: Stage,
) -> None:
    _on_the_way(stage, ANN)
    stage.now = MONDAY + 2 * DAY + 7 * HOUR
    go_on = threading.Event()
    planner = _planner(stage, go_on)
    done: list[CalledOff] = []
    caller = threading.Thread(target=lambda: done.append(_call_off(stage, "all")))
    caller.start()
    caller.join(0.2)
    waited = not done
    go_on.set()
    planner.join()
    caller.join()

    assert waited
    assert done[0].ways == 1


# with SQLite a planner who stands still lets nobody write, so that nothing is sent either
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_is_there_ends_at_once_and_the_rest_of_the_campaign_is_held_while_somebody_plans(
    stage: Stage,
) -> None:
    id_ = due_recipe(stage)
    go_on = threading.Event()
    planner = _planner(stage, go_on)
    done: list[CalledOff] = []
    caller = threading.Thread(
        target=lambda: done.append(_call_off(stage, "campaign", "recipe-follow-up"))
    )
    caller.start()
    deadline = time.monotonic() + 10
    while stage.message(id_).state is not State.CANCELLED:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    held = _held(stage)
    go_on.set()
    planner.join()
    caller.join()

    assert held == {"ending:campaign:recipe-follow-up"}
    assert done == [CalledOff(messages=1, ways=0, at_provider=0)]
    assert _held(stage) == set()


# with SQLite a planner who stands still lets nobody write, so that nothing is sent either
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_who_waits_for_a_planner_in_vain_leaves_the_campaign_held_and_ends_it_the_next_time(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling_off, "_PATIENCE", timedelta(seconds=0.2))
    go_on = threading.Event()
    planner = _planner(stage, go_on)
    with pytest.raises(InputError, match="0 messages were called off"):
        _call_off(stage, "campaign", "recipe-follow-up")
    go_on.set()
    planner.join()
    id_ = due_recipe(stage)
    stage.deliver(id_)

    waiting = stage.message(id_)
    assert waiting.reason is not None
    assert waiting.reason.sentence() == (
        "Held since 2 Mar 09:00: the campaign recipe-follow-up is being called off by ann; "
        "if that broke off, call it off again."
    )
    assert _call_off(stage, "campaign", "recipe-follow-up").messages == 1
    assert _held(stage) == set()
    assert stage.post.sent == []


def test_a_pause_of_a_person_outlives_the_calling_off(stage: Stage) -> None:
    with stage.rt.store.write() as tx:
        pauses.pause(tx, "campaign:recipe-follow-up", at=stage.now, by="bob")

    _call_off(stage, "campaign", "recipe-follow-up")

    assert _held(stage) == {"campaign:recipe-follow-up"}


def test_a_survey_that_waits_is_called_off_too(scene: Stage) -> None:
    due_survey(scene)

    assert _call_off(scene, "customer", "ann").messages == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("campaign:recipe-folow-up", 'did you mean "recipe-follow-up"?'),
        ("order:o-99", 'there is no order "o-99"'),
        ("customer:nobody", 'there is no customer "nobody"'),
        ("message:m-1", 'there is no message "m-1"'),
        ("custmer:ann", 'did you mean "customer"?'),
        ("recipe-follow-up", "write campaign:ID, order:ID, customer:ID, message:ID"),
        ("order:", "can not be called off"),
    ],
)
def test_what_is_not_there_can_not_be_called_off(
    scene: Stage, text: str, words: str
) -> None:
    with pytest.raises(InputError) as wrong:
        calling_off.read_scope(scene.rt, text)

    assert words in str(wrong.value)


def test_what_is_there_can_be_called_off(scene: Stage) -> None:
    assert calling_off.read_scope(scene.rt, "customer:ann") == Scope("customer", "ann")
    assert str(calling_off.read_scope(scene.rt, "campaign:nps-survey")) == (
        "campaign:nps-survey"
    )
