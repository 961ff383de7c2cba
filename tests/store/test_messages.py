"""Message rows: planned once, started, rung, counted, and moved by reports."""

from datetime import timedelta

import pytest

from aftercart.model import Channel, Delivery, Purpose, State
from aftercart.store import Store, bells, messages, starts
from tests.store.planting import (
    HOUR,
    MINUTE,
    NOW,
    alter,
    message,
    plant,
    ring_at,
    row,
    story,
)


def _drafts(*planted: object) -> list[tuple[object, dict[str, object]]]:
    return [(m, {"enrollment_id": "x", "priority": 7}) for m in planted]


def test_a_message_is_planned_once_with_its_first_line(store: Store) -> None:
    drafts = _drafts(message("o-1"), message("o-1"), message("o-2"))

    with store.write() as tx:
        first = messages.plan(tx, drafts)  # type: ignore[arg-type]
        again = messages.plan(tx, drafts)  # type: ignore[arg-type]

    assert first == {message("o-1").id, message("o-2").id}
    assert again == set()
    assert story(store, message("o-1").id) == ["planned"]
    assert row(store, message("o-1").id).priority == 7


def test_what_is_skipped_while_it_is_planned_is_never_rung(store: Store) -> None:
    skipped = message("o-1", state=State.SKIPPED)

    with store.write() as tx:
        messages.plan(tx, _drafts(skipped))  # type: ignore[arg-type]

    assert ring_at(store, skipped.id) is None
    assert story(store, skipped.id) == ["skipped"]


def test_the_noun_comes_back_as_it_went_in(store: Store) -> None:
    asked = message("o-1", facts={"told": "x"}, content="stew", order_id="o-1")

    with store.write() as tx:
        messages.plan(tx, _drafts(asked))  # type: ignore[arg-type]
        found = messages.load(tx, [asked.id, "unknown"])

    assert found == {asked.id: asked}


def test_each_leg_is_a_message_of_its_own(store: Store) -> None:
    with store.write() as tx:
        ids = plant(tx, message("o-1"), message("o-1", leg=1))

    assert len(set(ids)) == 2


def test_only_what_may_go_is_found_due(store: Store) -> None:
    with store.write() as tx:
        due, later, taken, placeless = plant(tx, *(message(f"o-{n}") for n in range(4)))
        alter(tx, later, due_at=NOW + MINUTE)
        alter(tx, taken, state=State.SENDING)
        alter(tx, placeless, slot_at=None)

    with store.read() as tx:
        found, _ = messages.due(tx, [due, later, taken, placeless], now=NOW)

    assert [m.id for m in found] == [due]


def test_what_failed_to_start_before_is_found_only_alone(store: Store) -> None:
    with store.write() as tx:
        good, suspect = plant(tx, message("o-1"), message("o-2"))
        alter(tx, suspect, claims=1)

    with store.read() as tx:
        together, _ = messages.due(tx, [good, suspect], now=NOW)
        alone, _ = messages.due(tx, [suspect], now=NOW)

    assert [m.id for m in together] == [good]
    assert [(m.id, m.claims) for m in alone] == [(suspect, 1)]


def test_what_was_rung_before_in_vain_is_named(store: Store) -> None:
    with store.write() as tx:
        once, twice, moved = plant(tx, *(message(f"o-{n}") for n in range(3)))
        for again in (NOW, NOW + MINUTE):
            bells.ring(tx, now=again, again_at=again + MINUTE, limit=10)
        bells.put_off(tx, {once: NOW})
        bells.ring(tx, now=NOW, again_at=NOW + MINUTE, limit=10)
        bells.put_off(tx, {moved: NOW})

    with store.read() as tx:
        found, in_vain = messages.due(tx, [once, twice, moved], now=NOW)

    assert {m.id for m in found} == {once, twice, moved}
    assert in_vain == [twice]


def test_what_somebody_prepares_is_not_found_due(store: Store) -> None:
    with store.write() as tx:
        one, other = plant(tx, message("o-1"), message("o-2"))
        note = starts.note(tx, [one], now=NOW)

    with store.read() as tx:
        found, _ = messages.due(tx, [one, other], now=NOW)
    with store.write() as tx:
        starts.cross_out(tx, note)
    with store.read() as tx:
        then, _ = messages.due(tx, [one, other], now=NOW)

    assert [m.id for m in found] == [other]
    assert {m.id for m in then} == {one, other}


