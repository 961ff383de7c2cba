"""Files become facts: good rows are kept, bad ones listed, and doing it again changes nothing. On both databases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import orjson
import pytest

from aftercart import importing
from aftercart.errors import InputError
from aftercart.importing import orders as importing_orders
from aftercart.model import Event
from aftercart.runtime import Runtime
from aftercart.settings import Settings
from aftercart.shop import Shop
from aftercart.store import Store, bulk, customers, orders, permissions
from aftercart.store.permissions import Consent

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
SHOP = Shop(name="Meadow", currency="GBP", categories={"eggs": ("EGGS *",)})


@pytest.fixture
def rt(store: Store) -> Runtime:
    """What an import needs of the runtime."""
    settings = Settings(secret_key="k" * 32)
    parts = {"settings": settings, "store": store, "clock": lambda: NOW, "shop": SHOP}
    return cast(Runtime, SimpleNamespace(**parts))


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def everything(store: Store) -> dict[str, list[Any]]:
    """All rows that an import may touch."""
    tables = ("customers", "consents", "orders", "order_lines")
    with store.read() as tx:
        return {
            t: sorted(map(tuple, tx.exec_driver_sql(f"SELECT * FROM {t}")), key=str)  # noqa: S608
            for t in tables
        }


# customers

PEOPLE = (
    "customer_id,first_name,email,phone,timezone,country,locale,email_marketing,sms_marketing,survey\n"
    "c-1,Ann,Ann@Shop.Example,07700 900001,Europe/London,GB,en-GB,yes,no,1\n"
    "c-2,Bo,bo@shop.example,+447700900002,Europe/London,GB,en-GB,FALSE,,true\n"
)


def test_customers_are_stored_with_normal_addresses_and_their_consents(
    rt: Runtime, tmp_path: Path
) -> None:
    report = importing.import_customers(rt, write(tmp_path, "list.csv", PEOPLE))

    with rt.store.read() as tx:
        ann = customers.load(tx, ["c-1"], now=NOW)["c-1"]
        ledger = permissions.ledger(tx, "c-1")
    assert (report.read, report.added, report.known, report.left_out) == (2, 2, 0, 0)
    assert report.fine
    assert (ann.email, ann.phone) == ("Ann@shop.example", "+447700900001")
    assert len(ann.email_key) == len(ann.phone_key) == 32
    assert (ann.email_marketing, ann.sms_marketing, ann.survey) == (True, False, True)
    assert {(row["kind"], row["granted"]) for row in ledger} == {
        ("email_marketing", True),
        ("sms_marketing", False),
        ("survey", True),
    }
    assert {(row["source"], row["at"]) for row in ledger} == {("import list.csv", NOW)}


def test_importing_customers_twice_changes_nothing(rt: Runtime, tmp_path: Path) -> None:
    path = write(tmp_path, "list.csv", PEOPLE)
    importing.import_customers(rt, path)
    before = everything(rt.store)

    report = importing.import_customers(rt, path)

    assert everything(rt.store) == before
    assert (report.added, report.known) == (0, 2)


def test_an_unusable_address_is_left_out_and_its_row_kept(
    rt: Runtime, tmp_path: Path
) -> None:
    path = write(
        tmp_path,
        "list.csv",
        "customer_id,first_name,email,phone,country,survey\nc-1,Ann,ann(at)shop,123,GB,maybe\n",
    )

    report = importing.import_customers(rt, path)

    with rt.store.read() as tx:
        ann = customers.load(tx, ["c-1"], now=NOW)["c-1"]
    assert (ann.first_name, ann.email, ann.phone) == ("Ann", "", "")
    assert [(b.row, b.line, b.column, b.kept) for b in report.bad] == [
        (1, 2, "email", True),
        (1, 2, "phone", True),
        (1, 2, "survey", True),
    ]
    assert (report.added, report.left_out) == (1, 0)


def test_days_of_a_customer_are_kept_without_the_year_of_birth(
    rt: Runtime, tmp_path: Path
) -> None:
    path = write(
        tmp_path,
        "list.csv",
        "customer_id,dob,customer_since\nc-1,1990-03-08,2021-05-01\nc-2,8 March,soon\n",
    )

    report = importing.import_customers(rt, path)

    with rt.store.read() as tx:
        known = customers.load(tx, ["c-1", "c-2"], now=NOW)
    assert [(known[i].birthday, known[i].since) for i in ("c-1", "c-2")] == [
        ("03-08", "2021-05-01"),
        ("", ""),
    ]
    assert [(b.row, b.column, b.kept) for b in report.bad] == [
        (2, "birthday", True),
        (2, "since", True),
    ]


def test_a_row_without_an_id_or_with_a_false_zone_is_left_out_and_the_others_kept(
    rt: Runtime, tmp_path: Path
) -> None:
    path = write(
        tmp_path,
        "list.csv",
        "customer_id,timezone\n,UTC\nc-2,Europe/Lundon\nc-3,Europe/London\nc-4\n",
    )

    report = importing.import_customers(rt, path)

    with rt.store.read() as tx:
        assert customers.zones(tx) == ["Europe/London"]
    assert [(b.row, b.line, b.column) for b in report.bad] == [
        (1, 2, "customer_id"),
        (2, 3, "timezone"),
        (4, 5, ""),
    ]
    assert 'did you mean "Europe/London"?' in report.bad[1].message
    assert (report.read, report.added, report.left_out) == (4, 1, 3)


def test_a_file_fills_in_what_is_unknown_and_replaces_nothing(
    rt: Runtime, tmp_path: Path
) -> None:
    with rt.store.write() as tx:
        customers.save(tx, [{"id": "c-1", "email": "new@shop.example"}], now=NOW)

    importing.import_customers(rt, write(tmp_path, "list.csv", PEOPLE))

    with rt.store.read() as tx:
        ann = customers.load(tx, ["c-1"], now=NOW)["c-1"]
    assert ann.email == "new@shop.example"
    assert (ann.first_name, ann.timezone) == ("Ann", "Europe/London")


def test_a_customer_twice_in_one_file_is_as_the_first_row_says(
    rt: Runtime, tmp_path: Path
) -> None:
    path = write(tmp_path, "list.csv", "id,first_name,country\nc-1,Ann,\nc-1,Bo,GB\n")

    report = importing.import_customers(rt, path)

    with rt.store.read() as tx:
        ann = customers.load(tx, ["c-1"], now=NOW)["c-1"]
    assert (ann.first_name, ann.country) == ("Ann", "GB")
    assert (report.added, report.known) == (1, 1)


@pytest.mark.parametrize("granted", [True, False])
def test_a_file_never_overrules_the_customers_own_answer(
    rt: Runtime, tmp_path: Path, granted: bool
) -> None:
    path = write(
        tmp_path,
        "list.csv",
        f"id,email_marketing\nc-1,{'no' if granted else 'yes'}\n",
    )
    importing.import_customers(rt, path)
    own = Consent("c-1", "email_marketing", granted, "unsubscribe page", NOW)
    with rt.store.write() as tx:
        permissions.record(tx, [own])

    importing.import_customers(rt, path)

    with rt.store.read() as tx:
        ann = customers.load(tx, ["c-1"], now=NOW)["c-1"]
    assert ann.email_marketing is granted


def test_a_file_takes_back_what_a_file_gave_and_never_gives_it_again(
    rt: Runtime, tmp_path: Path
) -> None:
    yes = write(tmp_path, "old.csv", "id,survey\nc-1,yes\n")
    no = write(tmp_path, "new.csv", "id,survey\nc-1,no\n")

    said = []
    for path in (yes, no, yes):
        importing.import_customers(rt, path)
        with rt.store.read() as tx:
            said.append(customers.load(tx, ["c-1"], now=NOW)["c-1"].survey)

    assert said == [True, False, False]


# orders

HEADER = "order_id,customer_id,placed_at,product_id,product,category,quantity,line_total,delivered_at\n"


def line(order: str, product: str, *, customer: str = "c-1", more: str = "1,2.00,") -> str:  # fmt: skip
    return f"{order},{customer},2026-03-02T10:00:00Z,{product},{product.upper()},EGGS LARGE,{more}\n"


def test_orders_are_stored_as_an_event_would_store_them(
    rt: Runtime, tmp_path: Path
) -> None:
    delivered = "2,6.41,2026-03-02T18:00:00.5+01:00"
    text = HEADER + line("o-1", "p1", more=delivered) + line("o-1", "p2")

    report = importing.import_orders(rt, write(tmp_path, "orders.csv", text))

    with rt.store.read() as tx:
        order = orders.load(tx, ["o-1"])["o-1"]
        buyer = customers.load(tx, ["c-1"], now=NOW)["c-1"]
        bought = orders.last_bought(tx, ["c-1"], categories=["eggs"], now=NOW)
    assert order.placed_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert order.delivered_at == datetime(2026, 3, 2, 17, 0, 0, 500_000, tzinfo=UTC)
    assert (order.promised_at, order.total, order.currency) == (None, Decimal("8.41"), "GBP")  # fmt: skip
    first, second = order.lines
    assert (first.product, first.name, first.category) == ("p1", "P1", "eggs")
    assert (first.quantity, first.price) == (Decimal(2), Decimal("3.21"))
    assert second.product == "p2"
    assert buyer.orders == 1
    assert bought == {"c-1": {"eggs": order.placed_at}}
    assert (report.read, report.added) == (2, 2)


def test_the_bulk_way_in_stores_the_same_as_the_way_of_events(store: Store) -> None:
    at = datetime(2026, 3, 2, 10, 0, 0, 5, tzinfo=UTC)
    head = {"customer_id": "c", "placed_at": at, "total": Decimal("3.20"), "currency": "GBP"}  # fmt: skip
    item = {
        "line": 1, "customer_id": "c", "placed_at": at, "product": "p", "name": "a\tb\\N",
        "category": "", "shop_category": "", "quantity": Decimal("1.5"), "price": Decimal(2),
    }  # fmt: skip
    iso = "2026-03-02T10:00:00.000005+00:00"

    with store.write() as tx:
        orders.add(tx, [{"id": "slow"} | head], [{"order_id": "slow"} | item])
        bulk.add_orders(
            tx,
            [("bulk", "c", iso, None, None, "3.20", "GBP")],
            [("bulk", 1, "c", iso, "p", "a\tb\\N", "", "", "1.500", "2.00")],
        )

    for table, key in (("orders", "id"), ("order_lines", "order_id")):
        with store.read() as tx:
            slow, fast = (
                dict(tx.exec_driver_sql(f"SELECT * FROM {table} WHERE {key} = '{name}'").mappings().one())  # noqa: S608
                for name in ("slow", "bulk")
            )  # fmt: skip
        assert {**slow, key: ""} == {**fast, key: ""}


def test_importing_orders_twice_changes_nothing(rt: Runtime, tmp_path: Path) -> None:
    text = HEADER + line("o-1", "p1") + line("o-2", "p1") + line("o-1", "p1")
    path = write(tmp_path, "orders.csv", text)
    importing.import_orders(rt, path)
    before = everything(rt.store)

    report = importing.import_orders(rt, path)

    assert everything(rt.store) == before
    assert (report.added, report.known, report.left_out) == (0, 3, 0)
    assert report.fine


def test_an_import_that_was_cut_off_is_completed_by_the_next(
    rt: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = HEADER + "".join(line(f"o-{n % 5}", f"p{n}") for n in range(20))
    path = write(tmp_path, "orders.csv", text)
    monkeypatch.setattr(importing_orders, "RUN", 6)

    def cut(done: int, total: int) -> None:
        if done >= 14:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        importing.import_orders(rt, path, progress=cut)
    halfway = len(everything(rt.store)["order_lines"])
    report = importing.import_orders(rt, path)

    assert halfway == 8
    assert (report.added, report.known) == (12, 8)
    with rt.store.read() as tx:
        found = orders.load(tx, [f"o-{n}" for n in range(5)])
    assert [len(o.lines) for o in found.values()] == [4] * 5
    assert {o.total for o in found.values()} == {Decimal("8.00")}


def test_a_mended_row_joins_the_order_that_was_imported_without_it(
    rt: Runtime, tmp_path: Path
) -> None:
    rows = [line("o-1", "p1"), line("o-1", "p2", more="1,two,"), line("o-1", "p3")]
    first = importing.import_orders(rt, write(tmp_path, "a.csv", HEADER + "".join(rows)))  # fmt: skip
    rows[1] = line("o-1", "p2", more="1,2.50,")

    report = importing.import_orders(rt, write(tmp_path, "a.csv", HEADER + "".join(rows)))  # fmt: skip

    assert [str(b) for b in first.bad] == [
        'row 2 (line 3): line_total: "two" is not a number that we can keep; write for example 2 or 3.20'
    ]
    assert (first.added, first.left_out) == (2, 1)
    assert (report.added, report.known) == (1, 2)
    with rt.store.read() as tx:
        order = orders.load(tx, ["o-1"])["o-1"]
    assert [item.product for item in order.lines] == ["p1", "p2", "p3"]
    assert order.total == Decimal("6.50")


def test_an_order_known_with_other_products_is_left_as_it_is_and_listed(
    rt: Runtime, tmp_path: Path
) -> None:
    importing.import_orders(rt, write(tmp_path, "a.csv", HEADER + line("o-1", "p1")))
    before = everything(rt.store)

    report = importing.import_orders(
        rt, write(tmp_path, "b.csv", HEADER + line("o-1", "p2"))
    )

    assert everything(rt.store) == before
    assert (report.added, report.left_out, report.bad_count) == (0, 1, 1)
    assert "all lines of an order must come in one file" in report.bad[0].message


def test_coupons_and_returns_are_listed_and_the_rest_kept(
    rt: Runtime, tmp_path: Path
) -> None:
    rows = [
        line("o-1", "p1"),
        line("o-1", "coupon", more="1,-0.50,"),
        line("o-1", "p2", more="0,0.00,"),
        line("o-1", "p3", more="1,0.00,"),
    ]

    report = importing.import_orders(
        rt, write(tmp_path, "a.csv", HEADER + "".join(rows))
    )

    assert [(b.row, b.column) for b in report.bad] == [(2, "line_total"), (3, "quantity")]  # fmt: skip
    assert (report.added, report.left_out) == (2, 2)


def test_parquet_and_ndjson_give_the_same_orders_as_csv(
    rt: Runtime, tmp_path: Path
) -> None:
    text = HEADER + line("o-1", "p1", more="2,6.41,") + line("o-2", "p2")
    path = write(tmp_path, "a.csv", text)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        typed = f"SELECT * REPLACE (placed_at::TIMESTAMPTZ AS placed_at, line_total::FLOAT AS line_total) FROM '{path}'"  # noqa: S608
        connection.execute(f"COPY ({typed}) TO '{tmp_path}/a.parquet'")
        connection.execute(f"COPY (FROM read_csv('{path}', all_varchar = true)) TO '{tmp_path}/a.ndjson' (FORMAT json)")  # fmt: skip
    importing.import_orders(rt, path)
    before = everything(rt.store)
    with rt.store.write() as tx:
        tx.exec_driver_sql("DELETE FROM orders")
        tx.exec_driver_sql("DELETE FROM order_lines")

    importing.import_orders(rt, tmp_path / "a.parquet")
    again = importing.import_orders(rt, tmp_path / "a.ndjson")

    assert everything(rt.store) == before
    assert (again.added, again.known) == (0, 2)


def test_columns_are_matched_by_what_the_person_says(
    rt: Runtime, tmp_path: Path
) -> None:
    text = "Order,Client,When,SKU,Amount\no-1,c-1,2026-03-02T10:00:00Z,p1,3.20\n"
    path = write(tmp_path, "a.csv", text)

    with pytest.raises(InputError) as refused:
        importing.import_orders(rt, path, columns={"customer": "Clint"})
    report = importing.import_orders(
        rt, path, columns={"customer_id": "Client", "placed_at": "When"}
    )

    assert str(refused.value).splitlines() == [
        '--columns: "customer" is not a column of ours; did you mean "customer_id"?',
        f'{path}: has no column "Clint"; did you mean "Client"?',
        f"{path}: has no column customer_id; name yours with --columns customer_id=… (it has Order, Client, When, SKU, Amount)",
        f"{path}: has no column placed_at; name yours with --columns placed_at=… (it has Order, Client, When, SKU, Amount)",
    ]
    assert (report.added, report.fine) == (1, True)


# events


@dataclass(frozen=True)
class Taken:
    new: int
    known: int


class Register:
    """Takes events in as the engine does: each id once."""

    def __init__(self) -> None:
        self.events: dict[str, Event] = {}

    def __call__(self, events: Sequence[Event]) -> Taken:
        new = {e.id: e for e in events if e.id not in self.events}
        self.events |= new
        return Taken(len(new), len(events) - len(new))


EVENT = {
    "id": "e-1",
    "type": "order.delivered",
    "at": "2026-03-02T10:00:00Z",
    "customer": {"id": "c-1"},
    "order": {"id": "o-1"},
}


def test_events_are_told_in_the_order_of_the_file_and_bad_ones_listed(
    tmp_path: Path,
) -> None:
    told = [EVENT, EVENT | {"id": "e-2", "at": "soon"}, EVENT | {"id": "e-3"}]
    text = b"\n".join(map(orjson.dumps, told)).decode()
    path = write(tmp_path, "events.ndjson", text + "\n{")
    register = Register()

    report = importing.import_events(path, take_in=register)
    again = importing.import_events(path, take_in=register)

    assert list(register.events) == ["e-1", "e-3"]
    assert [(b.row, b.column) for b in report.bad] == [(2, "at"), (4, "")]
    assert (report.read, report.added, report.known, report.left_out) == (4, 2, 0, 2)
    assert (again.added, again.known) == (0, 2)


def test_events_may_lie_flat_in_columns(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "events.csv",
        "id,kind,at,customer_id,customer.email,order_id,order.items\n"
        'e-1,order.placed,2026-03-02T10:00:00Z,c-1,,o-1,"[{""product"": ""p1""}]"\n',
    )
    register = Register()

    report = importing.import_events(path, take_in=register, columns={"type": "kind"})

    event = register.events["e-1"]
    assert report.fine
    assert (event.type, event.customer_id, event.order_id) == ("order.placed", "c-1", "o-1")  # fmt: skip
    assert event.body["order"]["items"][0]["product"] == "p1"
    assert "email" not in event.body["customer"]


def test_a_thousand_bad_rows_are_listed_and_all_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path, "events.ndjson", "[]\n" * 1_234)

    report = importing.import_events(path, take_in=Register())

    assert (len(report.bad), report.bad_count, report.left_out) == (1_000, 1_234, 1_234)
