"""Why somebody got it, and why somebody else did not: the check that decided stands there, with its line in the YAML."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from aftercart.errors import InputError
from aftercart.explaining import Explanation, Line, explain
from aftercart.model import State
from aftercart.reasons import Code, because
from aftercart.store import pauses, tables
from tests.people import ANN, BO, CY, DI, Person, another
from tests.verbs.stage import (
    COOKING_TIME,
    DAY,
    HOUR,
    MINUTE,
    MONDAY,
    Stage,
    due_alert,
    due_recipe,
)

#: A reason that a message in this state has; the others have none.
_ENDS = {
    State.UNCERTAIN: because(Code.LEASE_LAPSED).to_json(),
    State.UNKNOWN: because(Code.NO_PROOF, period="72 hours").to_json(),
    State.FAILED: because(Code.REFUSED, words="550").to_json(),
    State.SKIPPED: because(Code.ORDER_REFUNDED, order="o-1").to_json(),
    State.EXPIRED: because(Code.EXPIRED, best_before="noon").to_json(),
    State.CANCELLED: because(Code.ORDER_CANCELLED, order="o-1").to_json(),
}


def _explained(stage: Stage, who: Person, campaign: str) -> Explanation:
    (one,) = explain(stage.rt, who.id, campaign=campaign)
    return one


def _line(explained: Explanation, check: str) -> Line:
    return next(line for line in explained.entry if line.check == check)


def test_who_got_it_sees_by_what_and_how_it_went(stage: Stage) -> None:
    id_ = due_recipe(stage)
    stage.deliver(id_)
    stage.report(stage.event_of("delivered", id_))

    explained = _explained(stage, ANN, "recipe-follow-up")

    (told,) = explained.messages
    assert told.message.id == id_
    assert told.sentence == "Sent by e-mail through post; delivered."
    assert told.checks == []


def test_who_did_not_sees_the_check_that_decided_and_its_place(scene: Stage) -> None:
    scene.only("recipe-follow-up")
    for verb in ("placed", "delivered"):
        scene.tell(f"order.{verb}", CY, order="o-1", items=["eggs"])
    scene.run(MONDAY + 3 * DAY)

    explained = _explained(scene, CY, "recipe-follow-up")

    assert explained.messages == []
    no = [line for line in explained.entry if line.outcome == "no"]
    assert [line.check for line in no] == ["any(item.category == 'chicken')"]
    assert no[0].place.startswith("campaigns/recipe-follow-up.yaml:")


def test_who_unsubscribed_sees_that_and_since_when(scene: Stage) -> None:
    scene.only("recipe-follow-up")
    for verb in ("placed", "delivered"):
        scene.tell(f"order.{verb}", BO, order="o-1", items=["chicken"])
    scene.run(MONDAY + 3 * DAY)

    explained = _explained(scene, BO, "recipe-follow-up")

    (told,) = explained.messages
    assert "suppression list: unsubscribe, since 6 Jan" in told.sentence
    assert _line(explained, "permission").outcome == "no"
    assert "unsubscribe" in _line(explained, "permission").seen
    assert _line(explained, "trigger").outcome == "yes"


def test_who_never_had_the_event_sees_that(scene: Stage) -> None:
    explained = _explained(scene, ANN, "recipe-follow-up")

    assert _line(explained, "trigger").seen == "no order.delivered yet"
    assert _line(explained, "trigger").outcome == "no"


def test_what_waits_shows_the_checks_as_they_would_decide_now(scene: Stage) -> None:
    scene.only("recipe-follow-up")
    for verb in ("placed", "delivered"):
        scene.tell(f"order.{verb}", ANN, order="o-1", items=["chicken"])
    scene.run(COOKING_TIME - 2 * HOUR)

    (told,) = _explained(scene, ANN, "recipe-follow-up").messages

    outcomes = {line.check: line.outcome for line in told.checks}
    assert outcomes.pop("campaign's hours") == "wait"
    assert set(outcomes.values()) == {"yes"}


@pytest.mark.parametrize(
    ("due", "campaign", "words"),
    [
        (due_alert, "delivery-delay", "none needed"),
        (due_recipe, "recipe-follow-up", "agreed"),
    ],
)
def test_a_service_message_is_not_said_to_have_been_agreed_to(
    scene: Stage, due: Callable[[Stage], str], campaign: str, words: str
) -> None:
    due(scene)

    (told,) = _explained(scene, ANN, campaign).messages

    assert [line.seen for line in told.checks if line.check == "consent"] == [words]


def test_a_pause_is_named_with_its_time(scene: Stage) -> None:
    due_recipe(scene)
    with scene.rt.store.write() as tx:
        pauses.pause(tx, "campaign:recipe-follow-up", at=scene.now, by="test")

    (told,) = _explained(scene, ANN, "recipe-follow-up").messages

    (held,) = [line for line in told.checks if line.outcome != "yes"]
    assert (held.check, held.outcome) == ("paused", "wait")
    assert held.seen == "the campaign recipe-follow-up"
    assert told.sentence == (
        "Held: the campaign recipe-follow-up is paused since 4 Mar 16:00."
    )


def test_what_is_due_later_says_when_on_the_customers_clock(scene: Stage) -> None:
    id_ = due_recipe(scene)
    scene.put(id_, due_at=scene.now + HOUR)
    late = because(Code.LATE_ORDER, order="o-2").to_json()
    zone = tables.customers.update().values(timezone="Asia/Tokyo")

    (here,) = _explained(scene, ANN, "recipe-follow-up").messages
    with scene.rt.store.write() as tx:
        tx.execute(zone)
    (tokyo,) = _explained(scene, ANN, "recipe-follow-up").messages
    scene.put(id_, reason=late)
    (held,) = _explained(scene, ANN, "recipe-follow-up").messages

    assert here.sentence == "It is due on Wed 4 Mar 17:00."
    assert tokyo.sentence == "It is due on Thu 5 Mar 02:00."
    assert held.sentence.startswith("Order o-2 is running late; ")
    assert held.sentence.endswith(" It will be looked at again on Thu 5 Mar 02:00.")


def test_what_is_held_until_a_moment_says_that_moment_once(scene: Stage) -> None:
    id_ = due_recipe(scene)
    night = because(Code.QUIET_HOURS, until="5 Mar 08:00", place="London")
    scene.put(id_, due_at=scene.now + 16 * HOUR, reason=night.to_json())

    (told,) = _explained(scene, ANN, "recipe-follow-up").messages

    assert told.sentence == "Held until 5 Mar 08:00: quiet hours in London."


def test_what_is_due_says_so_only_where_nothing_speaks_against_it(scene: Stage) -> None:
    id_ = due_recipe(scene)

    (due,) = _explained(scene, ANN, "recipe-follow-up").messages
    scene.tell("order.refunded", ANN, order="o-1")
    (refunded,) = _explained(scene, ANN, "recipe-follow-up").messages

    assert due.message.id == id_
    assert due.sentence == "It is due, and nothing speaks against it."
    assert refunded.sentence == (
        "As things stand it will not be sent: Order o-1 was refunded."
    )


@pytest.mark.parametrize("state", [s for s in State if s is not State.SCHEDULED])
def test_what_waits_no_more_is_never_called_due(scene: Stage, state: State) -> None:
    id_ = due_recipe(scene)
    scene.put(id_, state=state, reason=_ENDS.get(state), provider="post")

    (told,) = _explained(scene, ANN, "recipe-follow-up").messages

    assert "due" not in told.sentence
    assert told.checks == []


def test_after_a_check_that_ends_the_message_the_rest_is_not_asked(
    scene: Stage,
) -> None:
    due_recipe(scene)
    scene.tell("order.refunded", ANN, order="o-1")

    (told,) = _explained(scene, ANN, "recipe-follow-up").messages

    assert told.checks[-1].check == "still true"
    assert told.checks[-1].outcome == "no"
    assert told.checks[-1].seen == "Order o-1 was refunded."


def test_who_is_on_the_way_is_shown(scene: Stage) -> None:
    scene.only("recipe-follow-up")
    for verb in ("placed", "delivered"):
        scene.tell(f"order.{verb}", ANN, order="o-1", items=["chicken"])
    scene.tick()

    explained = _explained(scene, ANN, "recipe-follow-up")

    (waiting,) = explained.waiting
    assert waiting.due_at == COOKING_TIME - 16 * HOUR
    assert explained.messages == []


def test_a_nudge_shows_the_habit_and_when_it_is_due(scene: Stage) -> None:
    scene.only("reorder-nudge")
    scene.tell("order.placed", ANN, at=MONDAY - 14 * DAY, order="o-1", items=["eggs"])
    once = _line(_explained(scene, ANN, "reorder-nudge"), "eggs")
    scene.tell("order.placed", ANN, order="o-2", items=["eggs"])

    twice = _line(_explained(scene, ANN, "reorder-nudge"), "eggs")
    nothing = _line(_explained(scene, CY, "reorder-nudge"), "staples")

    assert (once.outcome, once.needed) == ("no", "at least 2 purchases")
    assert (twice.outcome, twice.needed) == ("wait", "due Sun 15 Mar 10:00")
    assert nothing.seen == "has bought none of them"


def test_the_limit_says_from_when_on_the_next_one_may_come(scene: Stage) -> None:
    id_ = due_recipe(scene)
    scene.deliver(id_)

    limit = _line(_explained(scene, ANN, "recipe-follow-up"), "limit")

    assert limit.outcome == "no"
    assert limit.needed == "fewer than 1 in 7 days; next from Wed 11 Mar 16:00"


def test_the_calendar_is_shown_on_the_customers_clock(scene: Stage) -> None:
    explained = _explained(scene, DI, "nps-survey")

    assert _line(explained, "next time").seen == "Tue 3 Mar 10:00"
    assert _line(explained, "customer.orders >= 1").outcome == "no"


def test_a_late_order_is_named(scene: Stage) -> None:
    scene.tell("order.placed", ANN, order="o-1", promised_at=MONDAY + HOUR)
    on_time = _line(_explained(scene, ANN, "delivery-delay"), "late order")
    scene.now += HOUR + MINUTE

    late = _line(_explained(scene, ANN, "delivery-delay"), "late order")

    assert (on_time.outcome, late.outcome) == ("no", "yes")
    assert late.seen == "order o-1 is late"


def test_an_explanation_of_yesterday_does_not_know_today(scene: Stage) -> None:
    id_ = due_recipe(scene)
    scene.deliver(id_)

    (before,) = explain(
        scene.rt, ANN.id, campaign="recipe-follow-up", at=MONDAY - timedelta(days=1)
    )

    assert before.messages == []
    assert _line(before, "trigger").seen == "no order.delivered yet"


def test_every_campaign_is_explained_to_everybody(scene: Stage) -> None:
    for who in (ANN, BO, CY, DI):
        explained = explain(scene.rt, who.id)

        assert {one.campaign.name for one in explained} == set(scene.rt.campaigns)
        for one in explained:
            assert one.entry
            assert all("?" not in line.seen for line in one.entry)


def test_somebody_unknown_is_answered_in_words(scene: Stage) -> None:
    with pytest.raises(InputError, match='no customer "nobody"'):
        explain(scene.rt, "nobody")
    with pytest.raises(InputError, match=r'did you mean "recipe-follow-up"\?'):
        explain(scene.rt, another("x").id, campaign="recipe-folow-up")
