"""May this replay be played on this database, and did it begin before? The marks by which a run that was killed is known again."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aftercart.errors import InputError
from aftercart.replaying import recovering
from aftercart.store import Store, desk, orders, records

#: What is in the database comes from a replay, which may not have sent anything yet.
_BEGUN = "replay_begun"
#: Everything was prepared, and messages go out.
_READY = "replay"
_LEDGER = "replay_ledger"
_SWEPT = "replay_swept"
_EVER = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


def begin(store: Store, stretch: Mapping[str, str], *, ledger: Path) -> bool:
    """Whether this replay is still to be prepared: it is new, or was killed before it had sent anything.

    Raises:
        InputError: when the database is in the middle of another replay, or past it, or is not a replay's.
    """
    with store.read() as tx:
        ready, written = desk.get_mark(tx, _READY), desk.get_mark(tx, _LEDGER)
        known = ready or desk.get_mark(tx, _BEGUN)
        lived_in = known is None and bool(records.counts(tx))
    if lived_in:
        raise InputError(
            "this database has messages that no replay planned, and a replay would send them to nobody: "
            "import into a fresh database (AFTERCART_DATABASE_URL) for it"
        )
    if known is not None and known != stretch:
        raise InputError(
            f"this database has been replayed, {_days(known)}, with seed {known['seed']}; "
            "a clock does not run backwards: import into a fresh database (AFTERCART_DATABASE_URL) for another replay"
        )
    mine = str(ledger.resolve())
    if written not in (None, mine):
        raise InputError(
            f"this replay writes to the ledger {written}, and goes on with no other: name that one with --ledger"
        )
    if known is None:
        recovering.put_aside(ledger)
    if written is None:
        with store.write() as tx:
            desk.set_mark(tx, _LEDGER, mine)
            desk.set_mark(tx, _BEGUN, stretch)
    return ready is None


def insist_on_orders(store: Store, *, start: datetime, end: datetime) -> None:
    """Says so before the database is marked as replayed when there is nothing to replay in these days.

    Raises:
        InputError: naming the days that the stored orders cover.
    """
    with store.read() as tx:
        # a database with messages has a better answer coming, in `begin`
        if orders.span(tx, start=start, end=end) or records.counts(tx):
            return
        known = orders.span(tx, start=_EVER[0], end=_EVER[1])
    if not known:
        raise InputError(
            "this database has no orders to replay: `aftercart import orders FILE` first, or name another database "
            "with AFTERCART_DATABASE_URL"
        )
    raise InputError(
        f"no order was placed in these days; the orders that are known reach from {known[0]:%Y-%m-%d} "
        f"to {known[1]:%Y-%m-%d}"
    )


def _days(stretch: Mapping[str, str]) -> str:
    """The stretch as it was asked for: its last day is included."""
    first, end = (datetime.fromisoformat(stretch[name]) for name in ("from", "to"))
    return f"--from {first:%Y-%m-%d} --to {end - timedelta(microseconds=1):%Y-%m-%d}"


def prepared(store: Store, stretch: Mapping[str, str]) -> None:
    """Remembers that messages go out from now on."""
    with store.write() as tx:
        desk.set_mark(tx, _READY, stretch)


def keep_swept(store: Store, at: datetime) -> None:
    """Remembers when the sweeper came, so that a run that goes on sweeps in the same minutes as one that was never killed."""
    with store.write() as tx:
        desk.set_mark(tx, _SWEPT, at.isoformat())


def swept_at(store: Store) -> datetime | None:
    """When the sweeper came last."""
    with store.read() as tx:
        known = desk.get_mark(tx, _SWEPT)
    return datetime.fromisoformat(known) if known else None
