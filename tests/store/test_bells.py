"""When a queue hears of a message: put off, taken down, and in nobody's way."""

from collections.abc import Iterator

import pytest

from aftercart.model import State
from aftercart.store import Store, bells, open_store, transitions
from aftercart.store.transitions import Move
from tests.servers import Postgres
from tests.store.planting import HOUR, MINUTE, NOW, alter, message, plant, ring_at


@pytest.fixture
def server_store(postgres: Postgres, postgres_template: str) -> Iterator[Store]:
    opened = open_store(postgres.url(postgres.database(template=postgres_template)))
    yield opened
    opened.close()


def test_a_move_puts_the_bell_off_and_an_end_takes_it_down(store: Store) -> None:
    with store.write() as tx:
        waits, ends = plant(tx, message("o-1"), message("o-2"))
        moves = [
            Move(waits, State.SCHEDULED, State.SCHEDULED, NOW, "t", ring_at=NOW + HOUR),
            Move(ends, State.SCHEDULED, State.CANCELLED, NOW, "t"),
        ]
        transitions.move(tx, moves)

    assert ring_at(store, waits) == NOW + HOUR
    assert ring_at(store, ends) is None


def test_a_move_that_came_too_late_leaves_the_bell_alone(store: Store) -> None:
    with store.write() as tx:
        (id_,) = plant(tx, message("o-1"))
        alter(tx, id_, state=State.SENDING, fence=2)
        bells.put_off(tx, {id_: NOW + MINUTE})
        late = Move(id_, State.SENDING, State.ACCEPTED, NOW, "t", fence=1)
        transitions.move(tx, [late])

    assert ring_at(store, id_) == NOW + MINUTE


def test_who_rings_waits_for_nobody_who_moves_a_message(server_store: Store) -> None:
    with server_store.write() as tx:
        moved, other = plant(tx, message("o-1"), message("o-2"))

    with server_store.write() as mover:
        bells.take_down(mover, [moved])
        with server_store.write() as tx:
            tx.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
            bells.ring(tx, now=NOW, again_at=NOW + MINUTE, limit=10)
        with server_store.write() as tx:
            tx.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
            bells.ring_now(tx, now=NOW)
        mover.rollback()

    assert ring_at(server_store, other) == NOW
    assert ring_at(server_store, moved) is not None
