"""What came of the messages of the last day? One way through a day's rows: not to be asked every second."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from aftercart.model import Channel, State
from aftercart.reasons import Code
from aftercart.store import Tx
from aftercart.store.tables import messages

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Lately:
    """Of the messages that were planned within a day: how many went and failed, and how many were given up."""

    accepted: Mapping[Channel, int]
    failed: Mapping[Channel, int]
    poison: int  #: nothing came of them, however often they were begun


def lately(tx: Tx, *, now: datetime) -> Lately:
    """Counts them; an index leads to a day's rows."""
    m = messages.c
    given_up = m.reason["code"].as_string() == Code.POISON.value
    found = tx.execute(
        select(m.channel, m.state, func.count(), func.count().filter(given_up))
        .where(m.created_at > now - _DAY, m.state.in_((State.ACCEPTED, State.FAILED)))
        .group_by(m.channel, m.state)
    ).all()
    counts = {(row.channel, row.state): row[2] for row in found}
    return Lately(
        accepted={c: counts.get((c.value, State.ACCEPTED.value), 0) for c in Channel},
        failed={c: counts.get((c.value, State.FAILED.value), 0) for c in Channel},
        poison=sum(row[3] for row in found),
    )
