"""How a message moves: every arrow and every missing one, one claim for many hands, and the fence."""

import threading
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from aftercart.errors import IllegalTransition
from aftercart.model import TRANSITIONS, UNDER_WAY, Channel, Purpose, State
from aftercart.reasons import Code, because
from aftercart.store import Store, Tx, pauses, permissions, transitions
from aftercart.store.permissions import Consent, Suppression
from aftercart.store.tables import renditions
from aftercart.store.transitions import Move, Ready
from tests.people import ANN, move_in
from tests.store.planting import (
    DAY,
    MINUTE,
    NOW,
    SECOND,
    alter,
    message,
    plant,
    ring_at,
    row,
    story,
)

PAIRS = list(product(State, State))


def _move(id_: str, before: State, after: State, **more: Any) -> Move:
    return Move(id_, before, after, NOW, "test", **more)


def _ready(id_: str) -> Ready:
    return Ready(id_, "ann@mail.example", "v1", {"shop": "Meadow"})


def _claim(store: Store, *ids: str, actor: str = "worker") -> dict[str, int]:
    with store.write() as tx:
        return transitions.claim(
            tx,
            [_ready(id_) for id_ in ids],
            now=NOW,
            lease_until=NOW + MINUTE,
            actor=actor,
        )


def _one(store: Store, **columns: Any) -> str:
    with store.write() as tx:
        move_in(tx, ANN)
        (id_,) = plant(tx, message(), **columns)
    return id_


# --- arrows ---------------------------------------------------------------------------------------------------------------


def test_every_arrow_can_be_taken_and_no_other(store: Store) -> None:
    with store.write() as tx:
        ids = plant(tx, *(message(f"o-{n}") for n in range(len(PAIRS))))
        for id_, (before, _) in zip(ids, PAIRS, strict=True):
            alter(tx, id_, state=before)

    for id_, (before, after) in zip(ids, PAIRS, strict=True):
        if after in TRANSITIONS[before]:
            with store.write() as tx:
                assert transitions.move(tx, [_move(id_, before, after)]) == {id_}
            assert row(store, id_).state == after
            assert story(store, id_)[-1] == after
        else:
            with store.write() as tx, pytest.raises(IllegalTransition):
                transitions.move(tx, [_move(id_, before, after)])
            assert row(store, id_).state == before
            assert story(store, id_) == ["planned"]


def test_the_ends_of_the_table_are_ends() -> None:
    ends = {state for state, arrows in TRANSITIONS.items() if not arrows}

    assert ends == {
        State.ACCEPTED,
        State.FAILED,
        State.SKIPPED,
        State.EXPIRED,
        State.CANCELLED,
    }
    assert set(TRANSITIONS) == set(State)


def test_one_illegal_move_of_a_batch_moves_none(store: Store) -> None:
    with store.write() as tx:
        first, second = plant(tx, message("o-1"), message("o-2"))
    batch = [
        _move(first, State.SCHEDULED, State.SKIPPED),
        _move(second, State.ACCEPTED, State.SCHEDULED),
    ]

    with store.write() as tx, pytest.raises(IllegalTransition):
        transitions.move(tx, batch)

    assert {row(store, id_).state for id_ in (first, second)} == {"scheduled"}


def test_who_comes_late_moves_nothing(store: Store) -> None:
    id_ = _one(store, state=State.ACCEPTED)

    with store.write() as tx:
        moved = transitions.move(
            tx,
            [
                _move(id_, State.SENDING, State.UNCERTAIN),
                _move("nobody's", State.SENDING, State.UNCERTAIN),
            ],
        )

    assert moved == set()
    assert row(store, id_).state == "accepted"
    assert story(store, id_) == ["planned"]


def test_the_fence_keeps_out_who_holds_an_older_claim(store: Store) -> None:
    id_ = _one(store, state=State.SENDING, fence=2)

    with store.write() as tx:
        old = transitions.move(tx, [_move(id_, State.SENDING, State.FAILED, fence=1)])
        new = transitions.move(tx, [_move(id_, State.SENDING, State.ACCEPTED, fence=2)])

    assert (old, new) == (set(), {id_})


def test_an_answer_after_the_lease_counts_while_nobody_else_has_claimed(
    store: Store,
) -> None:
    id_ = _one(store, state=State.UNCERTAIN, fence=1)
    also = frozenset({State.UNCERTAIN})

    with store.write() as tx:
        accepted = _move(id_, State.SENDING, State.ACCEPTED, fence=1, also=also)
        moved = transitions.move(tx, [accepted])

    assert moved == {id_}


