"""Something happened: events are remembered once, in the order in which things happened, and enroll whom they concern."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aftercart import enrolling
from aftercart.enrolling import TakenIn
from aftercart.store import orders, tables
from tests.people import ANN, BO, CY, another
from tests.verbs.stage import DAY, HOUR, MINUTE, MONDAY, Stage


def _order(stage: Stage, id_: str) -> Any:
    with stage.rt.store.read() as tx:
        return orders.load(tx, [id_])[id_]


def test_the_same_event_twice_changes_nothing(stage: Stage) -> None:
    told = [
        stage.event("order.placed", ANN, order="o-1", items=["chicken"], id_="e-a"),
        stage.event("order.delivered", ANN, order="o-1", id_="e-b"),
    ]

    first = enrolling.take_in(stage.rt, told)
    rows = stage.rows(tables.enrollments), stage.rows(tables.order_lines)
    again = enrolling.take_in(stage.rt, told[::-1])

    assert (first, again) == (TakenIn(2, 0), TakenIn(0, 2))
    assert (stage.rows(tables.enrollments), stage.rows(tables.order_lines)) == rows


def test_telling_an_old_event_again_undoes_nothing_newer(scene: Stage) -> None:
    old = [
        scene.event("customer.updated", CY, at=MONDAY, first_name="Cyril"),
        scene.event(
            "customer.withdrew", CY, at=MONDAY, consents=[{"kind": "email_marketing"}]
        ),
    ]
    enrolling.take_in(scene.rt, old)
    scene.tell("customer.updated", CY, at=MONDAY + HOUR, first_name="Cyrus")
    _consent(scene, "consented", MONDAY + HOUR)

    enrolling.take_in(scene.rt, old)

    (row,) = [c for c in scene.rows(tables.customers) if c.id == CY.id]
    assert (row.first_name, row.email_marketing) == ("Cyrus", True)


def test_of_one_id_twice_in_a_batch_the_first_counts(stage: Stage) -> None:
    told = [
        stage.event("order.placed", ANN, order="o-1", items=["chicken"], id_="e-a"),
        stage.event("order.placed", ANN, order="o-2", items=["eggs"], id_="e-a"),
    ]

    taken = enrolling.take_in(stage.rt, told)

    assert taken == TakenIn(1, 1)
    assert [o.id for o in stage.rows(tables.orders)] == ["o-1"]


def test_many_who_tell_the_same_at_once_tell_it_once(stage: Stage) -> None:
    people = [another(f"guest{n}") for n in range(6)]
    stage.move_in(*people)
    told = [
        stage.event(
            f"order.{verb}",
            p,
            order=f"o-{p.id}",
            items=["chicken"],
            id_=f"{p.id}-{verb}",
        )
        for p in people
        for verb in ("placed", "delivered")
    ]
    counts: list[int] = []
    start = threading.Barrier(4)

    def tell(turn: int) -> None:
        start.wait()
        # in another order by each, as several web processes would have it
        batch = told[turn * 3 :] + told[: turn * 3]
        counts.append(enrolling.take_in(stage.rt, batch).new)

    threads = [threading.Thread(target=tell, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(counts) == len(told)
    assert len(counts) == 4
    recipes = [
        e for e in stage.rows(tables.enrollments) if e.campaign == "recipe-follow-up"
    ]
    assert len(recipes) == len(people)


def test_an_older_estimate_never_replaces_a_newer_one(stage: Stage) -> None:
    promised = MONDAY + 2 * HOUR
    stage.tell("order.placed", ANN, order="o-1", promised_at=promised)
    newer, older = promised + 20 * MINUTE, promised + 40 * MINUTE

    stage.tell("order.eta_changed", ANN, order="o-1", at=MONDAY + HOUR, eta=newer)
    stage.tell(
        "order.eta_changed", ANN, order="o-1", at=MONDAY + 50 * MINUTE, eta=older
    )

    assert _order(stage, "o-1").eta == newer


def test_the_first_delivery_stays(scene: Stage) -> None:
    scene.tell("order.delivered", ANN, order="o-1", at=MONDAY)

    scene.tell("order.delivered", ANN, order="o-1", at=MONDAY + HOUR)

    assert _order(scene, "o-1").delivered_at == MONDAY


def test_an_order_whose_placing_comes_late_is_dated_right(scene: Stage) -> None:
    scene.tell("order.delivered", ANN, order="o-1", at=MONDAY + 5 * HOUR)

    scene.tell("order.placed", ANN, order="o-1", at=MONDAY, items=["eggs"])

    assert _order(scene, "o-1").placed_at == MONDAY
    assert [line.category for line in _order(scene, "o-1").lines] == ["eggs"]


def test_an_event_says_who_somebody_is_and_silence_deletes_nothing(
    scene: Stage,
) -> None:
    event = scene.event(
        "customer.created",
        another("fay"),
        first_name="Fay",
        email="Fay@Mail.Example",
        phone="07700 900123",
        country="GB",
        timezone="Europe/Paris",
    )
    enrolling.take_in(scene.rt, [event])

    scene.tell("customer.updated", another("fay"), first_name="Faye", timezone="")

    (row,) = [c for c in scene.rows(tables.customers) if c.id == "fay"]
    assert (row.first_name, row.email) == ("Faye", "Fay@mail.example")
    assert (row.phone, row.timezone) == ("+447700900123", "Europe/Paris")
    assert row.email_key and row.phone_key
    assert not row.email_marketing


def test_an_address_that_cannot_be_used_is_dropped_and_the_order_is_kept(
    scene: Stage,
) -> None:
    event = scene.event("order.placed", another("fay"), order="o-1", items=["eggs"])
    said = {"id": "fay", "email": "no address", "phone": "123", "timezone": "Mars/Base"}
    body = {**event.body, "customer": said}

    enrolling.take_in(scene.rt, [type(event)(**{**vars(event), "body": body})])

    (row,) = [c for c in scene.rows(tables.customers) if c.id == "fay"]
    assert (row.email, row.phone, row.timezone) == ("", "", "UTC")
    assert _order(scene, "o-1").customer_id == "fay"


def _consent(stage: Stage, verb: str, at: datetime) -> None:
    kinds = [{"kind": "email_marketing", "source": "checkout", "wording": "Yes please"}]
    stage.tell(f"customer.{verb}", CY, at=at, consents=kinds)


def _agreed(stage: Stage) -> bool:
    (row,) = [c for c in stage.rows(tables.customers) if c.id == CY.id]
    return bool(row.email_marketing)


def test_consent_follows_what_was_said_last(scene: Stage) -> None:
    _consent(scene, "withdrew", MONDAY)
    withdrawn = _agreed(scene)
    _consent(scene, "consented", MONDAY + HOUR)

    assert (withdrawn, _agreed(scene)) == (False, True)


def test_a_yes_that_comes_late_does_not_undo_a_later_no(stage: Stage) -> None:
    _consent(stage, "withdrew", MONDAY + HOUR)

    _consent(stage, "consented", MONDAY)

    assert not _agreed(stage)


def test_a_no_and_a_yes_in_one_batch_are_taken_in_their_order(scene: Stage) -> None:
    kinds = [{"kind": "email_marketing"}]
    batch = [
        scene.event(f"customer.{verb}", CY, at=MONDAY + after, consents=kinds)
        for verb, after in (("consented", HOUR), ("withdrew", timedelta(0)))
    ]

    enrolling.take_in(scene.rt, batch)

    assert _agreed(scene)


@pytest.mark.parametrize(
    ("type_", "enrolled"),
    [("order.delivered", True), ("order.placed", False), ("order.cancelled", False)],
)
def test_only_the_campaigns_trigger_enrolls(
    scene: Stage, type_: str, enrolled: bool
) -> None:
    scene.only("recipe-follow-up")

    scene.tell(type_, ANN, order="o-1", items=["chicken"])

    assert bool(scene.rows(tables.enrollments)) is enrolled


def test_events_of_one_batch_see_each_other(scene: Stage) -> None:
    scene.only("recipe-follow-up")
    batch = [
        scene.event("order.delivered", ANN, order="o-1", at=MONDAY + HOUR),
        scene.event("order.placed", ANN, order="o-1", at=MONDAY, items=["chicken"]),
    ]

    enrolling.take_in(scene.rt, batch)

    (enrollment,) = scene.rows(tables.enrollments)
    assert enrollment.started_at == MONDAY + HOUR


def test_a_batch_is_taken_in_whole_or_not_at_all(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = [stage.event("order.placed", BO, order="o-1", items=["eggs"])]

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("in the middle of it")

    with monkeypatch.context() as patch:
        patch.setattr(enrolling.entering, "enter", fail)
        with pytest.raises(RuntimeError):
            enrolling.take_in(stage.rt, batch)
    nothing = stage.rows(tables.events), stage.rows(tables.orders)

    assert nothing == ([], [])
    assert enrolling.take_in(stage.rt, batch) == TakenIn(1, 0)


# --- rhythms --------------------------------------------------------------------------------------------------------------


def _rhythm(stage: Stage) -> Any:
    (row,) = [r for r in stage.rows(tables.rhythms) if r.customer_id == ANN.id]
    return row


def test_purchases_move_the_rhythm_and_a_second_one_of_a_day_does_not(
    scene: Stage,
) -> None:
    scene.only("reorder-nudge")
    start = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    for number, days in enumerate((0, 10, 10.2, 22)):
        at = start + timedelta(days=days)
        scene.tell("order.placed", ANN, at=at, order=f"o-{number}", items=["eggs"])

    row = _rhythm(scene)

    assert (row.purchases, row.gaps) == (3, [10, 11])
    assert row.last_at == start + 22 * DAY


def test_a_rhythm_rebuilt_from_history_is_the_one_that_grew_with_it(
    stage: Stage,
) -> None:
    stage.only("reorder-nudge")
    for number, days in enumerate((60, 47, 47, 30, 19, 4)):
        at = MONDAY - timedelta(days=days)
        stage.tell("order.placed", ANN, at=at, order=f"o-{number}", items=["eggs"])
    grown = _rhythm(stage)

    assert enrolling.rebuild_rhythms(stage.rt) == 1

    assert _rhythm(stage) == grown


def test_a_replay_does_not_know_what_came_after_its_first_day(scene: Stage) -> None:
    scene.only("reorder-nudge")
    for number, days in enumerate((40, 30, 20, 10)):
        at = MONDAY - timedelta(days=days)
        scene.tell("order.placed", ANN, at=at, order=f"o-{number}", items=["eggs"])

    enrolling.rebuild_rhythms(scene.rt, before=MONDAY - timedelta(days=25))

    assert _rhythm(scene).purchases == 2
    assert _rhythm(scene).last_at == MONDAY - timedelta(days=30)
