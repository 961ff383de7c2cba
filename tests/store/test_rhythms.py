"""Rhythms: written as a whole, due by their nudge, told or postponed, and read back from history."""

from datetime import timedelta
from typing import Any

from aftercart.forecasting import Rhythm
from aftercart.store import Store, Tx, orders, rhythms
from tests.people import ANN, DI, move_in
from tests.store.planting import DAY, HOUR, NOW

NAME = "reorder-nudge"


def _rhythm(category: str, **more: Any) -> Rhythm:
    values: dict[str, Any] = {
        "campaign": NAME,
        "customer_id": ANN.id,
        "last_at": NOW - 10 * DAY,
        "purchases": 3,
        "gaps": (10, 11),
        "nudge_at": NOW,
    }
    return Rhythm(category=category, **(values | more))


def _nudges(tx: Tx) -> dict[str, Any]:
    found = rhythms.load(tx, NAME, [ANN.id])
    return {category: r.nudge_at for (_, category), r in found.items()}


def test_a_rhythm_comes_back_and_is_replaced(store: Store) -> None:
    with store.write() as tx:
        rhythms.save(tx, [_rhythm("eggs"), _rhythm("milk", campaign="other")])
        rhythms.save(tx, [_rhythm("eggs", purchases=4, gaps=(10, 11, 9))])
        found = rhythms.load(tx, NAME, [ANN.id])

    assert found == {(ANN.id, "eggs"): _rhythm("eggs", purchases=4, gaps=(10, 11, 9))}


def test_the_due_come_first_due_first(store: Store) -> None:
    with store.write() as tx:
        rhythms.save(
            tx,
            [
                _rhythm("eggs"),
                _rhythm("milk", nudge_at=NOW - HOUR),
                _rhythm("tea", nudge_at=NOW + HOUR),
                _rhythm("oil", nudge_at=None),
                _rhythm("rice", campaign="other"),
            ],
        )
        found = rhythms.due(tx, NAME, now=NOW, limit=10)

    assert [r.category for r in found] == ["milk", "eggs"]


def test_what_was_told_is_not_due_and_what_was_postponed_is_due_later(
    store: Store,
) -> None:
    with store.write() as tx:
        rhythms.save(tx, [_rhythm(name) for name in ("eggs", "milk", "tea")])
        rhythms.told(tx, NAME, ANN.id, ["eggs"])
        rhythms.postpone(tx, NAME, ANN.id, ["milk"], to=NOW + DAY)
        nudges = _nudges(tx)

    assert nudges == {"eggs": None, "milk": NOW + DAY, "tea": NOW}


def test_only_one_campaigns_rhythms_are_forgotten(store: Store) -> None:
    with store.write() as tx:
        rhythms.save(tx, [_rhythm("eggs"), _rhythm("eggs", campaign="other")])
        rhythms.clear(tx, NAME)
        left = rhythms.load(tx, NAME, [ANN.id]), rhythms.load(tx, "other", [ANN.id])

    assert left[0] == {}
    assert len(left[1]) == 1


def test_history_comes_by_person_category_and_time_and_ends_where_it_is_told_to(
    store: Store,
) -> None:
    with store.write() as tx:
        move_in(tx, ANN, DI)
        for n, (who, days) in enumerate(((DI, 3), (ANN, 2), (ANN, 5), (ANN, 0))):
            at = NOW - timedelta(days=days)
            line = {"order_id": f"o-{n}", "customer_id": who.id, "placed_at": at}
            words = {"product": "p", "name": "n", "shop_category": ""}
            numbers = {"quantity": 1, "price": 1}
            for place, category in enumerate(("milk", "eggs", "tea")):
                row = {"line": place, "category": category}
                orders.add(tx, [], [line | row | words | numbers])

    with store.read() as tx:
        found = list(rhythms.histories(tx, categories=["eggs", "milk"], before=NOW))

    assert [
        (r["customer_id"], r["category"], (NOW - r["placed_at"]).days) for r in found
    ] == [
        ("ann", "eggs", 5),
        ("ann", "eggs", 2),
        ("ann", "milk", 5),
        ("ann", "milk", 2),
        ("di", "eggs", 3),
        ("di", "milk", 3),
    ]
    assert found[-1]["timezone"] == "Asia/Tokyo"
