"""What people did decides what they get: counted when a campaign starts, at each step, and again before a message goes."""

from dataclasses import replace
from datetime import time
from typing import Any

import pytest
from sqlalchemy import insert

from aftercart import gathering
from aftercart.campaigns import Campaign, EventTrigger, Recurring, Send, StopIf, Wait
from aftercart.conditions import Condition, parse
from aftercart.explaining import explain
from aftercart.model import Channel, Purpose, State
from aftercart.recurrence import EVERY_DAY, Days
from aftercart.store import tables
from tests.people import ANN
from tests.verbs.stage import DAY, HOUR, MONDAY, Stage

MAIL = Send(Channel.EMAIL, "recipe-follow-up", expires=DAY)


def condition(text: str) -> Condition:
    return parse(text, about=frozenset({"customer"}))


def begins(stage: Stage, **more: Any) -> Campaign:
    made = Campaign(
        name="club",
        title="Club",
        purpose=Purpose.MARKETING,
        trigger=EventTrigger("article.viewed"),
        steps=(MAIL,),
        version="1",
    )
    stage.rt.campaigns = {}
    stage.add(replace(made, **more))
    return stage.rt.campaigns["club"]


def clicks(stage: Stage, message_id: str) -> None:
    row = {"key": f"click-{message_id}", "message_id": message_id, "provider": "p"}
    row |= {"at": stage.now, "signal": "clicked", "machine": False}
    with stage.rt.store.write() as tx:
        tx.execute(insert(tables.provider_events), [row])


def states(stage: Stage) -> list[tuple[str, str]]:
    found = [
        (r.state, (r.reason or {}).get("code", "")) for r in stage.messages("club")
    ]
    return sorted(found)


def test_the_third_look_at_an_article_starts_the_campaign(stage: Stage) -> None:
    where = condition("count('article.viewed', within='7 days') == 3")
    begins(stage, trigger=EventTrigger("article.viewed", where))

    stage.tell("article.viewed", ANN, at=MONDAY - 8 * DAY)
    stage.tell("article.viewed", ANN, at=MONDAY - 2 * DAY)
    stage.tell("article.viewed", ANN, at=MONDAY - DAY)
    before = len(stage.rows(tables.enrollments))
    stage.tell("article.viewed", ANN)

    assert (before, len(stage.rows(tables.enrollments))) == (0, 1)


@pytest.mark.parametrize("clicked", [True, False])
def test_who_clicked_on_the_first_message_does_not_get_the_second(
    stage: Stage, clicked: bool
) -> None:
    seen = StopIf(condition("count(clicks, since=trigger) > 0"))
    begins(stage, steps=(MAIL, Wait(days=2), seen, replace(MAIL, template="x")))
    stage.tell("article.viewed", ANN)
    stage.run(MONDAY + DAY)
    (first,) = stage.messages("club")
    if clicked:
        clicks(stage, first.id)

    stage.plan()
    stage.now = MONDAY + 2 * DAY + 12 * HOUR
    stage.plan()

    second = next(row for row in stage.messages("club") if row.template == "x")
    code = (second.reason or {}).get("code")
    assert code == ("stop_condition" if clicked else None)


def test_an_order_between_planning_and_sending_still_counts(stage: Stage) -> None:
    audience = condition("count(orders, within='30 days') == 0")
    begins(stage, steps=(Wait(days=1), MAIL), audience=audience)
    stage.tell("article.viewed", ANN, at=MONDAY)
    stage.now = MONDAY + DAY
    ids = stage.plan()
    stage.tell("order.placed", ANN, order="o-1", items=["eggs"])

    stage.deliver(*ids)

    assert states(stage) == [(State.SKIPPED, "not_in_audience")]


def test_the_audience_of_a_calendar_counts_in_sql_and_again_before_sending(
    stage: Stage,
) -> None:
    audience = condition("sum(orders.total, within='90 days') >= 30.30")
    trigger = Recurring(EVERY_DAY, time(10))
    survey = {
        "purpose": Purpose.SURVEY,
        "steps": (replace(MAIL, template="nps-survey"),),
    }
    begins(stage, trigger=trigger, audience=audience, **survey)
    stage.plan()
    for n, total in enumerate(["10.10", "20.20"]):
        stage.tell("order.placed", ANN, order=f"o-{n}", items=["eggs"], total=total)

    stage.run(MONDAY + 2 * HOUR)

    assert states(stage) == [(State.ACCEPTED, "")]


def test_only_what_the_campaigns_ask_for_is_loaded(scene: Stage) -> None:
    asks = begins(
        scene, audience=condition("count(orders) == 1 or days_since(clicks) > 9")
    )
    silent = replace(asks, name="silent", audience=None)
    scene.tell("order.placed", ANN, order="o-1", items=["eggs"])

    with scene.rt.store.read() as tx:
        known = [
            gathering.people(
                tx,
                customer_ids=[ANN.id],
                order_ids=[],
                campaigns=[campaign],
                now=scene.now,
            ).past
            for campaign in (asks, silent)
        ]

    assert gathering.sources(asks) == {"orders", "clicks"}
    assert gathering.sources(silent) == set()
    assert [set(past.get(ANN.id, {})) for past in known] == [{"orders"}, set()]


def test_an_explanation_shows_what_was_counted_and_where_that_is_asked(
    stage: Stage,
) -> None:
    every = Recurring(Days((0,)), time(10))
    audience = condition("count(orders) >= 2 and days_since(clicks) > 30")
    begins(stage, trigger=every, audience=audience)
    stage.tell("order.placed", ANN, order="o-1", items=["eggs"])

    (explained,) = explain(stage.rt, ANN.id, campaign="club")

    lines = {line.check: (line.seen, line.outcome) for line in explained.entry}
    assert lines["count(orders) >= 2"] == ("1", "no")
    assert lines["days_since(clicks) > 30"] == ("never", "no")
