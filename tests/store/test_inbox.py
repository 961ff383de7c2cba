"""The inbox: callbacks kept raw, read once, and their events each once."""

from dataclasses import replace

from aftercart.handover import ProviderEvent
from aftercart.model import Delivery
from aftercart.store import Store, inbox
from tests.store.planting import MINUTE, NOW, message, plant


def _event(key: str, words: str = "") -> ProviderEvent:
    return ProviderEvent(key, "post", NOW, "m", delivery=Delivery.SENT, words=words)


def test_callbacks_are_read_oldest_first_and_once(store: Store) -> None:
    with store.write() as tx:
        for n in range(3):
            inbox.keep(
                tx,
                provider="post",
                path=f"m-{n}",
                body=bytes([n, 255]),
                received_at=NOW,
            )

    with store.write() as tx:
        first = inbox.unread(tx, limit=2)
        inbox.mark_read(tx, [c.id for c in first], at=NOW + MINUTE)
    with store.write() as tx:
        rest = inbox.unread(tx, limit=2)

    assert [(c.path, c.body) for c in first] == [
        ("m-0", b"\x00\xff"),
        ("m-1", b"\x01\xff"),
    ]
    assert [c.path for c in rest] == ["m-2"]


def test_what_one_process_is_reading_is_left_to_it(store: Store) -> None:
    if store.dialect == "sqlite":
        return  # one writer at a time: the second waits for the first
    with store.write() as tx:
        inbox.keep(tx, provider="post", body=b"", received_at=NOW)

    with store.write() as one, store.write() as other:
        mine = inbox.unread(one, limit=5)
        theirs = inbox.unread(other, limit=5)

    assert (len(mine), theirs) == (1, [])


def test_each_event_is_new_once(store: Store) -> None:
    told = [_event("a"), _event("b"), replace(_event("a"), words="a copy")]

    with store.write() as tx:
        first = inbox.add_events(tx, told)
        again = inbox.add_events(tx, [*told, _event("c")])
        nothing = inbox.add_events(tx, [])

    assert (first, again, nothing) == ({"a", "b"}, {"c"}, set())


def test_messages_are_found_by_the_providers_own_id(store: Store) -> None:
    with store.write() as tx:
        (id_,) = plant(tx, message(), provider_ref="ref-1")
        plant(tx, message("o-2"))
        found = inbox.by_provider_ref(tx, ["ref-1", "ref-2", ""])

    assert found == {"ref-1": id_}
