"""Which code did a message bring? For the till, where a customer shows it."""

from collections.abc import Collection

from sqlalchemy import select

from aftercart.store import Tx, rows
from aftercart.store.tables import renditions


def coupons(tx: Tx, ids: Collection[str]) -> dict[str, str]:
    """The coupon codes of these messages, as they were sent; messages without one are left out."""
    found: dict[str, str] = {}
    for part in rows.chunks(sorted(ids)):
        query = (
            select(renditions.c.message_id, renditions.c["values"].label("said"))
            .where(renditions.c.message_id.in_(part))
            .order_by(renditions.c.fence)
        )
        for row in tx.execute(query):
            code = (row.said or {}).get("coupon", {}).get("code")
            if code:
                found[row.message_id] = code
    return found
