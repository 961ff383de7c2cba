"""What a person has been told so far."""

from aftercart.model import State
from aftercart.store import Store, past
from tests.people import ANN
from tests.store.planting import DAY, MINUTE, NOW, message, plant


def test_what_reached_or_may_reach_a_person_is_counted(store: Store) -> None:
    with store.write() as tx:
        for state in State:
            plant(tx, message(f"o-{state}"), state=state)
        plant(tx, message("old", created_at=NOW - 8 * DAY))
        plant(tx, message("theirs", campaign="another"))

    with store.read() as tx:
        found = past.reached(
            tx, "recipe-follow-up", [ANN.id, "nobody"], since=NOW - 7 * DAY
        )

    # scheduled, sending, accepted, uncertain, unknown
    assert {who: len(times) for who, times in found.items()} == {ANN.id: 5}


def test_contents_are_those_that_came_or_may_come(store: Store) -> None:
    with store.write() as tx:
        for state in State:
            plant(tx, message(f"o-{state}", content=f"dish-{state}"), state=state)

    with store.read() as tx:
        found = past.contents(tx, "recipe-follow-up", [ANN.id])

    came = ("scheduled", "sending", "accepted", "uncertain", "unknown")
    assert found == {ANN.id: {f"dish-{state}" for state in came}}


def test_what_was_told_about_an_order_is_remembered_in_its_order(store: Store) -> None:
    with store.write() as tx:
        for n, state in enumerate((State.ACCEPTED, State.SKIPPED, State.SCHEDULED)):
            facts = {"told": f"t-{n}"}
            at = NOW + n * MINUTE
            one = message(f"o-{n}", order_id="o-1", facts=facts, created_at=at)
            plant(tx, one, state=state)

    with store.read() as tx:
        assert past.told(tx, "recipe-follow-up", ["o-1"]) == {"o-1": ["t-0", "t-2"]}


def test_the_newest_are_those_that_were_planned_by_then(store: Store) -> None:
    with store.write() as tx:
        plant(tx, *(message(f"o-{n}", created_at=NOW + n * DAY) for n in range(4)))

    with store.read() as tx:
        found = past.newest(tx, "recipe-follow-up", ANN.id, now=NOW + 2 * DAY, limit=2)

    assert [m.occurrence for m in found] == ["o-2", "o-1"]
