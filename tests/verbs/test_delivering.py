"""Deliver a batch: each message once, every guard in the last moment, and an outcome for every kind of answer."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from aftercart import delivering, planning
from aftercart.errors import (
    AccountProblem,
    Refused,
    SendError,
    Throttled,
    Unavailable,
    Unclear,
)
from aftercart.handover import Receipt
from aftercart.model import State
from aftercart.reasons import Code
from aftercart.rendering import Renderer
from aftercart.store import pauses, permissions, records, tables, transitions
from aftercart.store.permissions import Consent, Suppression
from tests.people import ANN, CY, DI, another
from tests.verbs.stage import (
    COOKING_TIME,
    HOUR,
    MINUTE,
    MONDAY,
    ROOT,
    Killed,
    Stage,
    due_alert,
    due_recipe,
    due_survey,
)

SECOND = timedelta(seconds=1)


def test_a_message_goes_out_once_and_its_story_says_so(stage: Stage) -> None:
    id_ = due_recipe(stage)

    handed_over = [stage.deliver(id_), stage.deliver(id_), stage.deliver(id_, id_)]

    assert handed_over == [1, 0, 0]
    assert stage.sent_to == ["ann@mail.example"]
    assert stage.message().state is State.ACCEPTED
    assert stage.message().provider_ref == f"ref-{id_}"
    assert [word for word, _ in stage.story(id_)] == ["planned", "sending", "accepted"]


def test_what_the_customer_saw_is_kept(scene: Stage) -> None:
    id_ = due_recipe(scene)

    scene.deliver(id_)

    (row,) = scene.rows(tables.renditions)
    assert (row.message_id, row.to) == (id_, "ann@mail.example")
    assert row.values["recipe"]["title"]
    (version,) = scene.rows(tables.template_versions)
    assert version.version == row.template_version
    assert version.sources


def test_marketing_and_surveys_carry_the_one_click_to_leave_and_alerts_do_not(
    scene: Stage,
) -> None:
    for due in (due_survey, due_recipe, due_alert):
        scene.deliver(due(scene))

    headers = [dict(one.headers) for _, one in scene.post.sent]

    assert len(headers) == 3
    for mail in headers[:2]:
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert mail["List-Unsubscribe"].startswith("<http")
    assert headers[2] == {}


def test_ids_that_nobody_knows_or_that_are_not_due_are_left_alone(scene: Stage) -> None:
    id_ = due_recipe(scene)
    scene.put(id_, due_at=scene.now + MINUTE)

    assert scene.deliver("no-such-message", id_) == 0
    assert scene.message().claims == 0


# --- the very last moment -------------------------------------------------------------------------------------------------


def _pause(scope: str) -> Callable[[Stage, str], None]:
    def act(stage: Stage, _: str) -> None:
        with stage.rt.store.write() as tx:
            pauses.pause(tx, scope, at=stage.now, by="test")

    return act


def _suppress(scope: str) -> Callable[[Stage, str], None]:
    def act(stage: Stage, _: str) -> None:
        entry = Suppression(ANN.customer.email_key, scope, "bounce", "test", stage.now)
        with stage.rt.store.write() as tx:
            permissions.suppress(tx, [entry])

    return act


def _withdraw(stage: Stage, _: str) -> None:
    answer = Consent(ANN.id, "email_marketing", False, "test", stage.now)
    with stage.rt.store.write() as tx:
        permissions.record(tx, [answer])


def _set(**columns: object) -> Callable[[Stage, str], None]:
    return lambda stage, id_: stage.put(id_, **columns)


def _wait(span: timedelta) -> Callable[[Stage, str], None]:
    def act(stage: Stage, _: str) -> None:
        stage.now += span

    return act


LAST_MOMENTS = {
    "everything is paused": (_pause("all"), Code.PAUSED),
    "the channel is paused": (_pause("channel:email"), Code.PAUSED),
    "the campaign is paused": (_pause("campaign:recipe-follow-up"), Code.PAUSED),
    "the address is suppressed": (_suppress("all"), Code.SUPPRESSED),
    "marketing to it is suppressed": (_suppress("marketing"), Code.SUPPRESSED),
    "consent is withdrawn": (_withdraw, Code.NO_CONSENT),
    "it has expired": (_set(expires_at=COOKING_TIME), Code.EXPIRED),
    "it was called off": (_set(state=State.CANCELLED), None),
    "another worker took it": (_set(state=State.SENDING), None),
    "it is due later": (_set(due_at=COOKING_TIME + HOUR), None),
    "it lost its place under the cap": (_set(slot_at=None), None),
    "its place is an old one": (_wait(6 * MINUTE), None),
}


@pytest.mark.parametrize("change", LAST_MOMENTS)
def test_what_changes_between_decision_and_claim_keeps_it_from_going(
    stage: Stage, change: str
) -> None:
    id_ = due_recipe(stage)
    act, later = LAST_MOMENTS[change]

    with stage.between_decision_and_claim(lambda: act(stage, id_)):
        handed_over = stage.deliver(id_)

    assert handed_over == 0
    assert stage.post.sent == []
    if later:
        # the next look at it finds the words for it
        stage.now += MINUTE
        stage.tick()
        assert stage.post.sent == []
        reason = stage.message().reason
        assert reason is not None and reason.code is later


def test_what_changes_about_another_scope_does_not_keep_it_from_going(
    scene: Stage,
) -> None:
    id_ = due_recipe(scene)

    def act() -> None:
        _pause("channel:sms")(scene, id_)
        _pause("campaign:nps-survey")(scene, id_)
        _suppress("survey")(scene, id_)

    with scene.between_decision_and_claim(act):
        handed_over = scene.deliver(id_)

    assert handed_over == 1


def test_an_alert_needs_no_consent_and_no_place_but_a_good_address(
    scene: Stage,
) -> None:
    id_ = due_alert(scene, CY)
    entry = Suppression(CY.customer.email_key, "all", "bounce", "test", scene.now)

    def act() -> None:
        with scene.rt.store.write() as tx:
            permissions.suppress(tx, [entry])

    with scene.between_decision_and_claim(act):
        refused = scene.deliver(id_)
    with scene.rt.store.write() as tx:
        tx.execute(tables.suppressions.delete())
        marketing = Suppression(
            CY.customer.email_key, "marketing", "complaint", "test", scene.now
        )
        permissions.suppress(tx, [marketing])
        for kind in permissions.KINDS:
            permissions.record(tx, [Consent(CY.id, kind, False, "test", scene.now)])

    assert refused == 0
    assert scene.deliver(id_) == 1


# --- what becomes of each kind of answer ----------------------------------------------------------------------------------


def _words(error: type[SendError], **more: object) -> SendError:
    return error("the provider's words", provider="post", code="42", **more)  # type: ignore[arg-type]


def test_refused_is_failed_and_the_address_is_suppressed_where_the_provider_says_so(
    scene: Stage,
) -> None:
    id_ = due_recipe(scene)
    scene.post.answers.append(_words(Refused, suppress="bounce"))

    scene.deliver(id_)

    message = scene.message()
    assert message.state is State.FAILED
    assert message.reason is not None and message.reason.code is Code.REFUSED
    assert "the provider's words" in message.reason.sentence()
    with scene.rt.store.read() as tx:
        (entry,) = permissions.suppressed(tx, [ANN.customer.email_key])[
            ANN.customer.email_key
        ]
    assert (entry.scope, entry.reason, entry.source) == ("all", "bounce", "post")


def test_refused_for_its_content_leaves_the_address_alone(scene: Stage) -> None:
    id_ = due_recipe(scene)
    scene.post.answers.append(_words(Refused))

    scene.deliver(id_)

    assert scene.message().state is State.FAILED
    with scene.rt.store.read() as tx:
        assert permissions.suppressed(tx, [ANN.customer.email_key]) == {}


@pytest.mark.parametrize(
    ("answer", "after", "code"),
    [
        (
            _words(Throttled, until=COOKING_TIME + 7 * MINUTE),
            7 * MINUTE,
            Code.PROVIDER_BUSY,
        ),
        (_words(Unavailable), 30 * SECOND, Code.PROVIDER_BUSY),
        (_words(AccountProblem), 60 * SECOND, Code.PROVIDER_ACCOUNT),
    ],
)
def test_what_was_surely_not_taken_is_tried_again_when_it_is_time(
    scene: Stage, answer: SendError, after: timedelta, code: Code
) -> None:
    id_ = due_recipe(scene)
    scene.post.answers.append(answer)

    scene.deliver(id_)

    waiting = scene.message()
    assert waiting.state is State.SCHEDULED
    assert waiting.reason is not None and waiting.reason.code is code
    assert waiting.due_at == COOKING_TIME + after
    scene.run(COOKING_TIME + after - SECOND)
    assert len(scene.post.sent) == 1
    scene.run(COOKING_TIME + after)
    assert scene.message().state is State.ACCEPTED
    assert len(scene.post.sent) == 2


def test_a_provider_that_stays_away_is_asked_less_and_less_often(scene: Stage) -> None:
    id_ = due_recipe(scene)
    scene.post.answers.extend(_words(Unavailable) for _ in range(8))

    scene.deliver(id_)
    scene.run(COOKING_TIME + 2 * HOUR)

    times = [at for at, _ in scene.post.sent]
    gaps = [(b - a).total_seconds() for a, b in pairwise(times)]
    assert gaps == [30, 60, 120, 240, 480, 900, 900, 900]
    assert scene.message().state is State.ACCEPTED


def test_an_answer_that_was_lost_makes_it_uncertain_and_nothing_tries_again(
    scene: Stage,
) -> None:
    id_ = due_recipe(scene)
    scene.post.answers.append(_words(Unclear))

    scene.deliver(id_)
    scene.run(COOKING_TIME + 2 * HOUR)

    message = scene.message()
    assert message.state is State.UNCERTAIN
    assert message.reason is not None and message.reason.code is Code.NO_ANSWER
    assert len(scene.post.sent) == 1


def test_one_answer_for_each_of_a_batch_in_its_order(scene: Stage) -> None:
    people = [another(f"guest{n}") for n in range(4)]
    scene.only("recipe-follow-up")
    scene.move_in(*people)
    for who in people:
        for verb in ("placed", "delivered"):
            scene.tell(f"order.{verb}", who, order=f"o-{who.id}", items=["chicken"])
    scene.now = COOKING_TIME
    answers = [
        Receipt("post", "a"),
        _words(Refused),
        _words(Unclear),
        _words(Unavailable),
    ]
    scene.post.answers.extend(answers)

    scene.deliver(*scene.plan())

    states = [scene.message(one.message_id).state for _, one in scene.post.sent]
    assert states == ["accepted", "failed", "uncertain", "scheduled"]


# --- workers that come late -----------------------------------------------------------------------------------------------


class _Slow:
    """A provider whose answer takes longer than the lease; the world goes on meanwhile."""

    provider = "post"
    at_once = 100
    keeps_list = False

    def __init__(self, answer: Receipt | SendError, meanwhile: Callable[[], object]):
        self.answer, self.meanwhile = answer, meanwhile

    def send(self, batch: object) -> list[Receipt | SendError]:
        self.meanwhile()
        return [self.answer]

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    "answer", [_words(Refused), _words(Unavailable), Receipt("post", "late")]
)
def test_a_late_worker_cannot_settle_what_another_has_claimed_since(
    stage: Stage, answer: Receipt | SendError
) -> None:
    id_ = due_alert(stage)
    post = stage.post

    def meanwhile() -> None:
        stage.rt.__dict__["senders"] = dict.fromkeys(stage.rt.senders, post)
        stage.now += delivering.LEASE
        stage.sweep()
        stage.now += 5 * MINUTE
        stage.sweep()
        post.answers.append(_words(Unclear))
        stage.tick()

    slow = _Slow(answer, meanwhile)
    stage.rt.__dict__["senders"] = dict.fromkeys(stage.rt.senders, slow)
    stage.deliver(id_)

    # what stands is what the second worker found out
    assert stage.message().fence == 2
    assert stage.message().state is State.UNCERTAIN
    assert [word for word, _ in stage.story(id_)][-1] == "uncertain"


def test_a_late_worker_whose_claim_is_still_the_last_brings_the_proof(
    stage: Stage,
) -> None:
    id_ = due_recipe(stage)

    def meanwhile() -> None:
        stage.now += delivering.LEASE
        assert stage.sweep().uncertain == 1

    slow = _Slow(Receipt("post", "late"), meanwhile)
    stage.rt.__dict__["senders"] = dict.fromkeys(stage.rt.senders, slow)
    stage.deliver(id_)

    assert stage.message().state is State.ACCEPTED
    assert stage.message().provider_ref == "late"


def test_a_provider_that_breaks_leaves_its_batch_to_the_sweeper(scene: Stage) -> None:
    id_ = due_recipe(scene)

    class Broken(_Slow):
        def send(self, batch: object) -> list[Receipt | SendError]:
            raise Killed

    broken = Broken(Receipt("post"), lambda: None)
    scene.rt.__dict__["senders"] = dict.fromkeys(scene.rt.senders, broken)
    with pytest.raises(Killed):
        scene.deliver(id_)

    assert scene.message().state is State.SENDING
    scene.now += delivering.LEASE
    assert scene.sweep().uncertain == 1


class Disk(NamedTuple):
    """What shutil.disk_usage answers, in bytes."""

    total: int
    used: int
    free: int


def test_on_a_full_disk_nothing_is_claimed_and_with_room_it_goes(
    scene: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = due_recipe(scene)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: Disk(10**12, 10**12, 99 * 2**20))
        assert scene.deliver(id_) == 0
        held = scene.message()
    scene.now += MINUTE
    scene.tick()

    assert (held.state, held.attempts) == (State.SCHEDULED, 0)
    assert scene.message().state is State.ACCEPTED
    assert len(scene.post.sent) == 1


@pytest.mark.parametrize(
    ("total", "free", "sends"),
    [(10**12, 101 * 2**20, 1), (40 * 2**20, 2**20, 1), (40 * 2**20, 2**19, 0)],
)
def test_a_small_disk_needs_a_fiftieth_of_itself(
    scene: Stage, monkeypatch: pytest.MonkeyPatch, total: int, free: int, sends: int
) -> None:
    id_ = due_recipe(scene)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(total, total - free, free))

    assert scene.deliver(id_) == sends


# --- messages that cannot be made -----------------------------------------------------------------------------------------


def test_a_message_that_goes_on_killing_its_worker_is_given_up(stage: Stage) -> None:
    id_ = due_recipe(stage)

    with stage.rendering_kills("o-1"):
        # the first time nobody suspects it: what a queue hears of for the first time is not noted
        for counted in range(3):
            with pytest.raises(Killed):
                stage.deliver(id_)
            stage.now += MINUTE
            assert stage.plan() == [id_]
            assert stage.message().claims == counted
        stage.deliver(id_)

    message = stage.message()
    assert message.state is State.FAILED
    assert message.reason is not None and message.reason.code is Code.POISON
    assert stage.post.sent == []


def test_a_message_that_kills_its_worker_takes_no_others_with_it(stage: Stage) -> None:
    guests = [another(f"guest{n}") for n in range(5)]
    stage.only("recipe-follow-up")
    stage.move_in(*guests)
    for who in guests:
        for verb in ("placed", "delivered"):
            stage.tell(f"order.{verb}", who, order=f"o-{who.id}", items=["chicken"])
    stage.now = COOKING_TIME
    batch = stage.plan()

    with stage.rendering_kills("o-guest2"):
        with pytest.raises(Killed):
            stage.deliver(*batch)
        stage.now += MINUTE
        assert sorted(stage.plan()) == sorted(batch)
        # now it is noted; the broker hands the batch of a dead worker to the next one
        with pytest.raises(Killed):
            stage.deliver(*batch)
        again = [stage.deliver(*batch) for _ in range(5)]
        for _ in range(4):
            stage.now += MINUTE
            for ringing in planning.plan(stage.rt):
                with suppress(Killed):
                    stage.deliver(*ringing.ids)

    states = {row.customer_id: row.state for row in stage.messages()}
    assert again == [0] * 5
    assert states.pop("guest2") == "failed"
    assert set(states.values()) == {"accepted"}
    assert len(stage.post.sent) == 4


def test_a_template_that_cannot_be_filled_in_fails_one_message_and_not_its_batch(
    scene: Stage,
) -> None:
    id_ = due_recipe(scene)
    scene.tell("order.placed", DI, at=MONDAY, order="o-2", items=["chicken"])
    scene.put(id_, content="a-recipe-that-was-taken-out")

    scene.deliver(id_)

    message = scene.message(id_)
    assert message.state is State.FAILED
    assert message.reason is not None and message.reason.code is Code.RENDER_FAILED


def test_a_message_waits_for_a_template_that_cannot_be_used_to_be_mended(
    scene: Stage, tmp_path: Path
) -> None:
    templates = tmp_path / "templates"
    shutil.copytree(ROOT / "templates", templates)
    subject = templates / "recipe-follow-up" / "subject.txt"
    good = subject.read_text()
    subject.write_text("{% if %}")
    scene.rt.renderer = Renderer(templates)
    id_ = due_recipe(scene)

    scene.deliver(id_)
    held = scene.message()
    subject.write_text(good)
    scene.run(scene.now + MINUTE)

    assert held.state is State.SCHEDULED
    assert held.reason is not None and held.reason.code is Code.TEMPLATE_BROKEN
    assert "subject.txt" in held.reason.sentence()
    assert scene.message().state is State.ACCEPTED


def test_what_was_sent_can_be_shown_also_after_a_claim_that_came_to_nothing(
    scene: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = due_recipe(scene)

    def broken(*_: object, **__: object) -> dict[str, int]:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(transitions, "claim", broken)
        with pytest.raises(OSError, match="disk"):
            scene.deliver(id_)
    scene.deliver(id_)

    with scene.rt.store.read() as tx:
        page = records.message_page(tx, id_, now=scene.now)
    assert page is not None
    assert "subject" in page.sources
    assert page.values["customer"]["first_name"]


def test_messages_of_a_campaign_that_is_gone_are_called_off(scene: Stage) -> None:
    id_ = due_recipe(scene)
    scene.only()

    scene.deliver(id_)

    message = scene.message()
    assert message.state is State.CANCELLED
    assert message.reason is not None and message.reason.code is Code.CAMPAIGN_GONE


# --- what is held ---------------------------------------------------------------------------------------------------------


def test_what_is_paused_waits_and_goes_when_it_is_resumed(scene: Stage) -> None:
    id_ = due_recipe(scene)
    _pause("all")(scene, id_)

    scene.deliver(id_)
    scene.run(COOKING_TIME + HOUR)
    held = scene.message()
    with scene.rt.store.write() as tx:
        pauses.resume(tx, "all", now=scene.now)
    scene.tick()

    assert held.state is State.SCHEDULED
    assert held.reason is not None and held.reason.code is Code.PAUSED
    assert held.claims == 0
    assert scene.story(id_).count(("held", "paused")) == 1
    assert scene.message().state is State.ACCEPTED
    assert len(scene.post.sent) == 1


def test_what_goes_stale_in_a_pause_expires_in_it(scene: Stage) -> None:
    id_ = due_recipe(scene)
    _pause("campaign:recipe-follow-up")(scene, id_)

    scene.run(COOKING_TIME + 4 * HOUR)

    message = scene.message()
    assert message.state is State.EXPIRED
    assert message.reason is not None and message.reason.code is Code.EXPIRED
