"""What was dropped: lapsed claims, messages without proof, and the one repeat that an alert gets."""

from datetime import timedelta

import pytest

from aftercart import delivering
from aftercart.errors import Unclear
from aftercart.model import State
from aftercart.reasons import Code
from aftercart.store import pauses, tables
from aftercart.sweeping import Swept
from tests.people import ANN, CY
from tests.store.planting import ring_at
from tests.verbs.stage import (
    HOUR,
    MINUTE,
    Killed,
    Post,
    Stage,
    due_alert,
    due_recipe,
    due_survey,
)

SECOND = timedelta(seconds=1)


def _lose_the_answer(stage: Stage, id_: str) -> None:
    stage.post.answers.append(Unclear("nobody knows", provider="post"))
    stage.deliver(id_)
    assert stage.message(id_).state is State.UNCERTAIN


def _die_after_the_claim(
    stage: Stage, id_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(self: Post, batch: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Post, "send", die)
        with pytest.raises(Killed):
            stage.deliver(id_)
    assert stage.message(id_).state is State.SENDING


def _pass(stage: Stage, span: timedelta, *, every: timedelta) -> None:
    """Time passes, with the planner and the sweeper at work."""
    until = stage.now + span
    while stage.now < until:
        stage.now = min(stage.now + every, until)
        stage.sweep()
        stage.tick()


def test_a_claim_is_missed_in_time_also_where_a_pause_had_put_its_ring_off(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = due_recipe(stage)
    with stage.rt.store.write() as tx:
        pauses.pause(tx, "all", at=stage.now, by="test")
    stage.deliver(id_)
    with stage.rt.store.write() as tx:
        tx.execute(tables.pauses.delete())

    # told twice: the second time it is free to go, and its ring is still minutes away
    _die_after_the_claim(stage, id_, monkeypatch)
    (row,) = stage.messages()
    stage.now += delivering.LEASE

    assert (ring_at(stage.rt.store, row.id) or stage.now) > stage.now
    assert stage.sweep().uncertain == 1


def test_a_claim_whose_worker_died_becomes_uncertain_when_its_lease_ends(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = due_recipe(stage)
    _die_after_the_claim(stage, id_, monkeypatch)

    stage.now += delivering.LEASE - SECOND
    early = stage.sweep()
    stage.now += SECOND
    in_time = stage.sweep()

    assert early == Swept()
    assert in_time == Swept(uncertain=1)
    message = stage.message(id_)
    assert message.state is State.UNCERTAIN
    assert message.reason is not None and message.reason.code is Code.LEASE_LAPSED


@pytest.mark.parametrize("due", [due_recipe, due_survey])
@pytest.mark.parametrize("how", ["answer lost", "worker died"])
def test_marketing_and_surveys_are_never_sent_twice_whatever_happened(
    scene: Stage, due: object, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = due(scene)  # type: ignore[operator]
    began = scene.now
    if how == "answer lost":
        _lose_the_answer(scene, id_)
    else:
        _die_after_the_claim(scene, id_, monkeypatch)
    sent = len(scene.post.sent)

    _pass(scene, timedelta(hours=71), every=HOUR)
    waiting = scene.message(id_).state
    _pass(scene, began + timedelta(hours=72) - scene.now, every=HOUR)

    assert waiting is State.UNCERTAIN
    message = scene.message(id_)
    assert message.state is State.UNKNOWN
    assert message.reason is not None and message.reason.code is Code.NO_PROOF
    assert "72 hours" in message.reason.sentence()
    _pass(scene, timedelta(days=10), every=timedelta(days=1))
    assert len(scene.post.sent) == sent


@pytest.mark.parametrize(("who", "seconds"), [(CY, 120), (ANN, 300)])
def test_an_alert_is_repeated_once_when_nothing_proves_that_it_went(
    stage: Stage, who: object, seconds: int
) -> None:
    id_ = due_alert(stage, who)  # type: ignore[arg-type]
    _lose_the_answer(stage, id_)
    stage.post.answers.append(Unclear("again nobody knows", provider="post"))

    stage.now += timedelta(seconds=seconds) - SECOND
    early = stage.sweep()
    stage.now += SECOND
    first, second = stage.sweep(), stage.sweep()
    stage.tick()
    _pass(stage, 25 * MINUTE, every=MINUTE)

    assert (early.resent, first.resent, second.resent) == (0, 1, 0)
    assert len(stage.post.sent) == 2
    assert {one.message_id for _, one in stage.post.sent} == {id_}
    assert stage.message(id_).state is State.UNCERTAIN
    assert stage.message(id_).resends == 1
    _pass(stage, timedelta(hours=72), every=6 * HOUR)
    assert len(stage.post.sent) == 2
    assert stage.message(id_).state is State.UNKNOWN


def test_an_alert_that_is_of_no_use_any_more_is_not_repeated(scene: Stage) -> None:
    id_ = due_alert(scene)
    _lose_the_answer(scene, id_)
    scene.put(id_, expires_at=scene.now + MINUTE)

    _pass(scene, HOUR, every=MINUTE)

    assert len(scene.post.sent) == 1
    assert scene.message(id_).state is State.UNCERTAIN


def test_an_alert_is_not_repeated_when_its_proof_came(scene: Stage) -> None:
    id_ = due_alert(scene, CY)
    _lose_the_answer(scene, id_)

    scene.report(scene.event_of("processed", id_))
    _pass(scene, HOUR, every=MINUTE)

    assert scene.message(id_).state is State.ACCEPTED
    assert len(scene.post.sent) == 1


def test_proof_that_comes_while_the_repeat_waits_calls_it_off(stage: Stage) -> None:
    id_ = due_alert(stage, CY)
    _lose_the_answer(stage, id_)
    stage.now += 2 * MINUTE
    stage.sweep()
    waiting = stage.message(id_).state

    stage.report(stage.event_of("processed", id_))
    stage.tick()

    assert waiting is State.SCHEDULED
    assert stage.message(id_).state is State.ACCEPTED
    assert len(stage.post.sent) == 1


def test_a_pile_of_uncertain_mail_does_not_hide_an_alert(stage: Stage) -> None:
    id_ = due_recipe(stage)
    _lose_the_answer(stage, id_)
    (row,) = stage.messages()
    pile = [
        {**row._mapping, "id": f"pile-{n}", "customer_id": f"somebody-{n}"}
        for n in range(600)
    ]
    with stage.rt.store.write() as tx:
        tx.execute(tables.messages.insert(), pile)
    stage.now += HOUR
    alert = due_alert(stage)
    _lose_the_answer(stage, alert)

    stage.now += 5 * MINUTE

    assert stage.sweep().resent == 1
    assert stage.message(alert).state is State.SCHEDULED


def _taken(stage: Stage, provider: str = "sendgrid") -> str:
    id_ = due_recipe(stage)
    stage.post.provider = provider
    stage.deliver(id_)
    return id_


def test_what_nobody_reported_on_for_three_days_is_marked_so(stage: Stage) -> None:
    id_ = _taken(stage)

    stage.now += 72 * HOUR - SECOND
    early = stage.sweep().no_report
    stage.now += SECOND
    found = stage.sweep().no_report

    assert (early, found, stage.sweep().no_report) == (0, 1, 0)
    assert stage.message(id_).delivery == "no_report"
    assert stage.message(id_).state is State.ACCEPTED


def test_a_report_that_comes_after_all_takes_the_place_of_the_mark(
    stage: Stage,
) -> None:
    id_ = _taken(stage)
    stage.now += 73 * HOUR
    stage.sweep()

    stage.report(stage.event_of("processed", id_))

    assert stage.message(id_).delivery == "processed"


def test_what_was_reported_on_is_not_marked(stage: Stage) -> None:
    id_ = _taken(stage)
    stage.report(stage.event_of("processed", id_))

    stage.now += 73 * HOUR

    assert stage.sweep().no_report == 0
    assert stage.message(id_).delivery == "processed"


def test_the_silence_of_who_never_reports_says_nothing(stage: Stage) -> None:
    id_ = _taken(stage, "smtp")

    stage.now += 73 * HOUR

    assert stage.sweep().no_report == 0
    assert stage.message(id_).delivery == ""


def test_all_who_are_silent_are_found_a_few_lines_at_a_time(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aftercart.sweeping._LINES", 3)
    stage.post.provider = "sendgrid"
    for n in range(5):
        stage.deliver(due_alert(stage, order=f"o-{n}"))

    stage.now += 72 * HOUR
    found = [stage.sweep().no_report for _ in range(6)]

    assert sum(found) == 5
    assert max(found) <= 3
    assert {row.delivery for row in stage.messages()} == {"no_report"}
