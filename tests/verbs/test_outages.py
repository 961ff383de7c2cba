"""A provider that is out: what stops, who is told, and how it goes on."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from aftercart.delivering import preparing
from aftercart.errors import AccountProblem, Refused, SendError, Throttled, Unclear
from aftercart.handover import Receipt
from aftercart.model import Channel, State
from aftercart.pacing import Alone, open_pace
from aftercart.reasons import Code
from aftercart.store import open_store, pauses
from aftercart.store.pauses import Pause
from tests.channels.stage import mail
from tests.people import ANN, another
from tests.servers import Postgres
from tests.store.planting import ring_at
from tests.verbs.stage import COOKING_TIME, MONDAY, Stage

SECOND = timedelta(seconds=1)
MANY = 60


def _words(kind: type[SendError], words: str = "Internal Server Error") -> SendError:
    return kind(words, provider="post")


def _due(stage: Stage, count: int = MANY) -> list[str]:
    """So many marketing e-mails, due and rung."""
    stage.only("recipe-follow-up")
    for n in range(count):
        who = another(f"eater-{n}")
        stage.move_in(who)
        stage.tell("order.placed", who, at=MONDAY, order=f"o-{n}", items=["chicken"])
        stage.tell("order.delivered", who, at=MONDAY, order=f"o-{n}")
    stage.now = COOKING_TIME
    return stage.plan()


def _held(stage: Stage) -> dict[str, Pause]:
    with stage.rt.store.read() as tx:
        return dict(pauses.paused(tx))


def _warm(stage: Stage) -> None:
    """The provider has taken messages well until now."""
    pulse = stage.rt.pulses[Channel.EMAIL]
    while pulse.room < 16:
        pulse.heard([(mail(), Receipt("post"))], now=MONDAY)


def test_a_provider_that_fails_leaves_few_in_doubt_and_the_rest_as_it_was(
    stage: Stage,
) -> None:
    ids = _due(stage)
    stage.post.answers.extend(_words(Unclear) for _ in ids)

    stage.deliver(*ids)

    states = stage.states()
    assert states.count("uncertain") == len(stage.post.sent) == 5
    assert states.count("scheduled") == MANY - 5
    held = _held(stage)["provider:email"]
    assert (held.by, held.words) == ("post", "Internal Server Error")
    assert held.ask_at == COOKING_TIME + 15 * SECOND


def test_at_full_speed_no_more_are_in_doubt_than_were_under_way(stage: Stage) -> None:
    ids = _due(stage)
    _warm(stage)
    stage.post.answers.extend(_words(Unclear) for _ in ids)

    stage.deliver(*ids)

    assert stage.states().count("uncertain") == 16


def test_what_waits_for_the_provider_says_so_and_goes_when_it_is_back(
    stage: Stage,
) -> None:
    ids = _due(stage)
    stage.post.answers.extend(_words(Unclear) for _ in range(5))
    stage.deliver(*ids)
    stage.post.says.extend(_words(Unclear, "still out") for _ in range(3))

    stage.now += 16 * SECOND
    stage.tick()
    waiting = [m for m in stage.messages() if m.state == "scheduled"]
    stories = {stage.story(m.id)[-1][0] for m in waiting}
    still = _held(stage)["provider:email"]
    for _ in range(3):
        stage.now += 15 * SECOND
        stage.tick()

    assert stories == {"held"}
    assert {m.reason["code"] for m in waiting} == {Code.PROVIDER_OUT}
    assert still.words == "still out"
    assert _held(stage) == {}
    assert stage.states().count("accepted") == MANY - 5
    assert len(stage.post.sent) == MANY


def test_a_refused_account_costs_no_message_and_is_asked_every_minute(
    stage: Stage,
) -> None:
    ids = _due(stage)
    stage.post.answers.append(_words(AccountProblem, "maximum credits exceeded"))
    stage.post.says.extend(_words(AccountProblem) for _ in range(2))

    stage.deliver(*ids)
    for _ in range(13):
        stage.now += 15 * SECOND
        stage.tick()

    assert len(stage.post.says) == 0
    assert stage.states() == ["accepted"] * MANY
    assert len(stage.post.sent) == MANY + 1


def test_too_many_requests_hold_the_channel_until_the_provider_says(
    stage: Stage,
) -> None:
    ids = _due(stage)
    pace = Alone(
        {Channel.EMAIL: 0, Channel.SMS: 0}, clock=lambda: stage.now.timestamp()
    )
    stage.rt.__dict__["pace"] = pace
    until = COOKING_TIME + 7 * SECOND
    stage.post.answers.append(Throttled("too many", provider="post", until=until))

    stage.deliver(*ids)
    stage.now = until - SECOND
    stage.tick()
    before = len(stage.post.sent)
    for _ in range(60):
        stage.now += SECOND
        stage.tick()

    assert before == 1
    assert stage.states() == ["accepted"] * MANY


def test_another_channel_goes_on(stage: Stage) -> None:
    ids = _due(stage, 5)
    stage.post.answers.extend(_words(Unclear) for _ in ids)
    stage.deliver(*ids)
    stage.only("delivery-delay")
    promised = stage.now + 30 * SECOND
    stage.tell("order.placed", ANN, order="o-late", promised_at=promised)
    stage.now = promised + timedelta(minutes=17)

    for id_ in stage.plan():
        stage.deliver(id_)

    (alert,) = stage.messages("delivery-delay")
    assert (alert.channel, alert.state) == ("sms", "accepted")


def test_a_campaign_whose_messages_are_refused_is_halted_until_somebody_resumes_it(
    stage: Stage,
) -> None:
    ids = _due(stage)
    _warm(stage)
    stage.post.answers.extend(_words(Refused, "no such template") for _ in ids)

    stage.deliver(*ids)
    stage.now += timedelta(hours=1)
    stage.tick()

    states = stage.states()
    assert (states.count("failed"), states.count("scheduled")) == (16, MANY - 16)
    held = _held(stage)["campaign:recipe-follow-up"]
    assert "no such template" in held.words
    waiting = next(m for m in stage.messages() if m.state == "scheduled")
    assert waiting.reason["code"] == Code.HALTED
    stage.post.answers.clear()
    with stage.rt.store.write() as tx:
        pauses.resume(tx, held.scope, now=stage.now)
    stage.tick()
    assert stage.states().count("accepted") == MANY - 16


def test_one_refused_in_a_hundred_halts_nothing(stage: Stage) -> None:
    ids = _due(stage)
    stage.post.answers.extend(
        _words(Refused) if n % 50 == 7 else Receipt("post") for n, _ in enumerate(ids)
    )

    stage.deliver(*ids)

    assert stage.states().count("failed") == 2
    assert _held(stage) == {}


def test_no_faster_than_the_shop_has_set(stage: Stage) -> None:
    stage.rt.__dict__["pace"] = open_pace("", {Channel.EMAIL: 10, Channel.SMS: 0})
    ids = _due(stage)

    stage.deliver(*ids)
    at_once = len(stage.post.sent)
    rung = [at for id_ in ids if (at := ring_at(stage.rt.store, id_))]

    assert 10 <= at_once <= 12
    assert stage.states().count(State.SCHEDULED.value) == MANY - at_once
    # each has its own moment, a tenth of a second after the one before
    last = COOKING_TIME + (MANY - at_once) * SECOND / 10
    assert abs(max(rung) - last) < SECOND / 5
    assert len(set(rung)) == MANY - at_once


def test_a_resume_between_the_decision_and_its_word_lets_them_go_at_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = _due(stage, 3)
    with stage.rt.store.write() as tx:
        pauses.pause(tx, "provider:email", at=stage.now, by="post", words="out")
    real = preparing.prepare

    def prepare(*given: Any, **named: Any) -> Any:
        prepared = real(*given, **named)
        with stage.rt.store.write() as tx:
            pauses.resume(tx, "provider:email", now=stage.now)
        return prepared

    with monkeypatch.context() as patch:
        patch.setattr(preparing, "prepare", prepare)
        stage.deliver(*ids)
    stage.tick()

    assert stage.states() == ["accepted"] * 3


def test_who_holds_by_a_pause_holds_up_who_resumes_it(
    postgres: Postgres, postgres_template: str
) -> None:
    store = open_store(postgres.url(postgres.database(template=postgres_template)))
    with store.write() as tx:
        pauses.pause(tx, "all", at=MONDAY, by="test")
    resumed = threading.Event()

    def resume() -> None:
        with store.write() as tx:
            pauses.resume(tx, "all", now=MONDAY)
        resumed.set()

    resuming = threading.Thread(target=resume)
    with store.write() as tx:
        seen = pauses.kept(tx)
        resuming.start()
        too_early = resumed.wait(0.5)
    resuming.join()

    with store.read() as tx:
        assert (seen, too_early, pauses.kept(tx)) == ({"all"}, False, set())
    store.close()
