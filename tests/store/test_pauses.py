"""What is held, and who asks a provider that takes nothing."""

from datetime import timedelta

from aftercart.model import State
from aftercart.store import Store, Tx, pauses
from aftercart.store.pauses import Pause
from tests.store.planting import DAY, HOUR, MINUTE, NOW, alter, message, plant, ring_at

SOON = timedelta(seconds=15)


def _out(tx: Tx, scope: str = "provider:email") -> bool:
    return pauses.pause(
        tx, scope, at=NOW, by="sendgrid", words="500", ask_at=NOW + SOON
    )


def test_a_pause_keeps_its_first_time(store: Store) -> None:
    with store.write() as tx:
        new = [
            pauses.pause(tx, "all", at=NOW, by="sam"),
            pauses.pause(tx, "all", at=NOW + DAY, by="kim"),
        ]
        found = pauses.paused(tx)

    assert new == [True, False]
    assert found == {"all": Pause("all", NOW, "sam")}


def test_a_resume_rings_what_was_held_and_nothing_else(store: Store) -> None:
    with store.write() as tx:
        held, later, gone = plant(
            tx, *(message(f"o-{n}") for n in range(3)), ring_at=NOW + HOUR
        )
        alter(tx, later, due_at=NOW + MINUTE)
        alter(tx, gone, state=State.ACCEPTED)
        pauses.pause(tx, "channel:email", at=NOW, by="sam")
        answers = [pauses.resume(tx, "channel:email", now=NOW) for _ in range(2)]

    assert answers == [True, False]
    rung = [ring_at(store, id_) for id_ in (held, later, gone)]
    assert rung == [NOW, NOW + HOUR, NOW + HOUR]
    with store.read() as tx:
        assert pauses.paused(tx) == {}


def test_one_asks_a_provider_at_a_time_and_not_before_it_is_time(store: Store) -> None:
    with store.write() as tx:
        _out(tx)
        pauses.pause(tx, "all", at=NOW, by="sam")
    turns = []
    for now in (NOW, NOW + SOON, NOW + SOON, NOW + 2 * SOON):
        with store.write() as tx:
            found = pauses.to_ask(tx, now=now, again_at=now + SOON)
        turns.append([p.scope for p in found])

    assert turns == [[], ["provider:email"], [], ["provider:email"]]


def test_a_provider_that_is_still_out_says_its_newest_words(store: Store) -> None:
    with store.write() as tx:
        _out(tx)
        _out(tx, "provider:sms")
        pauses.still_out(tx, "provider:email", words="503", ask_at=NOW + MINUTE)
        found = pauses.paused(tx)

    assert found["provider:email"] == Pause(
        "provider:email", NOW, "sendgrid", "503", NOW + MINUTE
    )
    assert found["provider:sms"].words == "500"
