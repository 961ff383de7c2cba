"""What the shop told us: events, orders and their lines, and the rhythm in which people buy."""

from sqlalchemy import (
    Column,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    String,
    Table,
    text,
)

from aftercart.store.tables.columns import Json, metadata
from aftercart.store.types import Moment

# What the shop told us, once: the primary key is what makes telling it twice harmless.
events = Table(
    "events",
    metadata,
    Column("id", String, primary_key=True),
    Column("type", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("customer_id", String, nullable=False),
    Column("order_id", String, nullable=False, default=""),
    Column("body", Json, nullable=False),
    Column("received_at", Moment, nullable=False),
    Index(None, "customer_id", "at"),
    Index(None, "order_id"),
)

# The newest known state of each order.
orders = Table(
    "orders",
    metadata,
    Column("id", String, primary_key=True),
    Column("customer_id", String, nullable=False),
    Column("placed_at", Moment, nullable=False),
    Column("promised_at", Moment),
    Column("eta", Moment),
    Column("eta_at", Moment),  # when that ETA was told: an older one never replaces it
    Column("delivered_at", Moment),
    Column("cancelled_at", Moment),
    Column("refunded_at", Moment),
    Column("total", Numeric(12, 2), nullable=False, default=0),
    Column("currency", String(3), nullable=False, default=""),
    Index(None, "customer_id", "placed_at"),
    # "is an order of this customer late?" looks at open orders only
    Index(
        "ix_orders_open",
        "customer_id",
        "promised_at",
        sqlite_where=text("delivered_at IS NULL AND promised_at IS NOT NULL"),
        postgresql_where=text("delivered_at IS NULL AND promised_at IS NOT NULL"),
    ),
)

# customer and time stand here again, so that "when did she last buy eggs?" is one look into one index.
order_lines = Table(
    "order_lines",
    metadata,
    Column("order_id", String, nullable=False),
    Column("line", Integer, nullable=False),
    Column("customer_id", String, nullable=False),
    Column("placed_at", Moment, nullable=False),
    Column("product", String, nullable=False),
    Column("name", String, nullable=False),
    # the shop's own word after campaigns/shop/categories.yaml, and the word that came in
    Column("category", String, nullable=False),
    Column("shop_category", String, nullable=False, default=""),
    Column("quantity", Numeric(12, 3), nullable=False),
    Column("price", Numeric(12, 2), nullable=False),
    PrimaryKeyConstraint("order_id", "line"),
    Index(None, "customer_id", "category", "placed_at"),
)

# One row per customer and staple of a running-low campaign: the tick reads `nudge_at <= now`, never the history.
rhythms = Table(
    "rhythms",
    metadata,
    Column("campaign", String, nullable=False),
    Column("customer_id", String, nullable=False),
    Column("category", String, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("purchases", Integer, nullable=False),
    Column(
        "gaps", Json, nullable=False
    ),  # days between purchases, newest last, at most eight
    Column("nudge_at", Moment),  # null: nothing to say in this cycle (any more)
    PrimaryKeyConstraint("campaign", "customer_id", "category"),
    Index(
        "ix_rhythms_due",
        "nudge_at",
        sqlite_where=text("nudge_at IS NOT NULL"),
        postgresql_where=text("nudge_at IS NOT NULL"),
    ),
)
