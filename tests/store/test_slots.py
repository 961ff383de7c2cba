"""Places under the cap: who waits, who has had one, who gives one back."""

from aftercart.model import Purpose, State
from aftercart.store import Store, slots
from tests.people import ANN, CY
from tests.store.planting import DAY, MINUTE, NOW, alter, message, plant, row


def test_who_waits_stands_in_order_of_merit(store: Store) -> None:
    with store.write() as tx:
        low, high, early, other = plant(
            tx,
            message("o-1"),
            message("o-2"),
            message("o-3", due_at=NOW - DAY),
            message("o-4", customer_id=CY.id),
            slot_at=None,
        )
        alter(tx, high, priority=10)
        plant(tx, message("placed"))
        plant(tx, message("later"), slot_at=None, ring_at=NOW + MINUTE)
        plant(tx, message("over"), slot_at=None, state=State.EXPIRED)
        plant(tx, message("service", purpose=Purpose.SERVICE))

    with store.read() as tx:
        waiting = slots.unslotted(tx, now=NOW, limit=10)

    assert [(m.id, priority) for m, priority in waiting] == [
        (high, 10),
        (early, 0),
        (low, 0),
        (other, 0),
    ]


def test_places_count_by_person_and_time_where_the_message_may_have_come(
    store: Store,
) -> None:
    with store.write() as tx:
        for state in State:
            plant(tx, message(f"o-{state}"), state=state)
        plant(tx, message("long ago"), slot_at=NOW - 8 * DAY)
        plant(tx, message("earlier"), slot_at=NOW - DAY)
        plant(tx, message("stale", expires_at=NOW))

    with store.read() as tx:
        found = slots.granted(tx, [ANN.id, CY.id], since=NOW - 7 * DAY)

    # the earlier one, then: scheduled, sending, accepted, uncertain, unknown
    assert found == {ANN.id: [NOW - DAY] + [NOW] * 5}


def test_a_place_is_given(store: Store) -> None:
    with store.write() as tx:
        (id_,) = plant(tx, message(), slot_at=None)
        slots.grant(tx, [id_], at=NOW)

    assert row(store, id_).slot_at == NOW


def test_a_place_is_taken_back_from_what_was_due_and_has_not_gone(
    store: Store,
) -> None:
    with store.write() as tx:
        stayed, rung, gone = plant(tx, *(message(f"o-{n}") for n in range(3)))
        alter(tx, rung, ring_at=NOW + MINUTE)
        alter(tx, gone, state=State.ACCEPTED)

    with store.write() as tx:
        slots.take_back(tx, now=NOW)

    places = [row(store, id_).slot_at for id_ in (stayed, rung, gone)]
    assert places == [None, NOW, NOW]
