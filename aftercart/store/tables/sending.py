"""The way of a message: enrollment, the row that is written before anything is sent, and its story."""

from sqlalchemy import Column, Index, Integer, String, Table, UniqueConstraint, text

from aftercart.store.tables.columns import Json, Serial, metadata
from aftercart.store.types import Moment

# One person's way through one campaign. `due_at` is the only timer.
enrollments = Table(
    "enrollments",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("campaign", String, nullable=False),
    Column("version", String(12), nullable=False),
    Column("customer_id", String, nullable=False),
    Column("occurrence", String, nullable=False),
    Column("order_id", String, nullable=False, default=""),
    Column("facts", Json, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("step", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("reason", Json),
    # the type of event that makes it due before its time; empty: none
    Column("awaits", String, nullable=False, server_default=""),
    # the same trigger twice enrolls once, on any number of processes
    UniqueConstraint("campaign", "customer_id", "occurrence"),
    Index(
        "ix_enrollments_due",
        "due_at",
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index(None, "customer_id"),
    Index(None, "order_id"),
    # who waits for what the shop has just told: it knows those who wait, and not all who ever entered
    Index(
        "ix_enrollments_awaits",
        "customer_id",
        "awaits",
        sqlite_where=text("awaits <> ''"),
        postgresql_where=text("awaits <> ''"),
    ),
)

# One row per message to one person, written before anything is sent. What makes "never twice" true stands in three columns:
# the unique key (planned once), `state` (claimed once), `fence` (a worker that was presumed dead cannot write).
messages = Table(
    "messages",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("campaign", String, nullable=False),
    Column("version", String(12), nullable=False),
    Column("customer_id", String, nullable=False),
    Column("occurrence", String, nullable=False),
    Column("leg", Integer, nullable=False),  # 0 first channel, 1 fallback
    Column("enrollment_id", String(36), nullable=False),
    Column("channel", String(8), nullable=False),
    Column("purpose", String(10), nullable=False),
    Column("template", String, nullable=False),
    Column("order_id", String, nullable=False, default=""),
    Column(
        "content", String, nullable=False, default=""
    ),  # e.g. the recipe: never the same twice
    Column("facts", Json, nullable=False),
    Column("priority", Integer, nullable=False, default=0),
    Column("state", String(10), nullable=False),
    Column("reason", Json),
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column(
        "slot_at", Moment
    ),  # marketing only: when the planner granted it a place under the cap
    Column("fence", Integer, nullable=False, default=0),
    Column("lease_until", Moment),
    Column(
        "attempts", Integer, nullable=False, default=0
    ),  # claims that reached the provider
    Column(
        "claims", Integer, nullable=False, default=0
    ),  # starts that came to nothing: the poison counter
    Column("resends", Integer, nullable=False, default=0),
    Column("provider", String, nullable=False, default=""),
    Column("provider_ref", String, nullable=False, default=""),
    Column("sending_at", Moment),
    Column("accepted_at", Moment),
    Column("delivery", String(12), nullable=False, default=""),
    Column("delivery_rank", Integer, nullable=False, default=0),
    Column("delivery_at", Moment),
    # the customer first: it is also how a customer's messages are found
    UniqueConstraint("customer_id", "campaign", "occurrence", "leg"),
    # No index knows what a send changes, so that PostgreSQL claims and settles a message in place: else it would write into all
    # of them, twice.
    Index(None, "order_id"),
    Index(None, "created_at"),
    # room on each page for the next version of its rows
    postgresql_with={"fillfactor": 60},
)

# One row for each message that has not come to its end: when a queue is told of it (again). What is due, what is being sent and
# what waits for proof is found by it, so that it costs what is open, and not what was ever sent.
bells = Table(
    "bells",
    metadata,
    Column("message_id", String(36), primary_key=True),
    Column("ring_at", Moment, nullable=False, index=True),  # the tick reads this
    Column(
        "rung", Integer, nullable=False, default=0
    ),  # how often a queue was told, since the message last moved
)

# One row for each text of which the provider has not said how it ended: when it is asked.
awaited = Table(
    "awaited",
    metadata,
    Column("message_id", String(36), primary_key=True),
    Column("ask_at", Moment, nullable=False, index=True),
    Column("asked", Integer, nullable=False, default=0),  # how often, so far
)

# What went out with each claim, insert-only and apart from the row that three transactions rewrite for every send. It is also
# the line "sending" of the message's story.
renditions = Table(
    "renditions",
    metadata,
    Column("message_id", String(36), primary_key=True),
    Column("fence", Integer, primary_key=True),  # of the claim
    Column("at", Moment, nullable=False),
    Column("actor", String, nullable=False),
    Column(
        "to", String, nullable=False
    ),  # as used, for support; erased with the person
    Column("template_version", String(12), nullable=False),
    Column(
        "values", Json
    ),  # what filled the template: with its version, what the customer saw can be shown again
)

# The batches that somebody prepares at this moment, of messages that came to nothing before: the queue lost them, or somebody
# died of them. A row that stays was left by a process that died: one of its messages may be what it died of.
starts = Table(
    "starts",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("ids", Json, nullable=False),  # of messages
)

# The story of each message, append-only; what support reads. That it was handed over is told by `renditions`.
message_events = Table(
    "message_events",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("message_id", String(36), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("word", String(16), nullable=False),  # from messagelog's vocabulary
    Column("actor", String, nullable=False),
    Column("reason", Json),
)

# Whom the ramp of a campaign has let in. As many rows as its last round has people: when it is over, nobody is counted any more.
ramped = Table(
    "ramped",
    metadata,
    Column("campaign", String, primary_key=True),
    Column("customer_id", String, primary_key=True),
    Column("at", Moment, nullable=False),
)

# The sources of every template version that was ever sent, so that an old message can be shown as it was.
template_versions = Table(
    "template_versions",
    metadata,
    Column("version", String(12), primary_key=True),
    Column("name", String, nullable=False),
    Column("sources", Json, nullable=False),
    Column("first_used_at", Moment, nullable=False),
)

# What each version of a campaign was made of, kept when the first person enters with it: they stay on it.
campaign_versions = Table(
    "campaign_versions",
    metadata,
    Column("campaign", String, primary_key=True),
    Column("version", String(12), primary_key=True),
    Column("sources", Json, nullable=False),
    Column("first_used_at", Moment, nullable=False),
)
