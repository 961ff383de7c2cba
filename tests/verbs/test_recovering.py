"""A run that was killed, and its ledger: what is in it was sent, what is not goes again, and the log is as if nothing had happened."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from aftercart.errors import InputError, Unclear
from aftercart.model import Purpose, State
from aftercart.reasons import Code
from aftercart.replaying import beginning, recovering
from tests.people import CY
from tests.verbs.stage import (
    DAY,
    MINUTE,
    Killed,
    Post,
    Stage,
    due_alert,
    due_recipe,
    due_survey,
)

STRETCH = {"from": "2026-03-02", "to": "2026-03-05", "seed": "1"}


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """The ledger of the run that was killed; empty at first."""
    path = tmp_path / "ledger.ndjson"
    path.touch()
    return path


def write(
    ledger: Path, id_: str, at: datetime, *, status: Any = 202, accepted: bool = True
) -> None:
    line = {
        "at": at.isoformat(),
        "provider": "sendgrid",
        "message": id_,
        "ref": "ref-9" if accepted else "",
        "status": status,
        "accepted": accepted,
    }
    with ledger.open("ab") as file:
        file.write(orjson.dumps(line) + b"\n")


def die_after_the_claim(stage: Stage, *ids: str) -> None:
    def die(self: Post, batch: object) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Post, "send", die)
        with pytest.raises(Killed):
            stage.deliver(*ids)
    assert {stage.message(id_).state for id_ in ids} == {State.SENDING}


def lose_the_answer(stage: Stage, id_: str) -> None:
    stage.post.answers.append(Unclear("the connection was cut", provider="post"))
    stage.deliver(id_)
    stage.post.sent.clear()
    assert stage.message(id_).state is State.UNCERTAIN


def start_again(stage: Stage, ledger: Path) -> None:
    recovering.hear_answers(stage.rt, ledger)
    recovering.take_over(stage.rt, ledger)


@pytest.mark.parametrize("due", [due_recipe, due_survey, due_alert])
def test_what_the_ledger_does_not_have_goes_again_in_the_same_minute(
    stage: Stage, ledger: Path, due: Callable[[Stage], str]
) -> None:
    id_ = due(stage)
    planned = stage.message(id_)
    stage.now += MINUTE
    die_after_the_claim(stage, id_)

    start_again(stage, ledger)
    given_back = stage.message(id_)
    stage.tick()

    assert given_back.state is State.SCHEDULED
    assert given_back.reason is not None and given_back.reason.code is Code.NOT_TAKEN
    message = stage.message(id_)
    assert (message.state, message.reason) == (State.ACCEPTED, None)
    assert (message.due_at, message.attempts) == (planned.due_at, 1)
    assert [at for at, _ in stage.post.sent] == [stage.now]
    assert [word for word, _ in stage.story(id_)] == [
        "planned", "sending", "again", "sending", "accepted",
    ]  # fmt: skip


def test_what_was_being_prepared_goes_in_the_same_minute(
    stage: Stage, ledger: Path
) -> None:
    id_ = due_alert(stage)
    with stage.rendering_kills("o-9"), pytest.raises(Killed):
        stage.deliver(id_)

    start_again(stage, ledger)
    stage.tick()

    message = stage.message(id_)
    assert message.state is State.ACCEPTED
    assert message.accepted_at == stage.now


def test_marketing_that_goes_again_has_one_place_under_the_cap(
    scene: Stage, ledger: Path
) -> None:
    id_ = due_recipe(scene)
    die_after_the_claim(scene, id_)

    start_again(scene, ledger)
    scene.tick()

    (row,) = scene.messages("recipe-follow-up")
    assert row.purpose == Purpose.MARKETING
    assert row.slot_at == scene.now


def test_what_the_ledger_has_is_settled_as_if_the_answer_had_come(
    stage: Stage, ledger: Path
) -> None:
    id_ = due_recipe(stage)
    die_after_the_claim(stage, id_)
    write(ledger, id_, stage.now)

    start_again(stage, ledger)
    stage.tick()

    message = stage.message(id_)
    assert (message.state, message.reason) == (State.ACCEPTED, None)
    assert (message.provider, message.provider_ref) == ("sendgrid", "ref-9")
    assert message.accepted_at == stage.now
    assert stage.story(id_)[-1] == ("accepted", Code.PROOF)
    assert stage.post.sent == []


def test_what_was_taken_and_answered_badly_is_proved_and_not_sent_again(
    scene: Stage, ledger: Path
) -> None:
    id_ = due_recipe(scene)
    die_after_the_claim(scene, id_)
    write(ledger, id_, scene.now, status="reset")

    start_again(scene, ledger)
    scene.tick()

    message = scene.message(id_)
    assert message.state is State.ACCEPTED
    assert message.reason is not None and message.reason.code is Code.PROOF
    assert scene.post.sent == []


def test_a_message_that_was_refused_before_the_kill_is_asked_for_again(
    scene: Stage, ledger: Path
) -> None:
    id_ = due_recipe(scene)
    die_after_the_claim(scene, id_)
    write(ledger, id_, scene.now, status=400, accepted=False)

    start_again(scene, ledger)

    assert scene.message(id_).state is State.SCHEDULED


def test_an_answer_that_got_lost_without_a_kill_stays_in_doubt(
    scene: Stage, ledger: Path
) -> None:
    id_ = due_recipe(scene)
    lose_the_answer(scene, id_)
    write(ledger, id_, scene.now, status="reset", accepted=False)

    start_again(scene, ledger)
    scene.tick()

    message = scene.message(id_)
    assert message.state is State.UNCERTAIN
    assert message.reason is not None and message.reason.code is Code.NO_ANSWER
    assert scene.post.sent == []


def test_a_request_that_died_with_the_provider_goes_again(
    scene: Stage, ledger: Path
) -> None:
    id_ = due_alert(scene)
    # an earlier attempt, and the answer to it, are another matter
    write(ledger, id_, scene.now - MINUTE, status=503, accepted=False)
    lose_the_answer(scene, id_)

    start_again(scene, ledger)
    scene.tick()

    assert scene.message(id_).state is State.ACCEPTED
    assert len(scene.post.sent) == 1


def test_a_line_that_the_kill_tore_proves_nothing(scene: Stage, ledger: Path) -> None:
    id_ = due_recipe(scene)
    die_after_the_claim(scene, id_)
    write(ledger, id_, scene.now)
    ledger.write_bytes(ledger.read_bytes()[:-1])

    start_again(scene, ledger)

    assert scene.message(id_).state is State.SCHEDULED


def test_what_has_gone_stale_meanwhile_ends_as_expired(
    scene: Stage, ledger: Path
) -> None:
    id_ = due_recipe(scene)
    die_after_the_claim(scene, id_)
    scene.now += 3 * DAY

    start_again(scene, ledger)
    scene.tick()

    message = scene.message(id_)
    assert message.state is State.EXPIRED
    assert message.reason is not None and message.reason.code is Code.EXPIRED
    assert scene.post.sent == []


def test_a_ledger_that_lacks_what_was_sent_is_no_proof(
    scene: Stage, ledger: Path
) -> None:
    sent = due_alert(scene)
    scene.deliver(sent)
    on_its_way = due_alert(scene, CY, order="o-10")
    die_after_the_claim(scene, on_its_way)

    with pytest.raises(InputError, match="lacks 1 messages that were sent"):
        start_again(scene, ledger)

    assert scene.message(on_its_way).state is State.SENDING


def test_starting_again_twice_is_as_good_as_once(scene: Stage, ledger: Path) -> None:
    id_ = due_alert(scene)
    die_after_the_claim(scene, id_)

    start_again(scene, ledger)
    story = scene.story(id_)
    start_again(scene, ledger)

    assert scene.story(id_) == story
    assert scene.message(id_).attempts == 0


def test_a_replay_that_was_killed_while_it_prepared_is_prepared_again(
    scene: Stage, ledger: Path
) -> None:
    store = scene.rt.store
    new = beginning.begin(store, STRETCH, ledger=ledger)
    due_recipe(scene)

    killed = beginning.begin(store, STRETCH, ledger=ledger)
    beginning.prepared(store, STRETCH)
    ready = beginning.begin(store, STRETCH, ledger=ledger)

    assert (new, killed, ready) == (True, True, False)


def test_a_replay_goes_on_with_its_own_ledger_only(scene: Stage, ledger: Path) -> None:
    store = scene.rt.store
    beginning.begin(store, STRETCH, ledger=ledger)
    beginning.prepared(store, STRETCH)

    with pytest.raises(InputError, match="name that one with --ledger"):
        beginning.begin(store, STRETCH, ledger=ledger.with_name("other.ndjson"))


def test_a_ledger_that_was_put_aside_takes_its_place_in_the_reports_along(
    ledger: Path,
) -> None:
    ledger.write_text("old\n")
    ledger.with_name(f"{ledger.name}.hooks").write_text("4")

    recovering.put_aside(ledger)

    assert sorted(path.name for path in ledger.parent.glob("ledger*")) == [
        "ledger.ndjson.before", "ledger.ndjson.before.hooks",
    ]  # fmt: skip
