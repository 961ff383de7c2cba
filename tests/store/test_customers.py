"""Customers: what was said of them, how they were on a day, and in which zones they live."""

from aftercart.store import Store, customers, orders
from tests.people import ANN, CAST, CY, DI, move_in
from tests.store.planting import DAY, NOW


def test_people_come_back_as_they_moved_in(store: Store) -> None:
    with store.write() as tx:
        move_in(tx, *CAST)
        found = customers.load(tx, [p.id for p in CAST] + ["nobody"], now=NOW)

    assert found == {p.id: p.customer for p in CAST}


def test_silence_deletes_nothing_and_a_new_word_replaces(store: Store) -> None:
    with store.write() as tx:
        move_in(tx, ANN)
        customers.save(tx, [{"id": ANN.id, "phone": "", "first_name": "Anna"}], now=NOW)
        customers.save(tx, [{"id": ANN.id}], now=NOW)
        found = customers.load(tx, [ANN.id], now=NOW)[ANN.id]

    assert found.first_name == "Anna"
    assert found.phone == ANN.customer.phone
    assert found.email_marketing


def test_who_is_only_named_lives_on_utc_until_more_is_said(store: Store) -> None:
    with store.write() as tx:
        customers.save(tx, [{"id": "new"}, {"id": "new"}], now=NOW)
        found = customers.load(tx, ["new"], now=NOW)["new"]

    assert (found.timezone, found.email, found.orders) == ("UTC", "", 0)


def test_orders_are_counted_as_of_a_moment(store: Store) -> None:
    with store.write() as tx:
        move_in(tx, ANN)
        for n in range(3):
            head = {"id": f"o-{n}", "customer_id": ANN.id, "placed_at": NOW + n * DAY}
            orders.add(tx, [head | {"total": 1, "currency": ""}], [])
        before = customers.load(tx, [ANN.id], now=NOW - DAY)[ANN.id]
        then = customers.load(tx, [ANN.id], now=NOW + DAY)[ANN.id]

    assert (before.orders, before.last_order_at) == (0, None)
    assert (then.orders, then.last_order_at) == (2, NOW + DAY)


def test_an_audience_is_read_in_pages_of_one_zone(store: Store) -> None:
    names = [f"c-{n}" for n in range(5)]
    with store.write() as tx:
        move_in(tx, DI)
        zone = {"timezone": "Europe/Rome"}
        customers.save(tx, [{"id": name} | zone for name in names], now=NOW)
        seen, after = [], ""
        while page := customers.audience(
            tx, zone="Europe/Rome", where=None, now=NOW, after=after, limit=2
        ):
            after = page[-1].id
            seen.append([c.id for c in page])

    assert seen == [["c-0", "c-1"], ["c-2", "c-3"], ["c-4"]]


def test_zones_are_those_in_which_people_live(store: Store) -> None:
    with store.write() as tx:
        move_in(tx, ANN, CY, DI)
        zones = customers.zones(tx)
        clocks = customers.clocks(tx, [CY.id, "nobody"])

    assert zones == ["America/New_York", "Asia/Tokyo", "Europe/London"]
    assert clocks == {CY.id: "America/New_York"}


def test_people_are_found_by_the_key_of_either_address(store: Store) -> None:
    with store.write() as tx:
        move_in(tx, ANN, DI)
        by_mail = customers.by_address_key(tx, ANN.customer.email_key)
        by_text = customers.by_address_key(tx, DI.customer.phone_key)

    assert (by_mail, by_text) == ([ANN.id], [DI.id])
