"""When is something due next? Each timer alone, and the earliest of all."""

from typing import Any

import pytest

from aftercart.forecasting import Rhythm
from aftercart.model import Enrollment, State
from aftercart.store import (
    Store,
    Tx,
    customers,
    enrollments,
    horizon,
    recurrences,
    rhythms,
)
from aftercart.store.enrollments import Progress
from tests.people import ANN
from tests.store.planting import DAY, HOUR, NOW, SECOND, message, plant

NAMES = ["nps-survey"]


def _enroll(tx: Tx) -> None:
    one = Enrollment("e", "c", "1", ANN.id, "o", NOW, 0, NOW + HOUR)
    enrollments.add(tx, [one])


def _ring(tx: Tx) -> None:
    plant(tx, message(due_at=NOW + HOUR))


def _nudge(tx: Tx) -> None:
    rhythms.save(tx, [Rhythm("r", ANN.id, "eggs", NOW, 2, (), NOW + HOUR)])


def _recur(tx: Tx) -> None:
    customers.note_zones(tx, {"Europe/London"})
    recurrences.mark_planned(
        tx, "nps-survey", zone="Europe/London", at=NOW - DAY, next_at=NOW + HOUR
    )


def _look(store: Store) -> Any:
    with store.read() as tx:
        return horizon.look(tx, recurring=NAMES)


def test_where_nothing_is_in_sight_nothing_is_due(store: Store) -> None:
    seen = _look(store)

    assert seen.next is None
    assert not seen.due(NOW)


@pytest.mark.parametrize("timer", [_enroll, _ring, _nudge, _recur])
def test_each_timer_is_seen_and_due_at_its_moment(store: Store, timer: Any) -> None:
    with store.write() as tx:
        timer(tx)

    seen = _look(store)

    assert seen.next == NOW + HOUR
    assert not seen.due(NOW + HOUR - SECOND)
    assert seen.due(NOW + HOUR)


def test_what_is_over_is_no_timer(store: Store) -> None:
    with store.write() as tx:
        _enroll(tx)
        enrollments.progress(tx, [Progress("e", 1, NOW, NOW)])
        plant(tx, message(), state=State.ACCEPTED)
        rhythms.save(tx, [Rhythm("r", ANN.id, "eggs", NOW, 2, (), None)])
        recurrences.mark_planned(tx, "gone", zone="UTC", at=NOW, next_at=NOW)

    assert _look(store).next is None


def test_a_zone_that_no_campaign_of_the_calendar_has_looked_at_is_due_now(
    store: Store,
) -> None:
    with store.write() as tx:
        _recur(tx)
        customers.note_zones(tx, {"Asia/Tokyo"})

    assert _look(store).new_zone
    assert _look(store).due(NOW)
    with store.read() as tx:
        assert not horizon.look(tx, recurring=[]).new_zone
