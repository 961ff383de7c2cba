"""The desk: pauses, cases, answers and single marks."""

from typing import Any

import pytest
from sqlalchemy import select

from aftercart.store import Store, Tx, desk, tables
from tests.people import ANN
from tests.store.planting import (
    DAY,
    HOUR,
    NOW,
)


def _case(tx: Tx, about: str, note: str = "call", *, kind: str = "late_order") -> None:
    desk.open_case(tx, kind, about=about, customer_id=ANN.id, at=NOW, note=note)


def _cases(store: Store) -> list[Any]:
    with store.read() as tx:
        return list(tx.execute(select(tables.cases).order_by(tables.cases.c.kind)))


def test_a_case_is_opened_once_for_what_it_is_about(store: Store) -> None:
    with store.write() as tx:
        _case(tx, "o-1")
        _case(tx, "o-1", "again")
        _case(tx, "o-2")
        _case(tx, "o-1", kind="detractor")

    found = _cases(store)
    assert [case.kind for case in found] == ["detractor", "late_order", "late_order"]
    assert {case.note for case in found} == {"call"}


def test_a_case_that_is_done_keeps_its_first_time_and_is_not_opened_again(
    store: Store,
) -> None:
    with store.write() as tx:
        _case(tx, "o-1")
        opened = desk.open_cases(tx, [ANN.id, "nobody"], since=NOW - DAY)
        (case,) = tx.execute(select(tables.cases))
        desk.close_case(tx, case.id, at=NOW + HOUR)
        desk.close_case(tx, case.id, at=NOW + DAY)
        _case(tx, "o-1")
        closed = desk.open_cases(tx, [ANN.id], since=NOW - DAY)

    assert (opened, closed) == ({ANN.id: ("late_order", NOW)}, {})
    assert [case.closed_at for case in _cases(store)] == [NOW + HOUR]


def test_tasks_and_old_cases_hold_nobody(store: Store) -> None:
    with store.write() as tx:
        _case(tx, "e-1", kind=desk.TASK)
        _case(tx, "o-1")
        recent = desk.open_cases(tx, [ANN.id], since=NOW - DAY)
        old = desk.open_cases(tx, [ANN.id], since=NOW)

    assert (recent, old) == ({ANN.id: ("late_order", NOW)}, {})


def test_an_answer_is_replaced_and_dated_by_the_first(store: Store) -> None:
    given = {"message_id": "m", "campaign": "nps", "customer_id": ANN.id}

    with store.write() as tx:
        first = desk.answer(tx, given | {"score": 3, "comment": "meh"}, at=NOW)
        again = desk.answer(tx, given | {"score": 9, "comment": ""}, at=NOW + HOUR)
        found = desk.answer_of(tx, "m")
        nothing = desk.answer_of(tx, "x")

    assert (first, again) == (True, False)
    assert found == (9, "", NOW)
    assert nothing is None


@pytest.mark.parametrize("value", ["text", 7, {"a": [1, 2]}, False])
def test_a_mark_is_any_single_fact(store: Store, value: Any) -> None:
    with store.write() as tx:
        desk.set_mark(tx, "one", "before")
        desk.set_mark(tx, "one", value)
        desk.set_mark(tx, "two", 2)
        found = desk.get_mark(tx, "one")
        other = desk.get_mark(tx, "two")
        none = desk.get_mark(tx, "three")

    assert (found, other, none) == (value, 2, None)
