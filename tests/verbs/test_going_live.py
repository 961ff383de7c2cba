"""A campaign goes live: as a draft, on trial, and step by step to everybody."""

from dataclasses import replace
from datetime import timedelta

from aftercart import explaining, tracking
from aftercart.campaigns import Answered, Campaign, Recurring, Send, Status, Wait
from aftercart.model import Channel, Purpose, State
from aftercart.reasons import Code, from_json
from aftercart.recurrence import Days
from aftercart.store import pauses, tables
from tests.people import ANN, CY, DI, Person
from tests.verbs.stage import DAY, HOUR, MONDAY, Stage, due_recipe, shipped

RECIPE = "recipe-follow-up"
SURVEY = "nps-survey"


def _set(stage: Stage, name: str, **changes: object) -> None:
    campaign = replace(stage.rt.campaigns[name], **changes)  # type: ignore[arg-type]
    stage.rt.campaigns = {**stage.rt.campaigns, name: campaign}


def _on_trial(stage: Stage, *who: str) -> None:
    stage.rt.shop = replace(stage.rt.shop, trial=frozenset(who))


def _chicken(stage: Stage, *cast: Person) -> None:
    for who in cast:
        stage.tell("order.placed", who, order=f"o-{who.id}", items=["chicken"])
        stage.tell("order.delivered", who, order=f"o-{who.id}")


def _crowd(stage: Stage, count: int) -> list[Person]:
    crowd = []
    for n in range(count):
        customer = replace(
            ANN.customer, id=f"p-{n}", email=f"p{n}@mail.example", email_key=f"key-{n}"
        )
        crowd.append(Person(customer))
    stage.move_in(*crowd)
    return crowd


def _reasons(stage: Stage, state: State) -> list[str]:
    return [
        reason.code if (reason := from_json(row.reason)) else ""
        for row in stage.messages()
        if row.state == state
    ]


def test_a_draft_enrolls_nobody(stage: Stage) -> None:
    stage.only(RECIPE, SURVEY)
    for name in (RECIPE, SURVEY):
        _set(stage, name, status=Status.DRAFT)

    _chicken(stage, ANN)
    stage.run(MONDAY + 5 * DAY)

    assert stage.rows(tables.enrollments) == []
    assert stage.post.sent == []


def test_a_late_order_is_not_watched_for_a_draft(scene: Stage) -> None:
    scene.only("delivery-delay")
    _set(scene, "delivery-delay", status=Status.DRAFT)

    scene.tell("order.placed", ANN, order="o-1", promised_at=MONDAY + HOUR)

    assert scene.rows(tables.enrollments) == []


def test_what_a_draft_would_have_sent_is_not_sent_when_it_goes_live(
    scene: Stage,
) -> None:
    nudges = shipped()[0]["reorder-nudge"]
    weekly = replace(
        nudges,
        name="weekly",
        trigger=Recurring(Days((0, 1)), MONDAY.time()),
        audience=None,
    )
    scene.rt.campaigns = {"weekly": replace(weekly, status=Status.DRAFT)}
    scene.now = MONDAY - DAY
    scene.tick()
    scene.run(MONDAY + HOUR)

    scene.rt.campaigns = {"weekly": weekly}
    scene.tick()

    assert scene.rows(tables.enrollments) == []
    scene.run(MONDAY + DAY + HOUR)
    assert scene.rows(tables.enrollments) != []


def test_who_is_not_on_the_trial_list_is_not_enrolled(stage: Stage) -> None:
    stage.only(RECIPE)
    _set(stage, RECIPE, status=Status.TRIAL)
    _on_trial(stage, "ann", "cy@mail.example")

    _chicken(stage, ANN, CY, DI)

    enrolled = {row.customer_id for row in stage.rows(tables.enrollments)}
    assert enrolled == {"ann", "cy"}


def test_who_is_on_the_way_when_a_campaign_becomes_a_draft_is_skipped_with_the_reason(
    stage: Stage,
) -> None:
    id_ = due_recipe(stage)
    _set(stage, RECIPE, status=Status.DRAFT)

    stage.deliver(id_)

    assert stage.post.sent == []
    assert stage.message().state is State.SKIPPED
    assert stage.message().reason == from_json({"code": Code.DRAFT})


def test_who_is_on_an_earlier_version_is_skipped_by_a_draft_too(scene: Stage) -> None:
    id_ = due_recipe(scene)
    _set(scene, RECIPE, status=Status.DRAFT, version="another")

    scene.deliver(id_)

    assert scene.message().reason == from_json({"code": Code.DRAFT})


