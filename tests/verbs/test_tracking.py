"""What providers and customers say about a message: proof, delivery, suppression and answers, each once and in any order."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from aftercart import addresses, delivering, tracking
from aftercart.campaigns import Answered, Campaign, Send, Wait
from aftercart.errors import InputError, Unavailable, Unclear
from aftercart.explaining import explain
from aftercart.model import Channel, Delivery, Purpose, State
from aftercart.reasons import Code
from aftercart.store import Tx, pauses, permissions, records, tables
from tests.people import ANN, CY, SECRET, Person
from tests.verbs.stage import (
    DAY,
    HOUR,
    MINUTE,
    Stage,
    due_alert,
    due_recipe,
    due_survey,
)


def _listed(stage: Stage, key: str) -> set[tuple[str, str]]:
    with stage.rt.store.read() as tx:
        entries = permissions.suppressed(tx, [key]).get(key, [])
    return {(e.scope, e.reason) for e in entries}


# --- proof ----------------------------------------------------------------------------------------------------------------


def _sending(stage: Stage, id_: str) -> None:
    stage.deliver(id_)
    stage.put(id_, state=State.SENDING, accepted_at=None, provider_ref="")


def _uncertain(stage: Stage, id_: str) -> None:
    stage.post.answers.append(Unclear("nobody knows", provider="post"))
    stage.deliver(id_)


def _unknown(stage: Stage, id_: str) -> None:
    _uncertain(stage, id_)
    stage.now += timedelta(hours=72)
    stage.sweep()


def _again(stage: Stage, id_: str) -> None:
    stage.post.answers.append(Unavailable("not now", provider="post"))
    stage.deliver(id_)


@pytest.mark.parametrize(
    ("bring_about", "before"),
    [
        (_sending, State.SENDING),
        (_uncertain, State.UNCERTAIN),
        (_unknown, State.UNKNOWN),
        (_again, State.SCHEDULED),
    ],
)
@pytest.mark.parametrize("name", ["processed", "delivered", "bounce", "open"])
def test_any_report_with_our_id_proves_that_it_was_taken(
    scene: Stage, bring_about: Callable[[Stage, str], None], before: State, name: str
) -> None:
    id_ = due_recipe(scene)
    bring_about(scene, id_)
    assert scene.message().state is before
    scene.now += MINUTE

    scene.report(scene.event_of(name, id_))
    scene.run(scene.now + HOUR)

    message = scene.message()
    assert message.state is State.ACCEPTED
    assert message.reason is not None and message.reason.code is Code.PROOF
    assert len(scene.post.sent) == 1


def test_the_time_of_acceptance_is_that_of_the_earliest_report(scene: Stage) -> None:
    id_ = due_recipe(scene)
    _uncertain(scene, id_)
    taken = scene.now.replace(second=10)

    def event(name: str, seconds: int) -> dict[str, Any]:
        stamp = int(taken.timestamp()) + seconds
        return scene.event_of(name, id_) | {"timestamp": stamp}

    scene.report(event("delivered", 30), event("processed", 0), event("open", 60))

    assert scene.message().accepted_at == taken


def test_a_report_about_what_nobody_sent_proves_nothing(scene: Stage) -> None:
    id_ = due_recipe(scene)

    scene.report(scene.event_of("delivered", id_), scene.event_of("delivered", "x"))

    assert scene.message().state is State.SCHEDULED
    assert scene.deliver(id_) == 1


def test_a_worker_that_settles_after_the_proof_changes_nothing(stage: Stage) -> None:
    id_ = due_recipe(stage)

    class Overtaken:
        provider = "post"
        at_once = 100
        keeps_list = False

        def send(self, batch: object) -> list[Any]:
            stage.report(stage.event_of("delivered", id_))
            return [Unclear("the answer was lost", provider="post")]

        def close(self) -> None:
            """Nothing is open."""

    stage.rt.__dict__["senders"] = dict.fromkeys(stage.rt.senders, Overtaken())
    stage.deliver(id_)

    assert stage.message().state is State.ACCEPTED
    assert stage.message().delivery == "delivered"


def test_what_becomes_unknown_is_counted_for_a_day_from_then_on(scene: Stage) -> None:
    id_ = due_recipe(scene)

    def count() -> int:
        with scene.rt.store.read() as tx:
            return records.health(tx, now=scene.now).unknown_today

    counts = [count()]
    _unknown(scene, id_)
    for _ in range(3):
        counts.append(count())
        scene.now += 23 * HOUR

    assert scene.message().state is State.UNKNOWN
    assert counts == [0, 1, 1, 0]


# --- delivery -------------------------------------------------------------------------------------------------------------

_NAMES = ("processed", "deferred", "delivered", "dropped", "bounce", "open", "click")


@pytest.mark.parametrize("copies", [1, 3])
def test_reports_in_any_order_and_any_number_of_copies_give_the_same_row(
    scene: Stage, copies: int
) -> None:
    due_recipe(scene)
    (row,) = scene.messages()
    numbers = count()

    def tell(events: list[tuple[str, int]], cuts: set[int]) -> tuple[Any, ...]:
        id_ = f"{next(numbers):036}"
        new = {**row._mapping, "id": id_, "customer_id": id_}
        new |= {"state": "uncertain", "attempts": 1}
        with scene.rt.store.write() as tx:
            tx.execute(tables.messages.insert(), [new])
        batch: list[dict[str, Any]] = []
        for place, (name, second) in enumerate(events):
            stamp = 1_772_640_000 + second
            batch.append({"event": name, "mid": id_, "timestamp": stamp})
            if place in cuts:
                scene.report(*batch)
                batch = []
        scene.report(*batch)
        found = next(r for r in scene.messages() if r.id == id_)
        return found.state, found.delivery, found.delivery_rank, found.delivery_at

    @settings(
        max_examples=25,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(data=st.data())
    def same(data: st.DataObject) -> None:
        some = st.tuples(st.sampled_from(_NAMES), st.integers(0, 5))
        events = data.draw(st.lists(some, min_size=1, max_size=6))
        shuffled = data.draw(st.permutations(events * copies))
        cuts = data.draw(st.sets(st.integers(0, len(shuffled) - 1)))
        assert tell(events, set()) == tell(shuffled, cuts)

    same()


def test_no_two_delivery_words_have_one_rank() -> None:
    ranks = [word.rank for word in Delivery]

    assert len(set(ranks)) == len(ranks)


def test_a_bounce_is_never_covered_by_a_delivery(scene: Stage) -> None:
    id_ = due_recipe(scene)
    scene.deliver(id_)

    scene.report(scene.event_of("bounce", id_, type="bounce"))
    scene.report(scene.event_of("delivered", id_))

    assert scene.message().delivery == "bounced"


def test_a_callback_that_nobody_can_read_does_not_keep_others_from_being_read(
    scene: Stage,
) -> None:
    id_ = due_recipe(scene)
    scene.deliver(id_)
    tracking.keep(scene.rt, "sendgrid", b"not JSON")
    tracking.keep(scene.rt, "carrier-pigeon", b"coo")

    scene.report(scene.event_of("delivered", id_))

    assert scene.message().delivery == "delivered"


def test_a_report_without_our_id_is_found_by_the_providers(scene: Stage) -> None:
    id_ = due_recipe(scene)
    scene.deliver(id_)

    scene.report(scene.event_of("delivered", "", sg_message_id=f"ref-{id_}.recv-1"))

    assert scene.message().delivery == "delivered"


# --- suppression ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due", "name", "expected"),
    [
        (due_recipe, "bounce", {("all", "bounce")}),
        (
            due_recipe,
            "spamreport",
            {("marketing", "complaint"), ("survey", "complaint")},
        ),
        (
            due_survey,
            "spamreport",
            {("marketing", "complaint"), ("survey", "complaint")},
        ),
        (due_recipe, "unsubscribe", {("marketing", "unsubscribe")}),
        (due_survey, "unsubscribe", {("survey", "unsubscribe")}),
        (due_recipe, "deferred", set()),
        (due_recipe, "open", set()),
    ],
)
def test_a_report_suppresses_the_address_for_what_it_is_about(
    stage: Stage,
    due: Callable[[Stage], str],
    name: str,
    expected: set[tuple[str, str]],
) -> None:
    id_ = due(stage)
    stage.deliver(id_)

    stage.report(stage.event_of(name, id_, email="ann@mail.example"))

    assert _listed(stage, ANN.customer.email_key) == expected
    assert _listed(stage, ANN.customer.phone_key) == set()


def test_what_is_suppressed_keeps_its_first_reason_and_time(stage: Stage) -> None:
    id_ = due_recipe(stage)
    stage.deliver(id_)
    first = stage.now

    stage.report(stage.event_of("bounce", id_))
    stage.now += HOUR
    stage.report(stage.event_of("bounce", id_, reason="again"))
    stage.report(stage.event_of("bounce", id_, reason="again"))

    (entry,) = [s for s in stage.rows(tables.suppressions) if s.source == "sendgrid"]
    assert entry.at == first


def test_a_late_bounce_that_names_no_message_suppresses_its_address(
    scene: Stage,
) -> None:
    scene.report(scene.event_of("bounce", "", email="Ann@mail.example"))

    assert _listed(scene, ANN.customer.email_key) == {("all", "bounce")}


def test_a_bounce_of_an_old_address_leaves_the_new_one_alone(scene: Stage) -> None:
    id_ = due_recipe(scene)
    scene.deliver(id_)
    scene.tell("customer.updated", ANN, email="ann@new.example")

    scene.report(scene.event_of("bounce", id_, email="ann@mail.example"))

    assert _listed(scene, ANN.customer.email_key) == {("all", "bounce")}
    assert _listed(scene, addresses.key("ann@new.example", secret=SECRET)) == set()


@pytest.mark.parametrize(
    ("code", "scope"), [("30007", "campaign:delivery-delay"), ("30034", "channel:sms")]
)
def test_what_operators_turn_away_again_and_again_is_held_until_a_person_has_looked(
    stage: Stage, code: str, scope: str
) -> None:
    ids = [due_alert(stage, order=f"o-{n}") for n in range(4)]
    stage.deliver(*ids[:3])

    for id_ in ids[:3]:
        form = {"MessageSid": id_, "MessageStatus": "undelivered", "ErrorCode": code}
        tracking.keep(stage.rt, "twilio", urlencode(form).encode(), path=id_)
    tracking.read_inbox(stage.rt)
    stage.deliver(ids[3])

    with stage.rt.store.read() as tx:
        held = pauses.paused(tx)
    assert list(held) == [scope]
    assert held[scope].words.startswith("operators turned 3 texts away")
    last = stage.message(ids[3])
    assert last.state is State.SCHEDULED
    assert last.reason is not None and last.reason.code is Code.HALTED


def test_reports_that_are_read_again_because_they_could_not_be_written_count_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [due_alert(stage, order=f"o-{n}") for n in range(2)]
    stage.deliver(*ids)
    for id_ in ids:
        form = {"MessageSid": id_, "MessageStatus": "undelivered", "ErrorCode": "30007"}
        tracking.keep(stage.rt, "twilio", urlencode(form).encode(), path=id_)
    real = stage.rt.store.write

    @contextmanager
    def write() -> Iterator[Tx]:
        with real() as tx:
            yield tx
            raise OperationalError("COMMIT", {}, Exception("the disk went away"))

    with monkeypatch.context() as patch:
        patch.setattr(stage.rt.store, "write", write)
        with pytest.raises(OperationalError):
            tracking.read_inbox(stage.rt)
    tracking.read_inbox(stage.rt)

    with stage.rt.store.read() as tx:
        assert not pauses.paused(tx)


def _text(stage: Stage, body: str, sid: str = "SM1") -> None:
    _keep_text(stage, body, sid)
    tracking.read_inbox(stage.rt)


def _keep_text(stage: Stage, body: str, sid: str) -> None:
    form = {
        "MessageSid": sid,
        "From": ANN.customer.phone,
        "To": "+15550001",
        "Body": body,
    }
    tracking.keep(stage.rt, "twilio", urlencode(form).encode(), path="")


@pytest.mark.parametrize("word", ["STOP", "stop ", "Unsubscribe"])
def test_a_texted_stop_ends_texts_and_no_mail(scene: Stage, word: str) -> None:
    _text(scene, word)
    _text(scene, word, "SM2")

    assert _listed(scene, ANN.customer.phone_key) == {("all", "stop")}
    assert _listed(scene, ANN.customer.email_key) == set()
    id_ = due_alert(scene)
    assert scene.message(id_).channel == "email"
    assert scene.deliver(id_) == 1


@pytest.mark.parametrize(
    "word", ["Stop.", "OPT-OUT", "stop all", "\uff33\uff34\uff2f\uff30"]
)
def test_a_stop_is_a_stop_however_it_is_written(scene: Stage, word: str) -> None:
    _text(scene, word)

    assert _listed(scene, ANN.customer.phone_key) == {("all", "stop")}


@pytest.mark.parametrize("word", ["START", "unstop", "Yes!"])
def test_a_texted_start_lifts_the_stop_of_that_number(stage: Stage, word: str) -> None:
    _text(stage, "STOP")
    stage.now += MINUTE

    _text(stage, word, "SM2")

    assert _listed(stage, ANN.customer.phone_key) == set()
    assert stage.message(due_alert(stage)).channel == "sms"
    assert _agreed(stage, ANN) == set(permissions.KINDS)


def test_a_stop_after_the_start_counts_again_and_a_copy_of_the_start_does_not(
    scene: Stage,
) -> None:
    for sid, word in (("SM1", "STOP"), ("SM2", "START"), ("SM3", "STOP")):
        _text(scene, word, sid)
        scene.now += MINUTE

    _text(scene, "START", "SM2")

    assert _listed(scene, ANN.customer.phone_key) == {("all", "stop")}


def test_stop_and_start_read_in_one_go_count_in_the_order_in_which_they_came(
    scene: Stage,
) -> None:
    _keep_text(scene, "STOP", "SM1")
    scene.now += MINUTE
    _keep_text(scene, "START", "SM2")
    scene.now += MINUTE
    tracking.read_inbox(scene.rt)
    started = _listed(scene, ANN.customer.phone_key)

    _keep_text(scene, "START", "SM3")
    scene.now += MINUTE
    _keep_text(scene, "STOP", "SM4")
    tracking.read_inbox(scene.rt)

    assert started == set()
    assert _listed(scene, ANN.customer.phone_key) == {("all", "stop")}


def test_a_start_lifts_nothing_but_a_stop(scene: Stage) -> None:
    entries = [("all", "invalid_number"), ("marketing", "unsubscribe")]
    with scene.rt.store.write() as tx:
        permissions.suppress(
            tx,
            [
                permissions.Suppression(
                    ANN.customer.phone_key, scope, reason, "test", scene.now
                )
                for scope, reason in entries
            ],
        )
    _text(scene, "STOP")
    scene.now += MINUTE

    _text(scene, "START", "SM2")

    assert _listed(scene, ANN.customer.phone_key) == set(entries)


def test_other_texts_stop_nothing(scene: Stage) -> None:
    _text(scene, "Please stop by at six, the door is open")

    assert _listed(scene, ANN.customer.phone_key) == set()


# --- leaving --------------------------------------------------------------------------------------------------------------


def _agreed(stage: Stage, who: Person) -> set[str]:
    (row,) = [c for c in stage.rows(tables.customers) if c.id == who.id]
    return {kind for kind in permissions.KINDS if getattr(row, kind)}


def test_leaving_ends_what_the_message_was_an_example_of(stage: Stage) -> None:
    id_ = due_recipe(stage)
    stage.deliver(id_)

    for _ in range(2):
        assert tracking.unsubscribe(stage.rt, id_, everything=False, source="link")

    assert _agreed(stage, ANN) == {"sms_marketing", "survey"}
    assert _listed(stage, ANN.customer.email_key) == {("marketing", "unsubscribe")}
    with stage.rt.store.read() as tx:
        answers = [a["granted"] for a in permissions.ledger(tx, ANN.id)]
    assert answers == [True, True, True, False]


def test_leaving_a_survey_leaves_marketing_alone(scene: Stage) -> None:
    id_ = due_survey(scene)
    scene.deliver(id_)

    tracking.unsubscribe(scene.rt, id_, everything=False, source="link")

    assert _agreed(scene, ANN) == {"email_marketing", "sms_marketing"}


def test_leaving_everything_still_lets_alerts_through(scene: Stage) -> None:
    id_ = due_recipe(scene)
    scene.deliver(id_)

    tracking.unsubscribe(scene.rt, id_, everything=True, source="link")

    assert _agreed(scene, ANN) == set()
    assert scene.deliver(due_alert(scene)) == 1


def test_who_unsubscribes_in_the_mailbox_has_taken_back_the_consent(
    scene: Stage,
) -> None:
    id_ = due_recipe(scene)
    scene.deliver(id_)

    scene.report(scene.event_of("unsubscribe", id_, email="ann@mail.example"))

    assert _agreed(scene, ANN) == {"sms_marketing", "survey"}


def _says_yes(stage: Stage, kind: str, **more: Any) -> None:
    stage.tell("customer.consented", ANN, consents=[{"kind": kind}], **more)


@pytest.mark.parametrize("mailbox", [True, False])
def test_who_says_yes_again_after_leaving_is_written_to_again(
    stage: Stage, mailbox: bool
) -> None:
    id_ = due_recipe(stage)
    stage.deliver(id_)
    if mailbox:
        stage.report(stage.event_of("unsubscribe", id_, email="ann@mail.example"))
    else:
        tracking.unsubscribe(stage.rt, id_, everything=False, source="link")
    stage.now += HOUR

    _says_yes(stage, "email_marketing")

    assert _listed(stage, ANN.customer.email_key) == set()
    assert "email_marketing" in _agreed(stage, ANN)
    with stage.rt.store.read() as tx:
        answers = [
            a["granted"]
            for a in permissions.ledger(tx, ANN.id)
            if a["kind"] == "email_marketing"
        ]
    assert answers == [True, False, True]


def test_a_yes_lifts_what_it_is_about_and_nothing_else(scene: Stage) -> None:
    id_ = due_recipe(scene)
    tracking.unsubscribe(scene.rt, id_, everything=True, source="link")
    scene.now += HOUR

    _says_yes(scene, "survey")

    assert _listed(scene, ANN.customer.email_key) == {("marketing", "unsubscribe")}
    assert _listed(scene, ANN.customer.phone_key) == {("marketing", "unsubscribe")}
    assert _agreed(scene, ANN) == {"survey"}


def test_a_yes_from_before_the_unsubscribe_that_comes_late_lifts_nothing(
    scene: Stage,
) -> None:
    id_ = due_recipe(scene)
    before = scene.now - HOUR
    tracking.unsubscribe(scene.rt, id_, everything=False, source="link")

    _says_yes(scene, "email_marketing", at=before)

    assert _listed(scene, ANN.customer.email_key) == {("marketing", "unsubscribe")}
    assert "email_marketing" not in _agreed(scene, ANN)


@pytest.mark.parametrize("name", ["bounce", "spamreport"])
def test_a_yes_never_lifts_a_bounce_or_a_complaint(scene: Stage, name: str) -> None:
    id_ = due_recipe(scene)
    scene.deliver(id_)
    tracking.unsubscribe(scene.rt, id_, everything=True, source="link")
    scene.now += MINUTE
    scene.report(scene.event_of(name, id_, email="ann@mail.example"))
    scene.now += HOUR

    for kind in permissions.KINDS:
        _says_yes(scene, kind)

    reasons = {reason for _, reason in _listed(scene, ANN.customer.email_key)}
    assert reasons == {"bounce" if name == "bounce" else "complaint"}


def test_nobody_leaves_by_a_message_that_is_not_there(scene: Stage) -> None:
    assert not tracking.unsubscribe(scene.rt, "x", everything=True, source="link")


# --- answers --------------------------------------------------------------------------------------------------------------


def _asked(stage: Stage) -> str:
    id_ = due_survey(stage)
    stage.deliver(id_)
    return id_


def test_a_detractor_opens_one_case_however_often_they_change_their_mind(
    stage: Stage,
) -> None:
    id_ = _asked(stage)

    for score in (9, 6, 3, 10, 0):
        tracking.answer(stage.rt, id_, score=score, comment=f"{score} it is")

    (answer,) = stage.rows(tables.answers)
    assert (answer.score, answer.comment) == (0, "0 it is")
    (case,) = stage.rows(tables.cases)
    assert (case.kind, case.customer_id, case.message_id) == ("detractor", "ann", id_)
    assert "6 of 10" in case.note
    assert [word for word, _ in stage.story(id_)].count("answered") == 5


@pytest.mark.parametrize("score", [7, 10])
def test_who_is_content_opens_no_case(scene: Stage, score: int) -> None:
    tracking.answer(scene.rt, _asked(scene), score=score, comment="")

    assert scene.rows(tables.cases) == []


def test_an_answer_may_be_changed_for_14_days(scene: Stage) -> None:
    id_ = _asked(scene)
    scene.now += 20 * DAY
    tracking.answer(scene.rt, id_, score=5, comment="")

    scene.now += 14 * DAY
    tracking.answer(scene.rt, id_, score=8, comment="")
    scene.now += MINUTE
    with pytest.raises(InputError, match="no longer be changed"):
        tracking.answer(scene.rt, id_, score=1, comment="")

    shown = tracking.survey(scene.rt, id_)
    assert shown is not None
    assert (shown.score, shown.open) == (8, False)


@pytest.mark.parametrize(
    ("score", "comment", "words"),
    [(11, "", "0 to 10"), (-1, "", "0 to 10"), (5, "x" * 2001, "2,000")],
)
def test_an_answer_that_is_none_changes_nothing(
    scene: Stage, score: int, comment: str, words: str
) -> None:
    id_ = _asked(scene)

    with pytest.raises(InputError, match=words):
        tracking.answer(scene.rt, id_, score=score, comment=comment)

    assert scene.rows(tables.answers) == []


def test_only_surveys_can_be_answered(scene: Stage) -> None:
    id_ = due_recipe(scene)
    scene.deliver(id_)

    assert tracking.survey(scene.rt, id_) is None
    with pytest.raises(InputError, match="no such survey"):
        tracking.answer(scene.rt, id_, score=5, comment="")


def test_an_alert_by_mail_needs_its_own_proof(scene: Stage) -> None:
    """Cy has no telephone: what proves an e-mail alert is an e-mail event."""
    id_ = due_alert(scene, CY)
    _uncertain(scene, id_)
    scene.now += delivering.LEASE

    scene.report(scene.event_of("delivered", id_))

    assert scene.message(id_).state is State.ACCEPTED


def _waiting_for(stage: Stage, low: int, high: int) -> None:
    """The survey, and a campaign that waits for such an answer to it; its message goes in two days."""
    apology = Campaign(
        name="apology",
        title="Apology",
        purpose=Purpose.SERVICE,
        trigger=Answered("nps-survey", low, high),
        steps=(Wait(days=2), Send(Channel.EMAIL, "delivery-delay", expires=DAY)),
        version="1",
    )
    stage.add(apology)


def _ways(stage: Stage) -> list[tuple[str, str]]:
    """The ways in the campaign that waits for an answer: how they ended, and what became of their messages."""
    ways = [e for e in stage.rows(tables.enrollments) if e.campaign == "apology"]
    states = [row.state for row in stage.messages("apology")]
    ended = [(e.reason or {}).get("code", "") for e in ways]
    return list(zip(ended, states or [""] * len(ways), strict=True))


def test_an_answer_starts_the_campaigns_that_wait_for_it_once(stage: Stage) -> None:
    id_ = _asked(stage)
    _waiting_for(stage, 0, 6)

    for score in (3, 3, 5):
        tracking.answer(stage.rt, id_, score=score, comment="")
    stage.run(stage.now + 2 * DAY)

    (way,) = [e for e in stage.rows(tables.enrollments) if e.campaign == "apology"]
    assert way.occurrence == id_
    assert len(stage.messages("apology")) == 1


def test_an_answer_that_does_not_fit_starts_nothing(stage: Stage) -> None:
    id_ = _asked(stage)
    _waiting_for(stage, 0, 6)

    tracking.answer(stage.rt, id_, score=7, comment="")
    stage.run(stage.now + 3 * DAY)

    assert _ways(stage) == []


@pytest.mark.parametrize("days", [1, 2], ids=["on the way", "planned"])
def test_who_changes_their_mind_before_the_message_goes_does_not_get_it(
    stage: Stage, days: int
) -> None:
    id_ = _asked(stage)
    _waiting_for(stage, 0, 6)
    tracking.answer(stage.rt, id_, score=2, comment="")
    stage.now += days * DAY
    stage.plan()

    tracking.answer(stage.rt, id_, score=9, comment="sorry")
    stage.run(stage.now + 3 * DAY)

    went = [one for _, one in stage.post.sent if one.campaign == "apology"]
    assert went == []
    if days == 1:
        assert _ways(stage) == [(Code.ANSWER_CHANGED, "")]
    else:
        (row,) = stage.messages("apology")
        assert (row.state, row.reason["code"]) == (
            State.CANCELLED,
            Code.ANSWER_CHANGED,
        )


def test_explain_says_what_was_answered(stage: Stage) -> None:
    id_ = _asked(stage)
    _waiting_for(stage, 0, 6)
    (before,) = explain(stage.rt, "ann", campaign="apology")
    tracking.answer(stage.rt, id_, score=9, comment="")

    (after,) = explain(stage.rt, "ann", campaign="apology")

    lines = [told.entry[0] for told in (before, after)]
    assert [(line.seen, line.needed) for line in lines] == [
        ("none yet", "0 to 6 to nps-survey"),
        ("9 of 10", "0 to 6 to nps-survey"),
    ]
    assert [line.outcome for line in lines] == ["no", "no"]
