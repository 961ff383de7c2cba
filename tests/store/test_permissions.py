"""Consent and suppression: an append-only ledger, today's answer beside it, and a list that keeps its first reason."""

from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select

from aftercart.store import Store, customers, permissions, tables
from aftercart.store.permissions import Consent, Suppression
from tests.people import ANN, CY, move_in
from tests.store.planting import DAY, HOUR, NOW


def _answer(granted: bool, at: datetime, *, kind: str = "survey") -> Consent:
    return Consent(ANN.id, kind, granted, "shop", at, "Do you agree?")


def _new(store: Store) -> None:
    with store.write() as tx:
        customers.save(tx, [{"id": ANN.id}, {"id": CY.id}], now=NOW)


def _record(store: Store, *answers: Consent) -> int:
    with store.write() as tx:
        return permissions.record(tx, answers)


def _ledger(store: Store) -> list[Any]:
    with store.read() as tx:
        return permissions.ledger(tx, ANN.id)


def _agreed(store: Store) -> tuple[bool, bool, bool]:
    with store.read() as tx:
        found = customers.load(tx, [ANN.id], now=NOW)[ANN.id]
    return found.email_marketing, found.sms_marketing, found.survey


def test_each_change_of_mind_is_a_line_of_its_own_and_no_line_ever_changes(
    store: Store,
) -> None:
    _new(store)
    seen: list[list[Any]] = []

    for n, granted in enumerate((False, True, False, True)):
        assert _record(store, _answer(granted, NOW + n * HOUR)) == 1
        seen.append(_ledger(store))

    for before, after in pairwise(seen):
        assert after[: len(before)] == before
    assert [line["granted"] for line in seen[-1]] == [False, True, False, True]
    assert seen[-1][0]["wording"] == "Do you agree?"


def test_saying_the_same_again_adds_nothing(store: Store) -> None:
    _new(store)

    counts = [_record(store, _answer(True, NOW + n * DAY)) for n in range(3)]

    assert counts == [1, 0, 0]
    assert len(_ledger(store)) == 1


def test_the_first_no_is_kept_as_proof_that_we_asked(store: Store) -> None:
    _new(store)

    assert _record(store, _answer(False, NOW)) == 1
    assert _agreed(store) == (False, False, False)


def test_todays_answer_follows_the_ledger_for_each_question(store: Store) -> None:
    _new(store)

    _record(
        store,
        _answer(True, NOW, kind="email_marketing"),
        _answer(False, NOW, kind="sms_marketing"),
        _answer(False, NOW),
        _answer(True, NOW + HOUR),
    )

    assert _agreed(store) == (True, False, True)


def test_of_one_batch_the_last_word_counts(store: Store) -> None:
    _new(store)

    _record(store, _answer(True, NOW), _answer(False, NOW + HOUR))
    after_no = _agreed(store)
    _record(store, _answer(False, NOW + 2 * HOUR), _answer(True, NOW + 3 * HOUR))

    assert (after_no[2], _agreed(store)[2]) == (False, True)


def test_a_late_yes_never_undoes_a_no_and_a_late_no_always_counts(
    store: Store,
) -> None:
    _new(store)
    _record(store, _answer(False, NOW))

    late_yes = _record(store, _answer(True, NOW - HOUR))
    still_no = _agreed(store)[2]
    _record(store, _answer(True, NOW + HOUR))
    late_no = _record(store, _answer(False, NOW))

    assert (late_yes, still_no) == (0, False)
    assert (late_no, _agreed(store)[2]) == (1, False)


def test_the_last_answers_are_found_by_person_and_question(store: Store) -> None:
    _new(store)
    _record(store, _answer(True, NOW), _answer(False, NOW + HOUR))

    with store.read() as tx:
        found = permissions.latest(tx, [ANN.id, CY.id])

    assert found == {(ANN.id, "survey"): _answer(False, NOW + HOUR)}


def _entry(scope: str, reason: str = "bounce", at: datetime = NOW) -> Suppression:
    return Suppression(ANN.customer.email_key, scope, reason, "test", at)