@pytest.mark.parametrize(
    ("before", "after"), [p for p in PAIRS if p[1] in TRANSITIONS[p[0]]]
)
def test_what_has_come_to_its_end_is_rung_no_more_and_everything_else_is(
    store: Store, before: State, after: State
) -> None:
    id_ = _one(store, state=before, fence=1)

    with store.write() as tx:
        transitions.move(tx, [_move(id_, before, after)])

    is_open = ring_at(store, id_) is not None
    assert is_open == (after in UNDER_WAY)


def test_a_move_writes_its_reason_its_columns_and_its_word(store: Store) -> None:
    id_ = _one(store)
    reason = because(Code.PAUSED, what="all SMS", since="today")

    with store.write() as tx:
        held = _move(
            id_,
            State.SCHEDULED,
            State.SCHEDULED,
            word="held",
            reason=reason,
            ring_at=NOW + DAY,
            columns={"slot_at": None},
        )
        transitions.move(tx, [held])

    found = row(store, id_)
    assert (found.slot_at, found.reason) == (None, reason.to_json())
    assert ring_at(store, id_) == NOW + DAY
    assert story(store, id_) == ["planned", "held"]


def test_random_walks_never_leave_the_table(store: Store) -> None:
    ids = iter(range(10_000))

    @settings(
        max_examples=40,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(asked=st.lists(st.tuples(*[st.sampled_from(State)] * 2), max_size=12))
    def walk(asked: list[tuple[State, State]]) -> None:
        with store.write() as tx:
            (id_,) = plant(tx, message(f"walk-{next(ids)}"))
            at = State.SCHEDULED
            for before, after in asked:
                if after not in TRANSITIONS[before]:
                    with pytest.raises(IllegalTransition):
                        transitions.move(tx, [_move(id_, before, after)])
                elif transitions.move(tx, [_move(id_, before, after)]):
                    assert before is at
                    at = after
                else:
                    assert before is not at
            query = transitions.messages.select().where(
                transitions.messages.c.id == id_
            )
            assert tx.execute(query).one().state == at

    walk()


# --- the claim ------------------------------------------------------------------------------------------------------------


def test_eight_hands_on_one_pile_take_each_message_once(store: Store) -> None:
    with store.write() as tx:
        move_in(tx, ANN)
        ids = plant(tx, *(message(f"o-{n}") for n in range(60)))
    taken: list[str] = []
    fences: list[int] = []
    start = threading.Barrier(8)

    def grab(turn: int) -> None:
        start.wait()
        mine = ids[turn * 7 :] + ids[: turn * 7]
        for some in (mine[n : n + 20] for n in range(0, 60, 20)):
            got = _claim(store, *some, actor=f"worker-{turn}")
            taken.extend(got)
            fences.extend(got.values())

    threads = [threading.Thread(target=grab, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == sorted(ids)
    assert set(fences) == {1}
    assert all(story(store, id_).count("sending") == 1 for id_ in ids[:5])


def test_a_claim_writes_down_what_it_is_about_to_send(store: Store) -> None:
    id_ = _one(store, claims=2, slot_at=NOW - MINUTE)

    assert _claim(store, id_) == {id_: 1}

    found = row(store, id_)
    assert (found.state, found.attempts, found.claims) == ("sending", 1, 0)
    assert (found.sending_at, found.lease_until) == (NOW, NOW + MINUTE)
    assert found.slot_at == NOW
    with store.read() as tx:
        (sent,) = tx.execute(select(renditions))
    assert (sent.message_id, sent.fence, sent.at, sent.actor) == (
        id_,
        1,
        NOW,
        "worker",
    )
    assert (sent.to, sent.template_version) == ("ann@mail.example", "v1")
    assert sent.values == {"shop": "Meadow"}
    assert story(store, id_) == ["planned", "sending"]


def _pause(scope: str) -> Callable[[Tx, str], None]:
    return lambda tx, _: pauses.pause(tx, scope, at=NOW, by="test")


def _suppress(key: str, scope: str) -> Callable[[Tx, str], None]:
    entry = Suppression(key, scope, "bounce", "test", NOW)
    return lambda tx, _: permissions.suppress(tx, [entry])


def _withdraw(kind: str) -> Callable[[Tx, str], None]:
    answer = Consent(ANN.id, kind, False, "test", NOW)
    return lambda tx, _: void(permissions.record(tx, [answer]))


def void(_: object) -> None:
    """For a lambda that answers nothing."""


def _columns(**values: Any) -> Callable[[Tx, str], None]:
    return lambda tx, id_: alter(tx, id_, **values)


def _both(*acts: Callable[[Tx, str], None]) -> Callable[[Tx, str], None]:
    return lambda tx, id_: void([act(tx, id_) for act in acts])


_EMAIL, _PHONE = ANN.customer.email_key, ANN.customer.phone_key

#: What is done to the message, or beside it, and whether it can be claimed then.
GUARDS: dict[str, tuple[Callable[[Tx, str], None], bool]] = {
    "nothing": (lambda tx, id_: None, True),
    "everything paused": (_pause("all"), False),
    "its channel paused": (_pause("channel:email"), False),
    "its campaign paused": (_pause("campaign:recipe-follow-up"), False),
    "its provider out": (_pause("provider:email"), False),
    "safe mode": (_pause("safe-mode"), False),
    "service in safe mode": (
        _both(_pause("safe-mode"), _columns(purpose=Purpose.SERVICE, slot_at=None)),
        True,
    ),
    "another channel paused": (_pause("channel:sms"), True),
    "another provider out": (_pause("provider:sms"), True),
    "another campaign paused": (_pause("campaign:nps-survey"), True),
    "its address suppressed": (_suppress(_EMAIL, "all"), False),
    "its address suppressed for marketing": (_suppress(_EMAIL, "marketing"), False),
    "its address suppressed for surveys": (_suppress(_EMAIL, "survey"), True),
    "another address suppressed": (_suppress(_PHONE, "all"), True),
    "its consent withdrawn": (_withdraw("email_marketing"), False),
    "another consent withdrawn": (_withdraw("sms_marketing"), True),
    "due later": (_columns(due_at=NOW + SECOND), False),
    "expired": (_columns(expires_at=NOW), False),
    "about to expire": (_columns(expires_at=NOW + SECOND), True),
    "without a place": (_columns(slot_at=None), False),
    "with an old place": (_columns(slot_at=NOW - 6 * MINUTE), False),
    "of an unknown customer": (_columns(customer_id="nobody"), False),
    "being sent": (_columns(state=State.SENDING), False),
    "uncertain": (_columns(state=State.UNCERTAIN), False),
    "accepted": (_columns(state=State.ACCEPTED), False),
    "survey": (_columns(purpose=Purpose.SURVEY, slot_at=None), True),
    "text": (_columns(channel=Channel.SMS), True),
    "service": (_columns(purpose=Purpose.SERVICE, slot_at=None), True),
}


@pytest.mark.parametrize("what", GUARDS)
def test_the_claim_holds_every_guard(store: Store, what: str) -> None:
    id_ = _one(store)
    change, goes = GUARDS[what]
    with store.write() as tx:
        change(tx, id_)

    assert bool(_claim(store, id_)) is goes


@pytest.mark.parametrize(
    ("columns", "change", "goes"),
    [
        ({"purpose": Purpose.SURVEY}, _withdraw("survey"), False),
        ({"purpose": Purpose.SURVEY}, _withdraw("email_marketing"), True),
        ({"channel": Channel.SMS}, _withdraw("sms_marketing"), False),
        ({"channel": Channel.SMS}, _suppress(_PHONE, "all"), False),
        ({"channel": Channel.SMS}, _suppress(_EMAIL, "all"), True),
        ({"purpose": Purpose.SERVICE}, _withdraw("email_marketing"), True),
        ({"purpose": Purpose.SERVICE}, _suppress(_EMAIL, "marketing"), True),
        ({"purpose": Purpose.SERVICE}, _suppress(_EMAIL, "all"), False),
    ],
)
def test_each_purpose_and_channel_has_its_own_guards(
    store: Store, columns: dict[str, Any], change: Callable[[Tx, str], None], goes: bool
) -> None:
    id_ = _one(store, **columns)
    with store.write() as tx:
        change(tx, id_)

    assert bool(_claim(store, id_)) is goes


def test_a_claim_of_nothing_is_nothing(store: Store) -> None:
    assert _claim(store) == {}


def test_a_claim_that_was_not_committed_never_was(store: Store) -> None:
    id_ = _one(store)

    with pytest.raises(RuntimeError), store.write() as tx:
        transitions.claim(
            tx, [_ready(id_)], now=NOW, lease_until=NOW + MINUTE, actor="worker"
        )
        raise RuntimeError("the power failed")

    assert row(store, id_).state == "scheduled"
    assert _claim(store, id_) == {id_: 1}
