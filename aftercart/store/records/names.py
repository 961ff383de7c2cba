"""Which first names do the customers have, and how many have none?"""

from sqlalchemy import func, select

from aftercart.store import Tx
from aftercart.store.tables import customers


def first_names(tx: Tx) -> dict[str, int]:
    """Every first name with how many customers have it; the empty one is theirs of whom none is known."""
    name = customers.c.first_name
    return {
        row[0] or "": row[1]
        for row in tx.execute(select(name, func.count()).group_by(name))
    }
