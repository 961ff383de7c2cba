"""Plan what is due: once, whoever plans; the cap; and what each of the shipped campaigns does in the life of a shop."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from aftercart import enrolling, planning, recurrence
from aftercart.campaigns import Recurring, Send, Wait
from aftercart.campaigns import StopIf as Stop
from aftercart.conditions import parse
from aftercart.model import Channel, Purpose
from aftercart.planning import stepping
from aftercart.reasons import Code, from_json
from aftercart.store import bells, open_store, pauses, tables
from tests.people import ANN, BO, CAST, CY, DI, EVE, Person, another
from tests.verbs.stage import (
    COOKING_TIME,
    DAY,
    HOUR,
    MINUTE,
    MONDAY,
    Stage,
    due_alert,
    due_recipe,
    due_survey,
    renamed,
    shipped,
)


def _bought(
    stage: Stage, who: Person, *items: str, order: str = "", at: datetime | None = None
) -> str:
    """An order that was placed and delivered at one moment."""
    order = order or f"o-{len(stage.rows(tables.orders)) + 1}"
    for verb in ("placed", "delivered"):
        stage.tell(f"order.{verb}", who, at=at, order=order, items=items)
    return order


def _sent(stage: Stage, who: Person = ANN) -> list[tuple[str, str]]:
    """What a person was sent: the local time and the campaign."""
    zone = {DI.id: timedelta(hours=9)}.get(who.id, timedelta(0))
    ids = {row.id for row in stage.messages(who=who)}
    return [
        (f"{at + zone:%a %H:%M}", one.campaign)
        for at, one in stage.post.sent
        if one.message_id in ids
    ]


def _code(row: Any) -> Code | None:
    reason = from_json(row.reason)
    return reason.code if reason else None


# --- once, whoever plans --------------------------------------------------------------------------------------------------


def test_planning_twice_plans_once(stage: Stage) -> None:
    id_ = due_recipe(stage)
    rows = stage.messages()

    again = [stage.plan(), stage.plan()]

    assert again == [[], []]
    assert stage.messages() == rows
    assert [row.id for row in rows] == [id_]


def test_what_was_rung_and_did_not_move_is_rung_again_after_a_minute(
    stage: Stage,
) -> None:
    id_ = due_recipe(stage)

    stage.now += planning.RING_AGAIN - timedelta(seconds=1)
    early = stage.plan()
    stage.now += timedelta(seconds=1)

    assert early == []
    assert stage.plan() == [id_]
    assert len(stage.messages()) == 1


def test_an_alert_that_did_not_move_is_rung_again_after_twenty_seconds(
    stage: Stage,
) -> None:
    _promise(stage)
    stage.now = PROMISED + 17 * MINUTE
    rung = stage.plan()

    stage.now += planning.ALERT_AGAIN - timedelta(seconds=1)
    early = stage.plan()
    stage.now += timedelta(seconds=1)

    assert (len(rung), early) == (1, [])
    assert stage.plan() == rung


def test_two_schedulers_at_once_plan_what_one_would(stage: Stage) -> None:
    crowd = [another(f"guest{n}") for n in range(8)]
    stage.move_in(*crowd)
    for who in crowd:
        _bought(stage, who, "chicken", "eggs", order=f"o-{who.id}")
    stage.now = COOKING_TIME
    rung: list[str] = []
    start = threading.Barrier(2)

    def plan() -> None:
        start.wait()
        rung.extend(stage.plan())

    threads = [threading.Thread(target=plan) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(rung) == len(set(rung))
    recipes = stage.messages("recipe-follow-up")
    assert len(recipes) == len(crowd)
    assert {row.id for row in recipes} <= set(rung)


def test_who_gets_what_does_not_depend_on_how_often_one_planned(
    scene: Stage, tmp_path: Any
) -> None:
    plain = Stage(open_store(f"sqlite:///{tmp_path / 'plain.db'}"))
    plain.rt.store.upgrade()
    plain.move_in(*CAST)
    for stage in (scene, plain):
        for n, who in enumerate((ANN, CY, DI)):
            at = MONDAY + n * MINUTE
            _bought(stage, who, "chicken", order=f"o-{who.id}", at=at)
    while scene.now < MONDAY + 4 * DAY:
        scene.tick()
        scene.now += 53 * MINUTE
    plain.run(scene.now)

    ids = [sorted((r.id, r.state) for r in s.messages()) for s in (scene, plain)]
    plain.rt.store.close()

    assert ids[0] == ids[1]


def test_each_queue_hears_of_its_own_and_alerts_wait_behind_nothing(
    scene: Stage,
) -> None:
    texts = renamed(
        shipped()[0]["delivery-delay"], "news-by-text", purpose=Purpose.MARKETING
    )
    due_survey(scene)
    due_recipe(scene)
    due_alert(scene)
    due_alert(scene, CY, order="o-10")
    with scene.rt.store.write() as tx:
        row = scene.messages("delivery-delay")[0]._mapping
        text = {**row, "id": "text", "customer_id": "somebody"}
        text |= {"campaign": texts.name, "purpose": "marketing"}
        tx.execute(tables.messages.insert(), [text])
        bells.hang(tx, [("text", scene.now)])
        tx.execute(tables.messages.update().values(expires_at=scene.now + DAY))
        tx.execute(tables.bells.update().values(ring_at=scene.now))

    heard = {r.queue: len(r.ids) for r in planning.plan(scene.rt)}

    assert heard == {"alerts": 2, "email": 2, "sms": 1}


def test_batches_hold_a_hundred_ids_at_most(scene: Stage) -> None:
    due_alert(scene)
    row = scene.messages()[0]._mapping
    more = [{**row, "id": f"m-{n}", "customer_id": f"c-{n}"} for n in range(230)]
    with scene.rt.store.write() as tx:
        tx.execute(tables.messages.insert(), more)
        bells.hang(tx, [(str(m["id"]), scene.now) for m in more])
        tx.execute(tables.bells.update().values(ring_at=scene.now))

    sizes = [len(r.ids) for r in planning.plan(scene.rt)]

    assert sizes == [100, 100, 31]


# --- the cap --------------------------------------------------------------------------------------------------------------


def _compete(stage: Stage, count: int, *, expires: timedelta) -> list[str]:
    """Campaigns of rising priority that all want to write to Ann at once."""
    pattern = shipped()[0]["recipe-follow-up"]
    send = Send(Channel.EMAIL, "recipe-follow-up", expires, content="recipes")
    stage.only()
    names = [f"campaign-{n}" for n in range(count)]
    for n, name in enumerate(names):
        stage.add(renamed(pattern, name, steps=(send,), limit=None, priority=n))
    _bought(stage, ANN, "chicken")
    return names


def test_ten_messages_for_one_person_at_once_the_most_important_goes_first(
    stage: Stage,
) -> None:
    names = _compete(stage, 10, expires=30 * DAY)

    stage.tick()

    assert [one.campaign for _, one in stage.post.sent] == [names[-1]]
    waiting = [row for row in stage.messages() if row.state == "scheduled"]
    assert len(waiting) == 9
    assert {_code(row) for row in waiting} == {Code.FREQUENCY_CAP}


def test_under_the_cap_nothing_is_lost_and_priority_decides_the_order(
    scene: Stage,
) -> None:
    names = _compete(scene, 10, expires=30 * DAY)

    scene.run(MONDAY + 30 * DAY)

    assert [one.campaign for _, one in scene.post.sent] == names[::-1]
    assert scene.states() == ["accepted"] * 10
    times = [at for at, _ in scene.post.sent]
    for at in times:
        assert sum(at - DAY < other <= at for other in times) <= 1
        assert sum(at - 7 * DAY < other <= at for other in times) <= 3


def test_who_waited_too_long_for_a_place_expires_with_both_reasons_in_the_story(
    scene: Stage,
) -> None:
    _compete(scene, 5, expires=36 * HOUR)

    scene.run(MONDAY + 5 * DAY)

    assert sorted(scene.states()) == ["accepted"] * 2 + ["expired"] * 3
    for row in scene.messages():
        if row.state == "expired":
            assert _code(row) is Code.EXPIRED
            assert ("held", "frequency_cap") in scene.story(row.id)
            told = [e for e in scene.rows(tables.message_events) if e.word == "expired"]
            assert {e.at for e in told} == {row.expires_at}, "said late"


def test_what_is_stale_takes_nobodys_place(scene: Stage) -> None:
    names = _compete(scene, 2, expires=30 * DAY)
    scene.now -= MINUTE
    with scene.rt.store.write() as tx:
        pauses.pause(tx, "all", at=scene.now, by="test")
    scene.now += MINUTE
    scene.tick()
    with scene.rt.store.write() as tx:
        pauses.resume(tx, "all", now=scene.now)
    (first,) = [r for r in scene.messages() if r.campaign == names[-1]]
    (other,) = [r for r in scene.messages() if r.campaign == names[0]]
    scene.put(first.id, expires_at=scene.now, slot_at=None, ring_at=scene.now)
    scene.put(other.id, due_at=scene.now, ring_at=scene.now, slot_at=None, reason=None)

    scene.tick()

    states = {row.campaign: row.state for row in scene.messages()}
    assert states == {names[-1]: "expired", names[0]: "accepted"}


def test_after_a_long_pause_the_cap_still_holds(stage: Stage) -> None:
    _compete(stage, 4, expires=30 * DAY)
    with stage.rt.store.write() as tx:
        pauses.pause(tx, "channel:email", at=stage.now, by="test")
    for _ in range(12):
        stage.tick()
        stage.now += 6 * HOUR
    with stage.rt.store.write() as tx:
        pauses.resume(tx, "channel:email", now=stage.now)

    stage.run(stage.now + HOUR)

    assert len(stage.post.sent) == 1


def test_after_workers_were_away_the_cap_still_holds(stage: Stage) -> None:
    _compete(stage, 4, expires=30 * DAY)
    heard: set[str] = set()
    for _ in range(12):
        heard.update(stage.plan())
        stage.now += 6 * HOUR

    # they come back to a queue with everything that was ever rung, and nobody plans
    for id_ in sorted(heard):
        stage.deliver(id_)
    without_a_planner = len(stage.post.sent)
    stage.run(stage.now + HOUR)

    assert without_a_planner == 0
    assert len(stage.post.sent) == 1


def test_the_cap_counts_what_may_have_reached_a_person_and_not_what_did_not(
    scene: Stage,
) -> None:
    names = _compete(scene, 3, expires=30 * DAY)
    scene.tick()
    (sent,) = [row for row in scene.messages() if row.state == "accepted"]

    scene.put(sent.id, state="uncertain")
    scene.run(MONDAY + 23 * HOUR)
    while_uncertain = len(scene.post.sent)
    scene.put(sent.id, state="failed")
    for row in scene.messages():
        if row.state == "scheduled":
            scene.put(row.id, due_at=scene.now, ring_at=scene.now)
    scene.tick()

    assert while_uncertain == 1
    assert [one.campaign for _, one in scene.post.sent] == [names[2], names[1]]


def test_service_and_surveys_need_no_place(scene: Stage) -> None:
    _compete(scene, 1, expires=30 * DAY)
    scene.tick()
    campaigns = shipped()[0]
    for name in ("delivery-delay", "nps-survey"):
        scene.add(campaigns[name])

    scene.tell("order.placed", ANN, order="o-9", promised_at=MONDAY + HOUR)
    scene.now = MONDAY + HOUR + 17 * MINUTE
    scene.tick()

    assert [one.campaign for _, one in scene.post.sent] == [
        "campaign-0",
        "delivery-delay",
    ]


# --- several steps --------------------------------------------------------------------------------------------------------


def _two_steps(stage: Stage, *between: Any) -> None:
    pattern = shipped()[0]["recipe-follow-up"]
    send = Send(Channel.EMAIL, "recipe-follow-up", 3 * DAY, content="recipes")
    steps = (send, *between, replace(send))
    stage.rt.shop = type(stage.rt.shop)(**_public(stage.rt.shop) | {"cap": {}})
    stage.only()
    stage.add(renamed(pattern, "two-steps", steps=steps, limit=None))


def _public(shop: Any) -> dict[str, Any]:
    return {k: v for k, v in vars(shop).items() if not k.startswith("_")}


def test_each_send_of_a_campaign_is_a_message_of_its_own(scene: Stage) -> None:
    _two_steps(scene, Wait(days=2))
    _bought(scene, ANN, "chicken")

    scene.run(MONDAY + 4 * DAY)

    assert _sent(scene) == [("Mon 09:00", "two-steps"), ("Wed 09:00", "two-steps")]
    first, second = scene.messages()
    assert first.id != second.id
    assert first.content != second.content, "the same recipe twice"


def test_a_wait_counts_from_when_the_message_before_it_goes(scene: Stage) -> None:
    _two_steps(scene, Wait(span=3 * HOUR))
    # in Tokyo it is three at night: the first one waits for eight o'clock
    scene.now = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
    _bought(scene, DI, "chicken")

    scene.run(scene.now + DAY)

    assert [when for when, _ in _sent(scene, DI)] == ["Tue 08:00", "Tue 11:00"]


def test_a_stop_condition_ends_the_way_and_the_log_shows_it(scene: Stage) -> None:
    condition = parse("ordered('eggs', since=trigger)", about=frozenset({"customer"}))
    _two_steps(scene, Wait(days=2), Stop(condition))
    _bought(scene, ANN, "chicken")
    scene.run(MONDAY + DAY)

    scene.tell("order.placed", ANN, order="o-2", items=["eggs"])
    scene.run(MONDAY + 5 * DAY)

    assert scene.states() == ["accepted", "skipped"]
    assert _code(scene.messages()[1]) is Code.STOP_CONDITION


def test_a_closed_channel_does_not_end_the_way(scene: Stage) -> None:
    scene.only()
    text = Send(Channel.SMS, "delivery-delay", 3 * DAY)
    mail = Send(Channel.EMAIL, "recipe-follow-up", 3 * DAY, content="recipes")
    recipe = shipped()[0]["recipe-follow-up"]
    scene.add(renamed(recipe, "text-then-mail", steps=(text, Wait(days=1), mail)))
    _bought(scene, CY, "chicken")
    scene.run(MONDAY + 3 * DAY)

    assert [(row.channel, row.state) for row in scene.messages()] == [
        ("sms", "skipped"),
        ("email", "accepted"),
    ]
    assert _code(scene.messages()[0]) is Code.NO_ADDRESS


# --- recipes --------------------------------------------------------------------------------------------------------------


def test_a_recipe_comes_two_days_after_chicken_at_cooking_time(stage: Stage) -> None:
    stage.only("recipe-follow-up")
    _bought(stage, ANN, "chicken", "lemons")
    _bought(stage, DI, "chicken", at=MONDAY)

    stage.run(MONDAY + 6 * DAY)

    assert _sent(stage, ANN) == [("Wed 16:00", "recipe-follow-up")]
    assert _sent(stage, DI) == [("Wed 16:00", "recipe-follow-up")]
    assert "chicken" in stage.post.sent[0][1].rendered.text.lower()


@pytest.mark.parametrize("basket", [["eggs"], ["cooked chicken"], ["chicken soup"]])
def test_without_chicken_there_is_no_recipe(scene: Stage, basket: list[str]) -> None:
    scene.only("recipe-follow-up")
    _bought(scene, ANN, *basket)

    scene.run(MONDAY + 6 * DAY)

    assert scene.messages() == []


def test_nobody_gets_the_same_recipe_twice_and_then_none(scene: Stage) -> None:
    scene.only("recipe-follow-up")
    chicken = [r.id for r in scene.rt.shop.recipes if r.main == "chicken"]
    for week in range(len(chicken) + 2):
        scene.run(MONDAY + week * 8 * DAY)
        _bought(scene, ANN, "chicken")

    scene.run(scene.now + 8 * DAY)

    told = [row.content for row in scene.messages() if row.state == "accepted"]
    assert sorted(told) == sorted(chicken)
    over = [row for row in scene.messages() if row.state != "accepted"]
    assert [_code(row) for row in over] == [Code.NOTHING_NEW] * 2


def test_a_recipe_that_never_came_may_come_later(scene: Stage) -> None:
    id_ = due_recipe(scene)
    first = scene.message().content
    scene.now += 4 * HOUR
    scene.tick()
    assert scene.message(id_).state == "expired"

    scene.run(MONDAY + 8 * DAY)
    _bought(scene, ANN, "chicken")
    scene.run(MONDAY + 12 * DAY)

    assert [row.content for row in scene.messages()] == [first, first]


@pytest.mark.parametrize("when", ["before it is planned", "just before it goes"])
def test_a_refunded_order_brings_no_recipe_and_the_log_says_why(
    scene: Stage, when: str
) -> None:
    if when == "before it is planned":
        scene.only("recipe-follow-up")
        _bought(scene, ANN, "chicken", order="o-1", at=MONDAY)
        scene.tell("order.refunded", ANN, order="o-1", at=MONDAY + HOUR)
        scene.run(COOKING_TIME)
    else:
        id_ = due_recipe(scene)
        scene.tell("order.refunded", ANN, order="o-1")
        scene.deliver(id_)

    (row,) = scene.messages()
    reason = from_json(row.reason)
    assert row.state == "skipped"
    assert reason is not None and reason.code is Code.ORDER_REFUNDED
    assert reason.sentence() == "Order o-1 was refunded."
    assert ("skipped", "order_refunded") in scene.story(row.id)
    assert scene.post.sent == []


def test_two_baskets_of_chicken_in_a_week_bring_one_recipe(scene: Stage) -> None:
    scene.only("recipe-follow-up")
    _bought(scene, ANN, "chicken")
    scene.run(MONDAY + DAY)
    _bought(scene, ANN, "chicken")

    scene.run(MONDAY + 6 * DAY)

    assert scene.states() == ["accepted", "skipped"]
    assert _code(scene.messages()[1]) is Code.RECENT_ENOUGH


@pytest.mark.parametrize(
    ("who", "code"),
    [(BO, Code.SUPPRESSED), (EVE, Code.SUPPRESSED), (another("gus"), None)],
)
def test_who_may_not_be_written_to_is_skipped_in_words(
    scene: Stage, who: Person, code: Code | None
) -> None:
    scene.only("recipe-follow-up")
    if code is None:
        code = Code.NO_CONSENT
        who = Person(who.customer, agreed=())
        scene.move_in(who)
    _bought(scene, who, "chicken")

    scene.run(MONDAY + 3 * DAY)

    (row,) = scene.messages()
    assert (row.state, _code(row)) == ("skipped", code)


# --- nudges ---------------------------------------------------------------------------------------------------------------


def _habit(stage: Stage, *items: str, gap: int = 14, times: int = 3) -> None:
    """Ann has bought these every `gap` days, the last time on Monday."""
    stage.only("reorder-nudge")
    for n in range(times):
        at = MONDAY - (times - 1 - n) * gap * DAY
        stage.tell("order.placed", ANN, at=at, order=f"h-{n}", items=items)


def test_a_nudge_comes_in_time_for_the_next_purchase_in_the_morning(
    stage: Stage,
) -> None:
    _habit(stage, "eggs")

    stage.run(MONDAY + 20 * DAY)

    (row,) = stage.messages()
    assert row.state == "accepted"
    assert row.due_at == datetime(2026, 3, 15, 10, 0, tzinfo=UTC)
    text = stage.post.sent[0][1].rendered
    assert text.subject == "Time to check your egg supply?"
    assert "13 days ago" in text.text


def test_several_staples_that_run_low_together_are_told_in_one_message(
    scene: Stage,
) -> None:
    _habit(scene, "eggs", "cheese", "juice")

    scene.run(MONDAY + 20 * DAY)

    (row,) = scene.messages()
    assert [s["category"] for s in row.facts["staples"]] == ["cheese", "eggs", "juice"]
    for name in ("eggs", "cheese", "juice"):
        assert name in scene.post.sent[0][1].rendered.text


def test_what_was_bought_again_is_dropped_from_the_text(scene: Stage) -> None:
    _habit(scene, "eggs", "cheese")
    scene.now = MONDAY + 13 * DAY + HOUR
    (id_,) = scene.plan()

    scene.tell("order.placed", ANN, order="again", items=["eggs"])
    scene.deliver(id_)

    text = scene.post.sent[0][1].rendered
    assert "cheese" in text.text
    assert "egg" not in text.text + text.subject


def test_who_has_bought_it_all_again_hears_nothing_and_the_log_says_so(
    scene: Stage,
) -> None:
    _habit(scene, "eggs", "cheese")
    scene.now = MONDAY + 13 * DAY + HOUR
    (id_,) = scene.plan()

    scene.tell("order.placed", ANN, order="again", items=["eggs", "cheese"])
    scene.deliver(id_)

    assert scene.message().state == "skipped"
    reason = scene.message().reason
    assert reason is not None and reason.code is Code.REORDERED
    assert scene.post.sent == []


def test_who_buys_in_time_is_not_nudged_at_all(scene: Stage) -> None:
    _habit(scene, "eggs")
    scene.run(MONDAY + 12 * DAY)
    scene.tell("order.placed", ANN, order="again", items=["eggs"])

    scene.run(MONDAY + 20 * DAY)

    assert scene.messages() == []


def test_nobody_is_asked_twice_in_one_cycle(scene: Stage) -> None:
    _habit(scene, "eggs", "cheese")

    scene.run(MONDAY + 60 * DAY)

    assert len(scene.post.sent) == 1


def test_a_rebuilt_rhythm_asks_nobody_twice(scene: Stage) -> None:
    _habit(scene, "toothpaste", "washing-up liquid", gap=45)
    scene.run(MONDAY + 46 * DAY)
    told = len(scene.post.sent)

    for _ in range(5):
        enrolling.rebuild_rhythms(scene.rt)
        scene.run(scene.now + 3 * DAY)

    assert told == 1
    assert len(scene.post.sent) == 1


def test_a_single_purchase_is_no_habit(scene: Stage) -> None:
    _habit(scene, "eggs", times=1)

    scene.run(MONDAY + 60 * DAY)

    assert scene.messages() == []


def test_a_nudge_that_has_to_wait_for_its_limit_takes_along_what_runs_low_meanwhile(
    scene: Stage,
) -> None:
    _habit(scene, "eggs", gap=14)
    for n in range(3):
        at = MONDAY + 5 * DAY - (2 - n) * 14 * DAY
        scene.tell("order.placed", ANN, at=at, order=f"k-{n}", items=["cheese"])

    scene.run(MONDAY + 30 * DAY)

    told = [
        (row.created_at, [s["category"] for s in row.facts["staples"]])
        for row in scene.messages()
    ]
    assert [staples for _, staples in told] == [["eggs"], ["cheese"]]
    assert told[1][0] - told[0][0] >= 7 * DAY


# --- delays ---------------------------------------------------------------------------------------------------------------

PROMISED = MONDAY + 3 * HOUR


def _promise(stage: Stage, who: Person = ANN, *, order: str = "o-1") -> None:
    stage.only("delivery-delay")
    stage.tell("order.placed", who, order=order, promised_at=PROMISED)


def _eta(
    stage: Stage,
    at: datetime,
    later: timedelta,
    who: Person = ANN,
    *,
    order: str = "o-1",
) -> None:
    """At `at` the van is expected `later` than promised."""
    stage.run(at)
    stage.tell("order.eta_changed", who, order=order, eta=PROMISED + later)


def test_a_delay_is_told_two_minutes_after_it_is_known(stage: Stage) -> None:
    _promise(stage)
    known = PROMISED - HOUR
    _eta(stage, known, 25 * MINUTE)

    stage.run(known + 2 * MINUTE - timedelta(seconds=1))
    early = len(stage.post.sent)
    stage.run(known + 2 * MINUTE)

    assert early == 0
    ((_, one),) = stage.post.sent
    assert (one.channel, one.to) == (Channel.SMS, ANN.customer.phone)
    assert "12:25" in one.rendered.text


def test_a_small_delay_alarms_nobody(scene: Stage) -> None:
    _promise(scene)
    _eta(scene, PROMISED - HOUR, 14 * MINUTE)

    scene.run(PROMISED + 14 * MINUTE)
    scene.tell("order.delivered", ANN, order="o-1")
    scene.run(PROMISED + 3 * HOUR)

    assert scene.messages() == []


def test_an_estimate_that_is_taken_back_within_two_minutes_alarms_nobody(
    stage: Stage,
) -> None:
    _promise(stage)
    known = PROMISED - HOUR
    _eta(stage, known, 25 * MINUTE)
    _eta(stage, known + MINUTE, 5 * MINUTE)

    stage.run(known + 30 * MINUTE)

    assert stage.messages() == []
    assert stage.rows(tables.cases) == []


def test_an_estimate_that_comes_back_has_its_two_minutes_again(scene: Stage) -> None:
    _promise(scene)
    known = PROMISED - HOUR
    for minutes, later in ((0, 25), (1, 5), (10, 25)):
        _eta(scene, known + minutes * MINUTE, later * MINUTE)

    scene.run(known + 11 * MINUTE)
    early = len(scene.post.sent)
    scene.run(known + 12 * MINUTE)

    assert (early, len(scene.post.sent)) == (0, 1)


def test_an_estimate_that_jumps_to_and_fro_is_told_when_it_has_stood_for_two_minutes(
    scene: Stage,
) -> None:
    _promise(scene)
    known = PROMISED - HOUR
    for seconds, later in ((0, 25), (60, 5), (90, 25)):
        _eta(scene, known + timedelta(seconds=seconds), later * MINUTE)

    scene.run(known + timedelta(seconds=209))
    early = len(scene.post.sent)
    scene.run(known + timedelta(seconds=210))

    assert (early, len(scene.post.sent)) == (0, 1)


def test_an_estimate_that_slips_every_minute_is_told_all_the_same(
    scene: Stage,
) -> None:
    _promise(scene)
    known = PROMISED - HOUR
    for minute in range(10):
        _eta(scene, known + minute * MINUTE, (20 + minute) * MINUTE)

    scene.run(PROMISED)

    (told_at, one), *others = scene.post.sent
    assert others == []
    assert told_at == known + 2 * MINUTE
    assert "12:22" in one.rendered.text or "12:21" in one.rendered.text


def test_estimates_out_of_order_are_told_as_they_stand(scene: Stage) -> None:
    _promise(scene)
    known = PROMISED - HOUR
    scene.run(known + MINUTE)
    scene.tell("order.eta_changed", ANN, order="o-1", at=known + MINUTE, eta=PROMISED)
    scene.tell(
        "order.eta_changed", ANN, order="o-1", at=known, eta=PROMISED + 40 * MINUTE
    )

    scene.run(known + 20 * MINUTE)

    assert scene.messages() == []


def test_an_order_that_arrives_before_the_message_goes_calls_it_off(
    scene: Stage,
) -> None:
    _promise(scene)
    scene.now = PROMISED + 17 * MINUTE
    (id_,) = scene.plan()

    scene.tell("order.delivered", ANN, order="o-1")
    scene.deliver(id_)

    assert scene.message().state == "cancelled"
    reason = scene.message().reason
    assert reason is not None and reason.code is Code.ARRIVED
    assert scene.post.sent == []


def test_an_order_that_arrives_within_the_two_minutes_needs_no_message(
    scene: Stage,
) -> None:
    _promise(scene)
    _eta(scene, PROMISED - HOUR, 25 * MINUTE)
    scene.now += MINUTE
    scene.tell("order.delivered", ANN, order="o-1")

    scene.run(PROMISED + 3 * HOUR)

    assert scene.messages() == []


@pytest.mark.parametrize(("later", "times"), [(54, 1), (55, 2), (90, 2)])
def test_it_is_told_again_only_when_it_gets_much_worse(
    scene: Stage, later: int, times: int
) -> None:
    _promise(scene)
    _eta(scene, PROMISED - HOUR, 25 * MINUTE)
    _eta(scene, PROMISED - 30 * MINUTE, later * MINUTE)

    scene.run(PROMISED)
    scene.tell("order.delivered", ANN, order="o-1")
    scene.run(PROMISED + 3 * HOUR)

    assert len(scene.post.sent) == times


def test_a_silent_delay_is_noticed_by_the_promise(scene: Stage) -> None:
    _promise(scene)

    scene.run(PROMISED + 17 * MINUTE - timedelta(seconds=1))
    early = len(scene.post.sent)
    scene.run(PROMISED + 17 * MINUTE)
    scene.run(PROMISED + 5 * HOUR)

    assert (early, len(scene.post.sent)) == (0, 1)


def test_a_promise_that_was_moved_is_watched_at_its_new_time(scene: Stage) -> None:
    _promise(scene)
    scene.run(PROMISED - HOUR)
    scene.tell("order.confirmed", ANN, order="o-1", promised_at=PROMISED + 2 * HOUR)

    scene.run(PROMISED + 2 * HOUR + 16 * MINUTE)
    early = len(scene.post.sent)
    scene.run(PROMISED + 2 * HOUR + 17 * MINUTE)

    assert (early, len(scene.post.sent)) == (0, 1)


def test_who_has_no_telephone_gets_mail(scene: Stage) -> None:
    _promise(scene, CY)

    scene.run(PROMISED + 17 * MINUTE)

    (row,) = scene.messages()
    assert (row.leg, row.channel, row.state) == (1, "email", "accepted")
    assert scene.sent_to == ["cy@mail.example"]


def test_a_case_is_opened_once_for_an_order_that_is_late(stage: Stage) -> None:
    _promise(stage)
    _eta(stage, PROMISED - HOUR, 25 * MINUTE)
    _eta(stage, PROMISED - 30 * MINUTE, 90 * MINUTE)

    stage.run(PROMISED + HOUR)

    assert len(stage.post.sent) == 2
    (case,) = stage.rows(tables.cases)
    assert (case.kind, case.order_id, case.customer_id) == ("late_order", "o-1", "ann")


def test_alerts_are_never_in_a_bulk_queue(scene: Stage) -> None:
    _promise(scene)
    _promise(scene, CY, order="o-2")
    scene.now = PROMISED + 17 * MINUTE

    heard = planning.plan(scene.rt)

    assert [(r.queue, len(r.ids)) for r in heard] == [("alerts", 2)]


def test_alerts_are_told_while_a_great_audience_is_still_being_planned(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stepping, "PAGES", 1)
    monkeypatch.setattr(stepping, "_PAGE", 10)
    stage.only("recipe-follow-up", "delivery-delay")
    for n in range(35):
        who = another(f"eater-{n}")
        stage.move_in(who)
        stage.tell("order.placed", who, at=MONDAY, order=f"o-{n}", items=["chicken"])
        stage.tell("order.delivered", who, at=MONDAY, order=f"o-{n}")
    stage.now = COOKING_TIME - MINUTE
    promised = stage.now - 17 * MINUTE
    stage.tell("order.placed", ANN, at=MONDAY, order="o-late", promised_at=promised)
    stage.now = COOKING_TIME
    told: list[tuple[str, int, int]] = []

    def tell(batches: list[planning.Ringing]) -> None:
        planned = len(stage.messages("recipe-follow-up"))
        told.extend((r.queue, len(r.ids), planned) for r in batches)

    rest = planning.plan(stage.rt, tell=tell)

    assert told == [("alerts", 1, 10)]
    assert [(r.queue, len(r.ids)) for r in rest] == [("email", 35)]


def test_who_finds_another_planner_at_work_leaves_it_to_them(scene: Stage) -> None:
    _promise(scene)
    scene.now = PROMISED + 17 * MINUTE

    with scene.rt.store.write_alone():
        meanwhile = planning.plan(scene.rt)
    afterwards = planning.plan(scene.rt)

    assert meanwhile == []
    assert [r.queue for r in afterwards] == ["alerts"]


def test_a_text_about_a_delay_wakes_nobody(scene: Stage) -> None:
    scene.only("delivery-delay")
    promised = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)
    scene.tell("order.placed", ANN, order="o-1", promised_at=promised)

    scene.run(promised + 9 * HOUR)
    at_night = len(scene.post.sent)
    scene.run(promised + 11 * HOUR)

    assert at_night == 0
    assert _sent(scene) == [("Tue 08:00", "delivery-delay")]


# --- surveys --------------------------------------------------------------------------------------------------------------


def test_a_survey_comes_on_tuesday_at_ten_on_each_ones_own_clock(stage: Stage) -> None:
    stage.only("nps-survey")
    for who in (ANN, DI):
        _bought(stage, who, "eggs")

    stage.run(MONDAY + 6 * DAY)

    assert _sent(stage, ANN) == [("Tue 10:00", "nps-survey")]
    assert _sent(stage, DI) == [("Tue 10:00", "nps-survey")]
    assert {row.occurrence for row in stage.messages()} == {"2026-03-03"}


def test_a_campaign_of_the_last_day_comes_once_in_every_month_on_each_ones_own_date(
    stage: Stage,
) -> None:
    last = Recurring(recurrence.parse("last day of the month"), time(10))
    survey = replace(shipped()[0]["nps-survey"], limit=None, audience=None)
    stage.only()
    stage.add(replace(survey, trigger=last))
    for who in (ANN, DI):
        _bought(stage, who, "eggs")

    stage.run(MONDAY + 95 * DAY)

    ends = ["2026-03-31", "2026-04-30", "2026-05-31"]
    assert [row.occurrence for row in stage.messages(who=ANN)] == ends
    assert [row.occurrence for row in stage.messages(who=DI)] == ends
    assert [hour for hour, _ in _sent(stage, DI)] == [
        "Tue 10:00",
        "Thu 10:00",
        "Sun 10:00",
    ]


def test_a_survey_comes_once_in_90_days(scene: Stage) -> None:
    scene.only("nps-survey")
    for day in range(0, 120, 6):
        scene.run(MONDAY + day * DAY)
        _bought(scene, ANN, "eggs")

    scene.run(MONDAY + 120 * DAY)

    days = [(at.date() - MONDAY.date()).days for at, _ in scene.post.sent]
    assert days == [1, 92]
    assert scene.states() == ["accepted", "accepted"]


def test_who_ordered_nothing_lately_is_not_asked(scene: Stage) -> None:
    scene.only("nps-survey")
    _bought(scene, ANN, "eggs", at=MONDAY - 40 * DAY)

    scene.run(MONDAY + 9 * DAY)

    assert scene.messages() == []


def test_a_survey_waits_while_an_order_is_late(scene: Stage) -> None:
    scene.only("nps-survey")
    _bought(scene, ANN, "eggs")
    scene.run(MONDAY + DAY - HOUR)
    promised = MONDAY + DAY + 30 * MINUTE
    scene.tell("order.placed", ANN, order="late", promised_at=promised)

    scene.run(MONDAY + DAY + 3 * HOUR)
    waiting = scene.messages()[0]
    scene.tell("order.delivered", ANN, order="late")
    scene.run(MONDAY + 2 * DAY)

    assert _code(waiting) is Code.LATE_ORDER
    assert _sent(scene) == [("Tue 13:00", "nps-survey")]


def test_a_new_campaign_starts_with_its_next_date_and_not_with_the_last(
    scene: Stage,
) -> None:
    scene.only("nps-survey")
    scene.now = MONDAY + DAY + 2 * HOUR
    _bought(scene, ANN, "eggs")

    scene.run(MONDAY + 5 * DAY)
    this_week = len(scene.post.sent)
    scene.run(MONDAY + 9 * DAY)

    assert (this_week, len(scene.post.sent)) == (0, 1)


def test_a_date_that_was_missed_by_more_than_a_day_is_over(scene: Stage) -> None:
    scene.only("nps-survey")
    _bought(scene, ANN, "eggs")
    scene.plan()

    scene.now = MONDAY + DAY + HOUR + planning.recurring.GRACE + MINUTE
    scene.tick()

    assert scene.messages() == []


def test_who_refused_surveys_is_not_enrolled_week_after_week(scene: Stage) -> None:
    scene.only("nps-survey")
    _bought(scene, BO, "eggs")

    scene.run(MONDAY + 20 * DAY)

    assert scene.messages() == []
    assert scene.rows(tables.enrollments) == []
