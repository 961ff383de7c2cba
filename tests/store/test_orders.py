"""Orders: what is known about them as of a moment, whatever the order in which it was told."""

from decimal import Decimal
from typing import Any

from aftercart.model import Line
from aftercart.store import Store, Tx, orders
from tests.people import ANN, CY
from tests.store.planting import DAY, HOUR, MINUTE, NOW


def _head(id_: str, **more: Any) -> dict[str, Any]:
    values = {"customer_id": ANN.id, "placed_at": NOW, "total": 5, "currency": "GBP"}
    return {"id": id_, **values, **more}


def _line(order: str, number: int, category: str, **more: Any) -> dict[str, Any]:
    values = {"customer_id": ANN.id, "placed_at": NOW, "quantity": 2, "price": "1.50"}
    words = {"product": f"{category}-1", "name": category.title()}
    return {
        "order_id": order,
        "line": number,
        "category": category,
        "shop_category": "",
        **words,
        **values,
        **more,
    }


def _buy(tx: Tx, id_: str, *categories: str, **more: Any) -> None:
    lines = [_line(id_, n, c, **more) for n, c in enumerate(categories, start=1)]
    orders.add(tx, [_head(id_, **more)], lines)


def test_an_order_comes_back_with_its_lines_in_order(store: Store) -> None:
    with store.write() as tx:
        _buy(tx, "o-1", "eggs", "milk")
        found = orders.load(tx, ["o-1", "", "unknown"])

    assert list(found) == ["o-1"]
    assert found["o-1"].total == Decimal(5)
    assert found["o-1"].lines[0] == Line(
        "eggs-1", "Eggs", "eggs", Decimal(2), Decimal("1.50")
    )
    assert [line.category for line in found["o-1"].lines] == ["eggs", "milk"]


def test_telling_of_an_order_again_alters_nothing(store: Store) -> None:
    with store.write() as tx:
        _buy(tx, "o-1", "eggs")
        _buy(tx, "o-1", "milk", total=99)
        found = orders.load(tx, ["o-1"])["o-1"]

    assert found.total == Decimal(5)
    assert [line.category for line in found.lines] == ["eggs"]


def test_the_first_arrival_stays_and_a_promise_may_be_made_anew(store: Store) -> None:
    with store.write() as tx:
        _buy(tx, "o-1")
        for n in range(2):
            at = NOW + n * HOUR
            orders.note(
                tx,
                "o-1",
                promised_at=at,
                delivered_at=at,
                refunded_at=at,
                cancelled_at=at,
            )
        found = orders.load(tx, ["o-1"])["o-1"]

    assert found.promised_at == NOW + HOUR
    assert found.delivered_at == found.refunded_at == found.cancelled_at == NOW


def test_an_estimate_is_replaced_by_one_that_was_told_later(store: Store) -> None:
    eta = [NOW + n * HOUR for n in range(3)]
    with store.write() as tx:
        _buy(tx, "o-1")
        orders.note_eta(tx, "o-1", eta=eta[0], told_at=NOW)
        orders.note_eta(tx, "o-1", eta=eta[2], told_at=NOW + MINUTE)
        orders.note_eta(tx, "o-1", eta=eta[1], told_at=NOW)
        found = orders.load(tx, ["o-1"])["o-1"]

    assert found.eta == eta[2]


def test_the_newest_purchase_of_each_category_as_of_a_moment(store: Store) -> None:
    with store.write() as tx:
        for n, day in enumerate((0, 3, 9)):
            _buy(tx, f"o-{n}", "eggs", "milk", placed_at=NOW + day * DAY)
        _buy(tx, "o-9", "eggs", customer_id=CY.id)

    with store.read() as tx:
        found = orders.last_bought(
            tx, [ANN.id, CY.id], categories=["eggs", "tea"], now=NOW + 5 * DAY
        )
        nothing = orders.last_bought(tx, [ANN.id], categories=[], now=NOW)

    assert found == {ANN.id: {"eggs": NOW + 3 * DAY}, CY.id: {"eggs": NOW}}
    assert nothing == {}


def test_late_is_past_its_promise_and_not_there_and_not_forgotten(
    store: Store,
) -> None:
    cases: dict[str, dict[str, Any]] = {
        "late": {"promised_at": NOW - MINUTE},
        "on-time": {"promised_at": NOW + MINUTE},
        "there": {"promised_at": NOW - HOUR, "delivered_at": NOW},
        "cancelled": {"promised_at": NOW - HOUR, "cancelled_at": NOW},
        "forgotten": {"promised_at": NOW - 4 * DAY},
        "no-promise": {},
    }
    with store.write() as tx:
        for who, facts in cases.items():
            _buy(tx, f"o-{who}", customer_id=who)
            orders.note(tx, f"o-{who}", **facts)
        found = orders.late(tx, list(cases), now=NOW, since=NOW - 3 * DAY)

    assert found == {"late": "o-late"}


def test_a_customers_orders_come_newest_first_as_of_a_moment(store: Store) -> None:
    with store.write() as tx:
        for n in range(4):
            _buy(tx, f"o-{n}", "eggs", placed_at=NOW + n * DAY)
        found = orders.of_customer(tx, ANN.id, now=NOW + 2 * DAY, limit=2)

    assert [o.id for o in found] == ["o-2", "o-1"]
    assert found[0].lines[0].category == "eggs"


def test_orders_of_a_stretch_of_time_begin_with_its_first_moment(store: Store) -> None:
    with store.write() as tx:
        for n in range(3):
            _buy(tx, f"o-{n}", placed_at=NOW + n * DAY)
        found = orders.placed_between(tx, start=NOW, end=NOW + 2 * DAY)

    assert [o.id for o in found] == ["o-0", "o-1"]
