"""What a campaign does: who got it beside who was held back, and what they did afterwards."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from aftercart import measuring
from aftercart.campaigns import Goal, Send, Variant
from aftercart.errors import InputError
from aftercart.explaining import explain
from aftercart.model import State
from aftercart.policy import held_out
from aftercart.reasons import Code
from aftercart.store import records
from aftercart.uplift import Group
from tests.people import ANN, Person
from tests.verbs.stage import COOKING_TIME, DAY, HOUR, MONDAY, Stage

GOAL = Goal("order.placed", timedelta(days=7))
NAME = "recipe-follow-up"


def another(name: str) -> Person:
    customer = replace(
        ANN.customer, id=name, email=f"{name}@mail.example", phone="", phone_key=""
    )
    return replace(ANN, customer=replace(customer, email_key=f"key-{name}"))


@pytest.fixture
def crowd(stage: Stage) -> list[Person]:
    """Forty people who bought chicken, of whom a half is held back; the message is out, and a week and a day are over."""
    stage.only(NAME)
    half = replace(stage.rt.campaigns[NAME], holdout=0.5, goal=GOAL)
    stage.rt.campaigns = {NAME: half}
    people = [another(f"p-{n:02}") for n in range(40)]
    stage.move_in(*people)
    for n, who in enumerate(people):
        stage.tell("order.placed", who, at=MONDAY, order=f"o-{n}", items=["chicken"])
        stage.tell("order.delivered", who, at=MONDAY, order=f"o-{n}")
    stage.run(COOKING_TIME + HOUR)
    return people


def _held(stage: Stage, who: Person) -> bool:
    return held_out(stage.rt.campaigns[NAME], who.customer) is not None


def _order(stage: Stage, who: Person, at: datetime, total: str = "10.00") -> None:
    stage.now = at
    stage.tell("order.placed", who, at=at, order=f"{who.id}-{at:%d%H}", total=total)


def test_who_is_held_back_gets_nothing_and_the_log_says_why(
    stage: Stage, crowd: list[Person]
) -> None:
    ends = {row.customer_id: (row.state, row.reason) for row in stage.messages()}

    held = {who.id for who in crowd if _held(stage, who)}
    assert 0 < len(held) < len(crowd)
    for name, (state, reason) in ends.items():
        skipped = state == State.SKIPPED and reason["code"] == Code.HOLDOUT
        assert skipped if name in held else state == State.ACCEPTED
    assert len(stage.post.sent) == len(crowd) - len(held)


def test_orders_within_the_time_of_the_goal_count_for_each_side(
    stage: Stage, crowd: list[Person]
) -> None:
    got = [who for who in crowd if not _held(stage, who)]
    held = [who for who in crowd if _held(stage, who)]
    for who in got[:3]:
        _order(stage, who, COOKING_TIME + 2 * DAY, "20.00")
    _order(stage, held[0], COOKING_TIME + 3 * DAY, "8.00")
    # too late, and once more by somebody who has done it
    _order(stage, got[0], COOKING_TIME + 4 * DAY, "1.00")
    _order(stage, got[4], COOKING_TIME + 7 * DAY + HOUR)
    stage.now = COOKING_TIME + 8 * DAY

    (found,) = measuring.results(stage.rt, NAME)

    assert found.got == Group(len(got), 3)
    assert found.held == Group(len(held), 1)
    assert found.worth_got == round(Decimal("61.00") / len(got), 2)
    assert found.worth_held == round(Decimal("8.00") / len(held), 2)
    assert not found.uplift.enough


def test_a_person_counts_when_the_time_of_the_goal_is_over_and_not_before(
    stage: Stage, crowd: list[Person]
) -> None:
    stage.now = COOKING_TIME + 7 * DAY - HOUR
    (early,) = measuring.results(stage.rt, NAME)
    stage.now = COOKING_TIME + 7 * DAY
    (late,) = measuring.results(stage.rt, NAME)

    assert (early.got.people, early.held.people) == (0, 0)
    assert late.got.people + late.held.people == len(crowd)


def test_since_a_day_only_later_messages_count(
    stage: Stage, crowd: list[Person]
) -> None:
    stage.now = COOKING_TIME + 8 * DAY

    (found,) = measuring.results(stage.rt, NAME, since=COOKING_TIME + DAY)

    assert (found.got.people, found.held.people) == (0, 0)


def test_pages_of_people_are_counted_once_each(
    stage: Stage, crowd: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aftercart.store.records.results._PAGE", 7)
    stage.now = COOKING_TIME + 8 * DAY

    (found,) = measuring.results(stage.rt, NAME)

    assert found.got.people + found.held.people == len(crowd)


def test_explain_says_to_whom_it_is_held_back(
    stage: Stage, crowd: list[Person]
) -> None:
    held = next(who for who in crowd if _held(stage, who))

    (told,) = explain(stage.rt, held.id)

    line = next(line for line in told.entry if line.check == "holdout")
    assert (line.seen, line.outcome) == ("held back", "no")
    assert told.messages[0].sentence == (
        "Held back on purpose: 50 in a hundred do not get this campaign, to see what it does."
    )


def test_a_campaign_without_a_goal_says_how_to_write_one(stage: Stage) -> None:
    stage.only("nps-survey")

    with pytest.raises(InputError, match="has no goal; write one into"):
        list(measuring.results(stage.rt, "nps-survey"))
    assert list(measuring.results(stage.rt)) == []


VARIANTS = (Variant("a", NAME, 0.5), Variant("b", NAME, 0.5))


def test_variants_stand_beside_each_other_from_the_message_that_each_person_got(
    stage: Stage,
) -> None:
    stage.only(NAME)
    way = stage.rt.campaigns[NAME]
    steps = [
        replace(step, variants=VARIANTS) if isinstance(step, Send) else step
        for step in way.steps
    ]
    stage.rt.campaigns = {
        NAME: replace(way, steps=tuple(steps), goal=GOAL, holdout=0.2)
    }
    people = [another(f"v-{n:03}") for n in range(140)]
    stage.move_in(*people)
    for n, who in enumerate(people):
        stage.tell("order.placed", who, at=MONDAY, order=f"o-{n}", items=["chicken"])
        stage.tell("order.delivered", who, at=MONDAY, order=f"o-{n}")
    stage.run(COOKING_TIME + HOUR)
    people = [who for who in people if not _held(stage, who)]
    rows = stage.messages()
    lots = {row.customer_id: row.facts["variant"] for row in rows}
    b = [who for who in people if lots[who.id] == "b"]
    assert len(people) < len(rows)
    for who in b[:20]:
        _order(stage, who, COOKING_TIME + DAY, "20.00")
    stage.now = COOKING_TIME + 9 * DAY

    (found,) = measuring.results(stage.rt, NAME)

    first, second = found.variants
    assert (first.name, first.got) == ("a", Group(len(people) - len(b), 0))
    assert (second.name, second.got) == ("b", Group(len(b), 20))
    assert (first.beside, second.worth) == (None, round(Decimal(400) / len(b), 2))
    assert second.beside
    words = second.beside.beside(second.name, second.other)
    assert words.startswith("b brings ") and words.endswith("): hardly chance.")
    with stage.rt.store.read() as tx:
        logged = {
            row.customer: row.to_json()["variant"] for row in records.log(tx, limit=500)
        }
    assert logged == lots
