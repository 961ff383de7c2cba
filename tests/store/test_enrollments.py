"""Enrollments: once for each occurrence, due in order, ended with a reason."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from aftercart.model import Enrollment, enrollment_id
from aftercart.reasons import Code, because
from aftercart.store import Store, enrollments, tables
from aftercart.store.enrollments import Progress
from tests.people import ANN
from tests.store.planting import DAY, HOUR, NOW


def _enrollment(
    occurrence: str, *, due_at: datetime = NOW, order: str = ""
) -> Enrollment:
    name = "delivery-delay"
    return Enrollment(
        id=enrollment_id(name, ANN.id, occurrence),
        campaign=name,
        version="1",
        customer_id=ANN.id,
        occurrence=occurrence,
        started_at=NOW - HOUR,
        step=0,
        due_at=due_at,
        order_id=order,
        facts={"eta": "x"},
    )


def _row(store: Store, occurrence: str) -> Any:
    e = tables.enrollments
    with store.read() as tx:
        return tx.execute(select(e).where(e.c.occurrence == occurrence)).one()


def test_one_occurrence_enrolls_once(store: Store) -> None:
    one = _enrollment("o-1")

    with store.write() as tx:
        first = enrollments.add(tx, [one, one])
        again = enrollments.add(tx, [replace(one, started_at=NOW)])
        found = enrollments.due(tx, now=NOW, limit=10)

    assert (first, again) == ({one.id}, set())
    assert found == [one]


def test_the_due_come_oldest_first_and_the_ended_not_at_all(store: Store) -> None:
    with store.write() as tx:
        enrollments.add(
            tx,
            [
                _enrollment("new"),
                _enrollment("old", due_at=NOW - DAY),
                _enrollment("later", due_at=NOW + HOUR),
                _enrollment("over"),
            ],
        )
        over = enrollment_id("delivery-delay", ANN.id, "over")
        enrollments.progress(tx, [Progress(over, 1, NOW, NOW)])
        found = enrollments.due(tx, now=NOW, limit=10)
        one = enrollments.due(tx, now=NOW, limit=1)

    assert [e.occurrence for e in found] == ["old", "new"]
    assert [e.occurrence for e in one] == ["old"]


def test_progress_is_written_with_its_reason(store: Store) -> None:
    why = because(Code.NOT_LATE, order="o-1")
    id_ = _enrollment("o-1").id
    with store.write() as tx:
        enrollments.add(tx, [_enrollment("o-1")])
        enrollments.progress(tx, [Progress(id_, 2, NOW + DAY, NOW, why)])

    found = _row(store, "o-1")

    assert (found.step, found.due_at, found.ended_at) == (2, NOW + DAY, NOW)
    assert found.reason == why.to_json()


def test_an_orders_watches_end_and_the_first_reason_stays(store: Store) -> None:
    with store.write() as tx:
        enrollments.add(
            tx, [_enrollment("a", order="o-1"), _enrollment("b", order="o-2")]
        )
        for code in (Code.ARRIVED, Code.ORDER_CANCELLED):
            enrollments.end_for_order(
                tx,
                "o-1",
                campaigns=["delivery-delay"],
                at=NOW,
                reason=because(code, order="o-1"),
            )

    assert _row(store, "a").reason["code"] == "arrived"
    assert _row(store, "b").ended_at is None


def test_what_is_taken_back_ends_no_later_watch_and_not_the_promise(
    store: Store,
) -> None:
    newer = replace(_enrollment("newer", order="o-1"), started_at=NOW)
    with store.write() as tx:
        enrollments.add(
            tx,
            [
                _enrollment("o-1:promised", order="o-1"),
                _enrollment("older", order="o-1"),
                newer,
            ],
        )
        enrollments.end_for_order(
            tx,
            "o-1",
            campaigns=["delivery-delay"],
            at=NOW - HOUR,
            reason=because(Code.NOT_LATE, order="o-1"),
            but="o-1:promised",
        )

    ended = {
        name: _row(store, name).ended_at is not None
        for name in ("o-1:promised", "older", "newer")
    }
    assert ended == {"o-1:promised": False, "older": True, "newer": False}


def test_who_is_on_the_way_is_found_as_of_a_moment(store: Store) -> None:
    with store.write() as tx:
        enrollments.add(tx, [_enrollment("a"), _enrollment("b", due_at=NOW - HOUR)])

    with store.read() as tx:
        now = enrollments.waiting(tx, "delivery-delay", ANN.id, now=NOW)
        before = enrollments.waiting(tx, "delivery-delay", ANN.id, now=NOW - DAY)

    assert [e.occurrence for e in now] == ["b", "a"]
    assert before == []
