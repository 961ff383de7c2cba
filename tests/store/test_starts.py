"""A noted start that came to nothing is counted for its messages, once, and only for those that have not moved."""

from datetime import timedelta

from sqlalchemy import select

from aftercart.model import State
from aftercart.store import Store, starts, tables
from tests.store.planting import MINUTE, NOW, alter, message, plant, row


def _left(store: Store) -> list[int]:
    with store.read() as tx:
        return list(tx.scalars(select(tables.starts.c.id)))


def test_a_start_that_was_crossed_out_is_never_counted(store: Store) -> None:
    with store.write() as tx:
        (one,) = plant(tx, message("o-1"))
        start = starts.note(tx, [one], now=NOW)

    with store.write() as tx:
        starts.cross_out(tx, start)
        starts.count_lost(tx, before=NOW + MINUTE)

    assert row(store, one).claims == 0
    assert _left(store) == []


def test_a_start_that_stays_is_counted_once(store: Store) -> None:
    with store.write() as tx:
        one, two, other = plant(tx, *(message(f"o-{n}") for n in range(3)))
        starts.note(tx, [one, two], now=NOW)

    for _ in range(2):
        with store.write() as tx:
            starts.count_lost(tx, before=NOW + MINUTE)

    assert [row(store, id_).claims for id_ in (one, two, other)] == [1, 1, 0]
    assert _left(store) == []


def test_a_start_is_given_its_time(store: Store) -> None:
    with store.write() as tx:
        (one,) = plant(tx, message("o-1"))
        start = starts.note(tx, [one], now=NOW)

    with store.write() as tx:
        starts.count_lost(tx, before=NOW - timedelta(seconds=1))

    assert row(store, one).claims == 0
    assert _left(store) == [start]


def test_what_has_moved_since_is_no_suspect(store: Store) -> None:
    with store.write() as tx:
        sent, waits = plant(tx, message("o-1"), message("o-2"))
        starts.note(tx, [sent, waits], now=NOW)
        alter(tx, sent, state=State.SENDING)

    with store.write() as tx:
        starts.count_lost(tx, before=NOW + MINUTE)

    assert [row(store, id_).claims for id_ in (sent, waits)] == [0, 1]
