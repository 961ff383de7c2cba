"""Which tags does a customer have, who put them there, and since when?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete

from aftercart.store import Tx, rows
from aftercart.store.among import among
from aftercart.store.tables import customer_tags


@dataclass(frozen=True)
class Tagging:
    """A tag that is put on a customer, or with `on` false taken off. `by` is a campaign, "event", or the name of a file."""

    customer_id: str
    tag: str
    at: datetime
    by: str
    on: bool = True


def write(tx: Tx, said: Sequence[Tagging]) -> None:
    """Puts tags on and takes them off; of one customer and tag, the last word counts. Saying it twice changes nothing."""
    last = {(one.customer_id, one.tag): one for one in said}
    put = [
        {"customer_id": c, "tag": tag, "at": one.at, "by": one.by}
        # in one order: two who write the same would wait for each other for ever
        for (c, tag), one in sorted(last.items())
        if one.on
    ]
    rows.insert_or_keep(tx, customer_tags, put)
    for tag in sorted({tag for (_, tag), one in last.items() if not one.on}):
        whose = [c for (c, t), one in last.items() if t == tag and not one.on]
        gone = delete(customer_tags).where(customer_tags.c.tag == tag)
        tx.execute(
            gone.where(among(customer_tags.c.customer_id)), {"ids": sorted(whose)}
        )
