"""May this replay be played on this database, and did it begin before? The marks by which a run that was killed is known again."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from aftercart.errors import InputError
from aftercart.replaying import recovering
from aftercart.store import Store, desk, records

#: What is in the database comes from a replay, which may not have sent anything yet.
_BEGUN = "replay_begun"
#: Everything was prepared, and messages go out.
_READY = "replay"
_LEDGER = "replay_ledger"
_SWEPT = "replay_swept"


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
            f"this database has been replayed from {known['from']} to {known['to']} with seed {known['seed']}; "
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