def test_a_step_that_falls_due_in_a_draft_ends_the_way(scene: Stage) -> None:
    scene.only(RECIPE)
    _chicken(scene, ANN)
    _set(scene, RECIPE, status=Status.DRAFT)

    scene.run(MONDAY + 5 * DAY)

    assert _reasons(scene, State.SKIPPED) == [Code.DRAFT]
    assert scene.story(scene.message().id) == [("skipped", "draft")]
    assert scene.rows(tables.enrollments)[0].ended_at is not None


def test_explain_says_that_a_campaign_is_a_draft_and_where(scene: Stage) -> None:
    scene.only(RECIPE)
    _set(scene, RECIPE, status=Status.DRAFT)
    _chicken(scene, ANN)

    (told,) = explaining.explain(scene.rt, "ann", campaign=RECIPE)

    assert told.day.sentence == "The campaign is a draft."
    assert told.entry[0].check == "status"
    assert told.entry[0].place.startswith("campaigns/recipe-follow-up.yaml")


def test_explain_says_who_is_not_on_the_trial_list(scene: Stage) -> None:
    scene.only(RECIPE)
    _set(scene, RECIPE, status=Status.TRIAL)
    _on_trial(scene, "ann")

    (told,) = explaining.explain(scene.rt, "cy", campaign=RECIPE)

    assert told.day.sentence == (
        "The campaign is on trial, and the customer is not on the trial list."
    )


def test_the_look_ahead_says_what_a_draft_would_send_and_that_it_does_not(
    scene: Stage,
) -> None:
    scene.only(RECIPE)
    _chicken(scene, ANN)
    scene.now += HOUR
    _set(scene, RECIPE, status=Status.DRAFT)

    (told,) = explaining.explain(scene.rt, "ann", campaign=RECIPE)

    (coming,) = told.coming
    assert not coming.goes
    assert coming.words.startswith("would go, but: The campaign is a draft")


def test_what_runs_low_during_a_draft_is_not_told_afterwards(scene: Stage) -> None:
    scene.only("reorder-nudge")
    _set(scene, "reorder-nudge", status=Status.DRAFT)
    for weeks in (6, 4, 2):
        at = MONDAY - weeks * 7 * DAY
        scene.tell("order.placed", ANN, at=at, order=f"o-{weeks}", items=["eggs"])
    scene.run(MONDAY + 10 * DAY)
    passed = scene.rows(tables.rhythms)[0].nudge_at

    scene.only("reorder-nudge")
    scene.run(MONDAY + 12 * DAY)

    assert passed is None
    assert scene.rows(tables.enrollments) == []


def test_an_answer_starts_a_trial_only_for_who_is_on_the_list(scene: Stage) -> None:
    thanks = replace(
        shipped()[0][RECIPE],
        name="thanks",
        trigger=Answered(SURVEY, 0, 10),
        status=Status.TRIAL,
    )
    other = Person(replace(ANN.customer, id="al", email="al@mail.example"))
    scene.move_in(other)
    scene.only(SURVEY)
    for who in (ANN, other):
        scene.tell("order.placed", who, order=f"o-{who.id}", items=["eggs"])
    scene.run(MONDAY + 2 * DAY)
    surveys = [row.id for row in scene.messages(SURVEY)]
    scene.rt.campaigns = {"thanks": thanks}
    _on_trial(scene, "al")

    for id_ in surveys:
        tracking.answer(scene.rt, id_, score=9, comment="")

    entered = {
        row.customer_id
        for row in scene.rows(tables.enrollments)
        if row.campaign == "thanks"
    }
    assert len(surveys) == 2
    assert entered == {"al"}


# --- a ramp -----------------------------------------------------------------------------------------------------------


def _newsletter(*rounds: int, purpose: Purpose = Purpose.MARKETING) -> Campaign:
    nudges = shipped()[0][RECIPE]
    send = Send(Channel.EMAIL, "nps-survey", timedelta(days=4))
    return replace(
        nudges,
        name="news",
        purpose=purpose,
        trigger=Recurring(Days((0,)), MONDAY.time()),
        audience=None,
        steps=(send,),
        limit=None,
        ramp=rounds,
    )


def _begin(stage: Stage, campaign: Campaign, people: int) -> None:
    """The campaign is known since Sunday, and it is Monday."""
    _crowd(stage, people)
    stage.rt.campaigns = {campaign.name: campaign}
    stage.now = MONDAY - DAY
    stage.tick()
    stage.run(MONDAY + HOUR)


def _got(stage: Stage) -> int:
    return sum(row.state == State.ACCEPTED for row in stage.messages("news"))


