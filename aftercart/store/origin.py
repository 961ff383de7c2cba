"""Which database is this, and what time is it there?"""

from datetime import datetime

from sqlalchemy import text

from aftercart.store import Tx


def clock(tx: Tx) -> datetime | None:
    """The time of the database's server; None where it has no clock but that of this machine."""
    if tx.dialect.name != "postgresql":
        return None
    told: datetime = tx.scalar(_CLOCK)
    return told


_CLOCK = text("SELECT clock_timestamp()")
