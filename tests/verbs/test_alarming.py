"""A campaign that does harm halts itself, once, with the figures; and goes on when somebody has looked."""

import random
from dataclasses import replace

from aftercart import alarming, explaining, tracking
from aftercart.campaigns import Recurring, Send
from aftercart.model import Channel, Purpose, State
from aftercart.recurrence import Days
from aftercart.shop import Rates
from aftercart.store import pauses, tables
from tests.people import ANN, Person
from tests.verbs.stage import DAY, HOUR, MINUTE, MONDAY, Stage, shipped


def _send(stage: Stage, count: int, *, purpose: Purpose = Purpose.SURVEY) -> list[str]:
    """A campaign by the calendar goes to so many people; the ids of what was taken."""
    stage.move_in(
        *(
            Person(
                replace(
                    ANN.customer,
                    id=f"p-{n}",
                    email=f"p{n}@mail.example",
                    email_key=f"key-{n}",
                    survey=True,
                )
            )
            for n in range(count)
        )
    )
    survey = shipped()[0]["nps-survey"]
    news = replace(
        survey,
        name="news",
        purpose=purpose,
        trigger=Recurring(Days((0, 1, 2)), MONDAY.time()),
        steps=(Send(Channel.EMAIL, "nps-survey", 2 * DAY),),
        audience=None,
        limit=None,
    )
    stage.rt.campaigns = {"news": news}
    stage.now = MONDAY - DAY
    stage.tick()
    stage.run(MONDAY + HOUR)
    return _taken(stage)


def _taken(stage: Stage) -> list[str]:
    return [r.id for r in stage.messages("news") if r.state == State.ACCEPTED]


def _halt(stage: Stage) -> str:
    with stage.rt.store.read() as tx:
        held = pauses.paused(tx).get("campaign:news")
    return held.words if held else ""


def _bounces(stage: Stage, ids: list[str]) -> None:
    stage.report(*(stage.event_of("bounce", id_, type="bounce") for id_ in ids))


def test_too_many_bounces_halt_the_campaign_with_the_figures(stage: Stage) -> None:
    sent = _send(stage, 100)
    _bounces(stage, sent[:6])

    alarming.watch(stage.rt)

    share = round(100 * 6 / len(sent), 1)
    words = f"6 of {len(sent)} bounced within a day ({share:g} %, allowed 5 %)"
    assert _halt(stage) == words
    stage.run(MONDAY + DAY + HOUR)
    assert len(_taken(stage)) == len(sent)
    held = [r for r in stage.messages("news") if r.state == State.SCHEDULED]
    assert words in held[0].reason["why"]


def test_a_campaign_that_does_well_goes_on(stage: Stage) -> None:
    sent = _send(stage, 100)
    _bounces(stage, sent[:5])

    assert alarming.watch(stage.rt) == {}
    assert _halt(stage) == ""


def test_few_messages_say_nothing(scene: Stage) -> None:
    sent = _send(scene, 40)
    _bounces(scene, sent[:30])

    assert alarming.watch(scene.rt) == {}


def test_it_is_halted_once(scene: Stage) -> None:
    _bounces(scene, _send(scene, 60)[:10])

    assert list(alarming.watch(scene.rt)) == ["news"]
    scene.now += MINUTE
    assert alarming.watch(scene.rt) == {}


def test_reports_count_once_however_often_and_in_which_order_they_come(
    stage: Stage,
) -> None:
    sent = _send(stage, 100)
    told = [stage.event_of("bounce", id_, type="bounce") for id_ in sent[:5]]
    told += [stage.event_of("bounce", id_, type="blocked") for id_ in sent[:5]]
    told += [stage.event_of("delivered", id_) for id_ in sent]
    for seed in range(3):
        random.Random(seed).shuffle(told)
        stage.report(*told)

    assert alarming.watch(stage.rt) == {}
    assert len(stage.rows(tables.troubles)) == 5
    _bounces(stage, [sent[7]])
    assert list(alarming.watch(stage.rt)) == ["news"]


def test_two_complaints_are_enough_and_one_is_an_accident(scene: Stage) -> None:
    sent = _send(scene, 60)
    scene.report(scene.event_of("spamreport", sent[0]))
    first = alarming.watch(scene.rt)
    scene.report(scene.event_of("spamreport", sent[1]))

    assert first == {}
    assert list(alarming.watch(scene.rt)) == ["news"]
    assert "2 of" in _halt(scene)


def test_who_unsubscribes_on_our_page_and_in_the_mailbox_counts_once(
    stage: Stage,
) -> None:
    sent = _send(stage, 60)
    for id_ in sent[:4]:
        tracking.unsubscribe(stage.rt, id_, everything=False, source="page")
        stage.report(stage.event_of("unsubscribe", id_))
    four = alarming.watch(stage.rt)
    tracking.unsubscribe(stage.rt, sent[4], everything=False, source="one-click")

    assert four == {}
    assert list(alarming.watch(stage.rt)) == ["news"]
    assert "5 of" in _halt(stage)


def test_what_was_told_before_somebody_resumed_it_is_not_held_against_it_again(
    stage: Stage,
) -> None:
    sent = _send(stage, 90)
    _bounces(stage, sent[:10])
    alarming.watch(stage.rt)
    stage.now += HOUR
    with stage.rt.store.write() as tx:
        pauses.resume(tx, "campaign:news", now=stage.now)
    stage.now += MINUTE
    _bounces(stage, sent[10:20])  # late words of what was sent before

    again = alarming.watch(stage.rt)
    stage.run(MONDAY + DAY + HOUR)
    later = [id_ for id_ in _taken(stage) if id_ not in sent]
    _bounces(stage, later[:2])
    few = alarming.watch(stage.rt)
    _bounces(stage, later[:10])

    assert (again, few) == ({}, {})
    assert len(later) >= 50
    assert list(alarming.watch(stage.rt)) == ["news"]


def test_what_is_a_day_old_is_over(scene: Stage) -> None:
    sent = _send(scene, 60)
    _bounces(scene, sent[:10])
    scene.now += DAY + HOUR

    assert alarming.watch(scene.rt) == {}


def test_the_shop_says_how_much_it_allows(scene: Stage) -> None:
    scene.rt.shop = replace(scene.rt.shop, halt=Rates(bounces=0.2))
    _bounces(scene, _send(scene, 60)[:10])

    assert alarming.watch(scene.rt) == {}


def test_a_service_message_is_never_halted_for_it(scene: Stage) -> None:
    sent = _send(scene, 60)
    news = scene.rt.campaigns["news"]
    scene.rt.campaigns = {"news": replace(news, purpose=Purpose.SERVICE)}
    _bounces(scene, sent[:20])

    assert alarming.watch(scene.rt) == {}


def test_explain_reads_the_figures_aloud(scene: Stage) -> None:
    _bounces(scene, _send(scene, 60)[:10])
    alarming.watch(scene.rt)
    scene.run(MONDAY + DAY + HOUR)

    (told,) = explaining.explain(scene.rt, "p-40", campaign="news")

    assert "bounced within a day" in told.messages[0].sentence
