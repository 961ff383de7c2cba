"""Which database is this, and what time is it there? What tells a database from its copies, as far as it lets itself be asked."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from aftercart.store import Tx
from aftercart.store.tables import message_events

#: What each fact is, and the query for it. A copy in the same server is another database; a cluster that was made anew is another
#: server; and whoever takes over from a server, or is restored to a moment, begins a new timeline.
FACTS: Mapping[str, str] = {
    "server": "SELECT CAST(system_identifier AS text) FROM pg_control_system()",
    "timeline": "SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)",
    "database": "SELECT CAST(oid AS text) FROM pg_database WHERE datname = current_database()",
}


def clock(tx: Tx) -> datetime | None:
    """The time of the database's server; None where it has no clock but that of this machine."""
    if tx.dialect.name != "postgresql":
        return None
    told: datetime = tx.scalar(_CLOCK)
    return told


def facts(tx: Tx) -> dict[str, str]:
    """The facts that it tells; one that this role may not ask for, or that its server does not know, is left out."""
    if tx.dialect.name != "postgresql":
        return {}
    found = {}
    for name, query in FACTS.items():
        try:
            with tx.begin_nested():
                found[name] = str(tx.scalar(text(query)))
        except DBAPIError:
            continue
    return found


def lines(tx: Tx) -> int:
    """The number of the newest line of all stories: it grows with every message that is sent."""
    return tx.scalar(select(func.max(message_events.c.id))) or 0


_CLOCK = text("SELECT clock_timestamp()")