def test_an_address_on_the_list_keeps_its_first_reason(store: Store) -> None:
    with store.write() as tx:
        permissions.suppress(tx, [_entry("all")])
        permissions.suppress(tx, [_entry("all", "complaint", NOW + DAY)])
        permissions.suppress(tx, [_entry("survey", "unsubscribe")])
        found = permissions.suppressed(tx, [ANN.customer.email_key, "other", ""])

    (entries,) = found.values()
    assert {(e.scope, e.reason, e.at) for e in entries} == {
        ("all", "bounce", NOW),
        ("survey", "unsubscribe", NOW),
    }


def test_an_address_that_nobody_has_is_not_put_on_the_list(store: Store) -> None:
    with store.write() as tx:
        permissions.suppress(tx, [Suppression("", "all", "bounce", "test", NOW)])
        count = len(list(tx.execute(select(tables.suppressions))))

    assert count == 0


def test_who_comes_back_is_taken_off_for_that_scope_alone(store: Store) -> None:
    with store.write() as tx:
        move_in(tx, ANN)
        left = [_entry(scope, "unsubscribe") for scope in ("marketing", "survey")]
        permissions.suppress(tx, left)
        permissions.lift(tx, [_entry("marketing", "unsubscribe", NOW + DAY)])
        found = permissions.suppressed(tx, [ANN.customer.email_key])

    assert [e.scope for e in found[ANN.customer.email_key]] == ["survey"]


@pytest.mark.parametrize(
    ("listed", "back", "stays"),
    [
        (("unsubscribe", NOW), ("unsubscribe", NOW + DAY), False),
        (("stop", NOW), ("stop", NOW + DAY), False),
        (("unsubscribe", NOW), ("unsubscribe", NOW), True),
        (("unsubscribe", NOW), ("unsubscribe", NOW - DAY), True),
        (("unsubscribe", NOW), ("stop", NOW + DAY), True),
        (("stop", NOW), ("unsubscribe", NOW + DAY), True),
        (("complaint", NOW), ("complaint", NOW + DAY), True),
        (("bounce", NOW), ("bounce", NOW + DAY), True),
        (("complaint", NOW), ("unsubscribe", NOW + DAY), True),
    ],
)
def test_only_what_a_person_asked_for_is_taken_back_and_only_by_a_later_word(
    store: Store,
    listed: tuple[str, datetime],
    back: tuple[str, datetime],
    stays: bool,
) -> None:
    with store.write() as tx:
        permissions.suppress(tx, [_entry("all", *listed)])
        permissions.lift(tx, [_entry("all", *back)])
        found = permissions.suppressed(tx, [ANN.customer.email_key])

    assert bool(found) is stays


@pytest.mark.parametrize("hard_first", [True, False])
@pytest.mark.parametrize("together", [True, False])
def test_who_comes_back_after_complaining_too_stays_on_the_list(
    store: Store, hard_first: bool, together: bool
) -> None:
    soft, hard = _entry("marketing", "unsubscribe"), _entry("marketing", "complaint")
    told = [hard, soft] if hard_first else [soft, hard]

    with store.write() as tx:
        for part in [told] if together else [[one] for one in told]:
            permissions.suppress(tx, part)
        permissions.lift(tx, [_entry("marketing", "unsubscribe", NOW + DAY)])
        found = permissions.suppressed(tx, [ANN.customer.email_key])

    assert [e.reason for e in found[ANN.customer.email_key]] == ["complaint"]


@pytest.mark.parametrize("days", [(0, 2), (2, 0)])
def test_a_yes_between_two_noes_lifts_nothing(
    store: Store, days: tuple[int, int]
) -> None:
    with store.write() as tx:
        for day in days:
            permissions.suppress(tx, [_entry("all", "stop", NOW + day * DAY)])
        permissions.lift(tx, [_entry("all", "stop", NOW + DAY)])
        found = permissions.suppressed(tx, [ANN.customer.email_key])

    assert [e.at for e in found[ANN.customer.email_key]] == [NOW + 2 * DAY]
