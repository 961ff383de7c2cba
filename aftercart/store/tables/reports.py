"""What providers report: raw callbacks first, then each event once."""

from sqlalchemy import Boolean, Column, Index, LargeBinary, String, Table, Text, text

from aftercart.store.tables.columns import Serial, metadata
from aftercart.store.types import Moment

# Callbacks as they came, verified, before anybody reads them: a crash while reading loses nothing.
inbox = Table(
    "inbox",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("provider", String, nullable=False),
    Column("path", String, nullable=False, default=""),
    Column("body", LargeBinary, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("read_at", Moment),
    Index(
        "ix_inbox_unread",
        "id",
        sqlite_where=text("read_at IS NULL"),
        postgresql_where=text("read_at IS NULL"),
    ),
)

# What speaks against a campaign: one row per message and kind, however often and by whom it is told. Read by the day.
troubles = Table(
    "troubles",
    metadata,
    Column("message_id", String(36), primary_key=True),
    Column("kind", String(12), primary_key=True),  # of `policy.halting.Trouble`
    Column("campaign", String, nullable=False),
    Column("at", Moment, nullable=False, index=True),
)

# One row per thing that a provider reported, by natural key: copies change nothing.
provider_events = Table(
    "provider_events",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("message_id", String(36), nullable=False, default="", index=True),
    Column("provider", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("delivery", String(12), nullable=False, default=""),
    Column("signal", String(12), nullable=False, default=""),
    Column("words", Text, nullable=False, default=""),
    Column("machine", Boolean, nullable=False, default=False),
)
