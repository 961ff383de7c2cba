"""What support reads about a message, in its order."""

from datetime import datetime

import pytest

from aftercart.model import State
from aftercart.store import Store, stories, transitions
from aftercart.store.stories import Line
from aftercart.store.transitions import Move, Ready
from tests.people import ANN, move_in
from tests.store.planting import DAY, MINUTE, NOW, message, plant


def test_that_it_was_handed_over_stands_where_it_happened(store: Store) -> None:
    id_ = _planned(store)
    _claimed(store, id_, at=NOW)
    _moved(store, id_, State.SCHEDULED, at=NOW + MINUTE, word="again")
    _claimed(store, id_, at=NOW + 2 * MINUTE)
    _moved(store, id_, State.ACCEPTED, at=NOW + 3 * MINUTE)

    with store.read() as tx:
        told = [(line.word, line.actor, line.at) for line in stories.of(tx, id_)]

    assert told[1:] == [
        ("sending", "w", NOW),
        ("again", "w", NOW + MINUTE),
        ("sending", "w", NOW + 2 * MINUTE),
        ("accepted", "w", NOW + 3 * MINUTE),
    ]


@pytest.mark.parametrize("end", [State.ACCEPTED, State.FAILED, State.UNCERTAIN])
def test_on_a_clock_that_stands_still_it_was_handed_over_before_it_was_answered(
    store: Store, end: State
) -> None:
    id_ = _planned(store)
    _claimed(store, id_, at=NOW)
    _moved(store, id_, State.SCHEDULED, at=NOW, word="again")
    _claimed(store, id_, at=NOW)
    _moved(store, id_, end, at=NOW)

    assert _words(store, id_) == ["planned", "sending", "again", "sending", end.value]


def test_what_is_being_handed_over_ends_the_story(store: Store) -> None:
    id_ = _planned(store)
    _claimed(store, id_, at=NOW)

    assert _words(store, id_) == ["planned", "sending"]


def test_lines_with_and_without_reasons_are_told_together(store: Store) -> None:
    one, other = _planned(store), _planned(store, "o-2")
    with store.write() as tx:
        stories.tell(
            tx,
            [
                Line(one, NOW, "answered", "customer", {"words": "9 of 10"}),
                Line(other, NOW, "clicked", "customer"),
            ],
        )
        stories.tell(tx, [])

    with store.read() as tx:
        last = [stories.of(tx, id_)[-1] for id_ in (one, other)]

    assert [(line.word, line.reason) for line in last] == [
        ("answered", {"words": "9 of 10"}),
        ("clicked", None),
    ]


def _planned(store: Store, occurrence: str = "o-1") -> str:
    with store.write() as tx:
        move_in(tx, ANN)
        (id_,) = plant(tx, message(occurrence))
    return id_


def _claimed(store: Store, id_: str, *, at: datetime) -> None:
    ready = Ready(id_, "ann@mail.example", "v1", {})
    with store.write() as tx:
        got = transitions.claim(tx, [ready], now=at, lease_until=NOW + DAY, actor="w")
    assert got


def _moved(store: Store, id_: str, to: State, *, at: datetime, word: str = "") -> None:
    with store.write() as tx:
        move = Move(id_, State.SENDING, to, at, "w", word=word)
        assert transitions.move(tx, [move])


def _words(store: Store, id_: str) -> list[str]:
    with store.read() as tx:
        return [line.word for line in stories.of(tx, id_)]
