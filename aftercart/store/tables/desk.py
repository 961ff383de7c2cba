"""What people and the planner keep: pauses, cases, survey answers, how far the calendar is planned, single marks."""

from sqlalchemy import Column, Integer, PrimaryKeyConstraint, String, Table, Text

from aftercart.store.tables.columns import Json, metadata
from aftercart.store.types import Moment

# What is held: "all", "channel:sms", "campaign:nps-survey", and by Aftercart itself "provider:sms" and others; see `store.pauses`.
# Read inside the claim.
pauses = Table(
    "pauses",
    metadata,
    Column("scope", String, primary_key=True),
    Column("since", Moment, nullable=False),
    Column("by", String, nullable=False),
    Column("words", String, nullable=False, default=""),  # why, where no person did it
    Column(
        "ask_at", Moment
    ),  # when the provider is asked again; none: a person lifts it
)

# What a person should do: call a customer whose order is late, answer a detractor. The id is derived, so it opens once.
cases = Table(
    "cases",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("customer_id", String, nullable=False, index=True),
    Column("order_id", String, nullable=False, default=""),
    Column("message_id", String(36), nullable=False, default=""),
    Column("note", Text, nullable=False, default=""),
    Column("opened_at", Moment, nullable=False, index=True),
    Column("closed_at", Moment),
)

# One answer per survey message; a change of mind replaces it and is dated in message_events.
answers = Table(
    "answers",
    metadata,
    Column("message_id", String(36), primary_key=True),
    Column("campaign", String, nullable=False),
    Column("customer_id", String, nullable=False),
    Column("score", Integer, nullable=False),
    Column("comment", Text, nullable=False, default=""),
    Column("answered_at", Moment, nullable=False, index=True),
    Column("revised_at", Moment),
)

# How far recurring campaigns are planned, zone by zone, and when they are due next.
recurrences = Table(
    "recurrences",
    metadata,
    Column("campaign", String, nullable=False),
    Column("timezone", String, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("next_at", Moment, nullable=False),
    PrimaryKeyConstraint("campaign", "timezone"),
)

# Single facts about this database: the pushed clock, how far a replay has come.
marks = Table(
    "marks",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Json, nullable=False),
)