def test_what_is_due_is_rung_oldest_first_and_not_again_before_its_time(
    store: Store,
) -> None:
    with store.write() as tx:
        newer, older, alert = plant(
            tx,
            message("o-1"),
            message("o-2"),
            message("o-3", purpose=Purpose.SERVICE, channel=Channel.SMS),
        )
        alter(tx, older, ring_at=NOW - MINUTE)
        alter(tx, alert, claims=1)
        waits, placeless, gone = plant(tx, *(message(f"x-{n}") for n in range(3)))
        alter(tx, waits, ring_at=NOW + MINUTE)
        alter(tx, placeless, slot_at=None)
        alter(tx, gone, state=State.ACCEPTED)

    def ring(at: timedelta) -> list[bells.Rung]:
        with store.write() as tx:
            return bells.ring(tx, now=NOW + at, again_at=NOW + at + MINUTE, limit=10)

    first, at_once, later = ring(0 * MINUTE), ring(0 * MINUTE), ring(MINUTE)

    assert first[0].message_id == older
    assert {r.message_id for r in first} == {newer, older, alert}
    (rung,) = [r for r in first if r.message_id == alert]
    assert rung == bells.Rung(alert, Channel.SMS, Purpose.SERVICE, alone=True)
    assert at_once == []
    assert {r.message_id for r in later} == {newer, older, alert, waits}


def test_only_so_many_are_rung_at_once(store: Store) -> None:
    with store.write() as tx:
        plant(tx, *(message(f"o-{n}") for n in range(5)))

    with store.write() as tx:
        rung = [
            len(bells.ring(tx, now=NOW, again_at=NOW + MINUTE, limit=2))
            for _ in range(4)
        ]

    assert rung == [2, 2, 1, 0]


def test_lapsed_are_those_whose_lease_has_ended(store: Store) -> None:
    with store.write() as tx:
        ended, fresh, settled = plant(tx, *(message(f"o-{n}") for n in range(3)))
        alter(tx, ended, state=State.SENDING, lease_until=NOW)
        alter(tx, fresh, state=State.SENDING, lease_until=NOW + MINUTE)
        alter(tx, settled, state=State.ACCEPTED, lease_until=NOW)

    with store.read() as tx:
        assert [m.id for m in messages.lapsed(tx, now=NOW, limit=10)] == [ended]


def test_repeatable_are_useful_alerts_that_nobody_has_repeated(store: Store) -> None:
    sent = {"state": State.UNCERTAIN, "sending_at": NOW - 3 * MINUTE}
    with store.write() as tx:
        service = [
            message(f"o-{n}", purpose=Purpose.SERVICE, channel=channel)
            for n, channel in enumerate([Channel.EMAIL] * 4 + [Channel.SMS] * 2)
        ]
        mail, repeated, useless, accepted, text, older_text = plant(
            tx, *service, **sent
        )
        alter(tx, repeated, resends=1)
        alter(tx, useless, expires_at=NOW)
        alter(tx, accepted, state=State.ACCEPTED)
        alter(tx, older_text, sending_at=NOW - 5 * MINUTE)
        plant(tx, message("marketing"), **sent)

    with store.read() as tx:
        since = {Channel.EMAIL: NOW - 2 * MINUTE, Channel.SMS: NOW - 5 * MINUTE}
        found = messages.repeatable(tx, now=NOW, since=since, limit=10)

    assert text not in {m.id for m in found}
    assert [m.id for m in found] == [older_text, mail]


def test_unproved_are_those_that_wait_for_too_long(store: Store) -> None:
    with store.write() as tx:
        old, young = plant(tx, message("o-1"), message("o-2"), state=State.UNCERTAIN)
        alter(tx, old, sending_at=NOW - 72 * HOUR)
        alter(tx, young, sending_at=NOW - 71 * HOUR)

    with store.read() as tx:
        found = messages.unproved(tx, since=NOW - 72 * HOUR, limit=10)

    assert [m.id for m in found] == [old]


@pytest.mark.parametrize("order", [1, -1])
def test_a_report_moves_delivery_up_and_never_down(store: Store, order: int) -> None:
    with store.write() as tx:
        (id_,) = plant(tx, message())
    told = [
        (id_, Delivery.PROCESSED, NOW),
        (id_, Delivery.BOUNCED, NOW + HOUR),
        (id_, Delivery.BOUNCED, NOW + MINUTE),
        (id_, Delivery.DELIVERED, NOW + 2 * HOUR),
    ][::order]

    for one in told:
        with store.write() as tx:
            messages.report(tx, [one])

    found = row(store, id_)
    assert (found.delivery, found.delivery_at) == ("bounced", NOW + MINUTE)