def test_a_ramp_lets_in_more_people_every_day_and_then_all(stage: Stage) -> None:
    _begin(stage, _newsletter(3, 7, purpose=Purpose.SURVEY), people=20)
    got = [_got(stage)]

    for day in (1, 2):
        stage.run(MONDAY + day * DAY + 2 * HOUR)
        got.append(_got(stage))

    assert got[:2] == [3, 7]
    assert got[2] > 20
    assert _reasons(stage, State.SCHEDULED) == []


def test_who_waits_in_a_ramp_is_told_how_many_have_it(stage: Stage) -> None:
    _begin(stage, _newsletter(3), people=5)

    held = [row for row in stage.messages("news") if row.state == State.SCHEDULED]
    (told,) = explaining.explain(stage.rt, held[0].customer_id, campaign="news")

    assert "3 of 3 people have it" in told.messages[0].sentence
    (ramp,) = [line for line in told.entry if line.check == "ramp"]
    assert (ramp.seen, ramp.outcome) == ("3 of 3 people have it", "wait")


def test_who_waits_in_a_ramp_beyond_the_best_before_is_expired_with_its_reason(
    scene: Stage,
) -> None:
    campaign = _newsletter(1, 2, 3, 4, 5, purpose=Purpose.SURVEY)
    send = replace(campaign.steps[0], expires=HOUR * 3)  # type: ignore[type-var]
    _begin(scene, replace(campaign, steps=(send,)), people=4)

    scene.run(MONDAY + 6 * DAY)

    rows = scene.messages("news")
    expired = [row for row in rows if row.state == State.EXPIRED]
    # at their best-before, and not only when their turn would have come
    assert all(row.due_at == row.expires_at for row in expired)
    states = [row.state for row in rows]
    assert states.count(State.ACCEPTED) == 1
    assert states.count(State.EXPIRED) >= 3
    assert State.SCHEDULED not in states


def test_who_waits_in_a_ramp_takes_no_place_under_the_cap(scene: Stage) -> None:
    _begin(scene, _newsletter(1), people=5)

    held = [row for row in scene.messages("news") if row.state == State.SCHEDULED]

    assert held
    assert all(row.slot_at is None for row in held)


def test_a_halt_stops_the_ramp_until_a_day_after_somebody_resumed_it(
    stage: Stage,
) -> None:
    _begin(stage, _newsletter(3, 7, purpose=Purpose.SURVEY), people=20)
    with stage.rt.store.write() as tx:
        words = "7 of 120 bounced"
        pauses.pause(tx, "campaign:news", at=stage.now, by="reports", words=words)
    stage.run(MONDAY + DAY + 2 * HOUR)
    while_halted = _got(stage)
    with stage.rt.store.write() as tx:
        pauses.resume(tx, "campaign:news", now=stage.now)
    stage.run(MONDAY + DAY + 6 * HOUR)
    just_resumed = _got(stage)

    stage.run(MONDAY + 2 * DAY + 4 * HOUR)

    assert (while_halted, just_resumed, _got(stage)) == (3, 3, 7)


def test_a_ramp_that_is_over_stays_over_after_a_halt(scene: Stage) -> None:
    _begin(scene, _newsletter(2, purpose=Purpose.SURVEY), people=6)
    scene.run(MONDAY + 7 * DAY - HOUR)
    before = _got(scene)
    with scene.rt.store.write() as tx:
        pauses.pause(tx, "campaign:news", at=scene.now, by="ann")
        pauses.resume(tx, "campaign:news", now=scene.now)
    late = [
        Person(replace(ANN.customer, id=f"q-{n}", email=f"q{n}@mail.example"))
        for n in range(5)
    ]
    scene.move_in(*late)

    scene.run(MONDAY + 7 * DAY + 3 * HOUR)

    assert _got(scene) - before >= 5
    assert _reasons(scene, State.SCHEDULED) == []


def test_who_has_had_the_campaign_does_not_wait_in_a_ramp_that_is_written_later(
    scene: Stage,
) -> None:
    plain = _newsletter(purpose=Purpose.SURVEY)
    second = (Wait(span=2 * HOUR), Send(Channel.EMAIL, "nps-survey", 2 * DAY))
    plain = replace(plain, steps=(*plain.steps, *second))
    _begin(scene, plain, people=4)
    had = _got(scene)
    scene.rt.campaigns = {"news": replace(plain, ramp=(1,))}

    scene.run(MONDAY + 4 * HOUR)

    assert had >= 4
    assert _got(scene) >= had + 4
    assert Code.RAMP not in _reasons(scene, State.SCHEDULED)
