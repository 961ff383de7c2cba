"""How does a file of order lines become orders? Checked and gathered beside the database, then stored in runs of whole orders.

A run is one transaction, so an import that was cut off has left whole orders only, and running it again adds the others.
"""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from aftercart.importing.columns import Wanted, match
from aftercart.importing.report import (
    LISTED,
    BadRow,
    Progress,
    Report,
    Tally,
    silent,
)
from aftercart.reading import order_lines
from aftercart.reading.rows import count_rows, open_table
from aftercart.runtime import Runtime
from aftercart.store import bulk, customers

#: Lines in one transaction.
RUN = 50_000

WANTED = Wanted(
    names={
        "order_id": ("order", "order_number", "basket_id"),
        "customer_id": ("customer", "household_id"),
        "placed_at": ("ordered_at", "order_date", "created_at"),
        "product_id": ("sku", "item_id"),
        "product": ("product_name", "product_type", "item", "name"),
        "category": ("product_category",),
        "quantity": ("qty", "units"),
        "line_total": ("amount", "total"),
        "price": ("unit_price",),
        "promised_at": ("promised",),
        "delivered_at": ("delivered",),
        "currency": (),
    },
    needs=("order_id", "customer_id", "placed_at"),
    needs_one_of=(("product_id", "product"), ("line_total", "price")),
)

_MESSAGES = {
    "fault": "{value}",
    "empty": "is empty; every line needs one",
    "long": "is longer than 200 characters",
    "time": '"{value}" is not a time with a zone; write 2026-03-02T10:00:00Z',
    "number": '"{value}" is not a number that we can keep; write for example 2 or 3.20',
    "positive": "{value} is not a purchase; take returns and coupons out of the file",
    "negative": "{value} is below zero; take returns and coupons out of the file",
    "unpriced": "is empty, and so is price; one of them must be there",
    "currency": '"{value}" is not a currency; write three capitals such as GBP',
    "nul": "holds a NUL character; remove it",
    "owner": "the order belongs to customer {value} by its first line; one order, one customer",
}


def import_orders(
    rt: Runtime,
    path: Path,
    *,
    columns: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> Report:
    """Stores the orders of a file with one row per order line. Rhythms are not rebuilt here (`enrolling.rebuild_rhythms`).

    Raises:
        InputError: when the file cannot be read, or a column is missing.
    """
    with open_table(path) as table:
        found = match(table.columns, said=columns or {}, wanted=WANTED, file=path)
    tally = Tally(str(path))
    total = count_rows(path)
    with order_lines.open_purchases(
        path, columns=found, progress=lambda rows: progress(rows // 2, total)
    ) as purchases:
        tally.read = purchases.read
        tally.left_out, tally.bad_count, faults = purchases.faults(limit=LISTED)
        tally.bad += [_bad_row(fault) for fault in faults]
        others: set[str] = set()
        for stored in _store(rt, purchases):
            tally.added += stored.added
            tally.known += stored.known
            tally.left_out += stored.left_out
            others |= stored.others
            done = tally.added + tally.known + tally.left_out
            progress((tally.read + done) // 2, tally.read)
        if tally.added:
            with rt.store.write() as tx:
                bulk.refresh_statistics(tx)
        _complain_of_others(tally, purchases, others)
    return tally.report()


def _store(rt: Runtime, purchases: order_lines.Purchases) -> Iterator[bulk.Stored]:
    ours = {
        (name, category): rt.shop.categorise(name=name, category=category)
        for name, category in purchases.products()
    }
    met: set[str] = set()
    for heads, lines in purchases.orders(
        ours, currency=rt.shop.currency, lines_at_once=RUN
    ):
        strangers = {head[1] for head in heads} - met
        met |= strangers
        with rt.store.write() as tx:
            # an order makes its customer known; a file of customers fills in the rest, before or after
            customers.save(tx, [{"id": id} for id in sorted(strangers)], now=rt.clock())
            stored = bulk.add_orders(tx, heads, lines)
        yield stored


def _bad_row(fault: order_lines.Fault) -> BadRow:
    message = _MESSAGES[fault.code].format(value=fault.value)
    return BadRow(fault.row, fault.line, fault.column, message)


def _complain_of_others(
    tally: Tally, purchases: order_lines.Purchases, others: Collection[str]
) -> None:
    """Lists orders that are there with other lines. Without this, an order split over two files would lose its second half."""
    shown = sorted(others)[:LISTED]
    tally.bad_count += len(others) - len(shown)
    for order, (row, line) in purchases.first_rows(shown).items():
        tally.complain(
            row,
            line,
            "order_id",
            f"order {order} is there already with other products, and was left as it is; all lines of an order must come in one file",
            kept=False,
        )
