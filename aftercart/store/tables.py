"""The tables, and why each of them and each telling column exists.

Times are aware UTC (`Moment`). Ids of customers and orders are the shop's own; ours are UUIDs as text. JSON columns hold what
is shown again but never searched. Nothing here is ever updated except by the function of the store that names the table.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from aftercart.store.types import Moment

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: SQLite counts rows only in an INTEGER key; PostgreSQL needs more than 31 bits for a log.
_Serial = BigInteger().with_variant(Integer, "sqlite")

#: None is NULL, not the JSON word null: `IS NULL` has to mean it.
_Json = JSON(none_as_null=True)

# Who we may write to. Counts of orders are not columns: they are counted as of a moment, so that a replay of March does not
# know about April.
customers = Table(
    "customers",
    metadata,
    Column("id", String, primary_key=True),
    Column("first_name", String, nullable=False, default=""),
    Column("email", String, nullable=False, default="", index=True),
    Column("phone", String, nullable=False, default="", index=True),
    # HMACs of the addresses: suppression is checked by them inside the claim, and survives erasure
    Column("email_key", String(32), nullable=False, default="", index=True),
    Column("phone_key", String(32), nullable=False, default="", index=True),
    # quiet hours and windows are on the customer's clock; recurring campaigns are planned zone by zone
    Column("timezone", String, nullable=False, index=True),
    Column("country", String(2), nullable=False, default=""),
    Column("locale", String(16), nullable=False, default="en"),
    # today's answer, kept beside the ledger `consents` because every claim asks for it; written by one function with it
    Column("email_marketing", Boolean, nullable=False, default=False),
    Column("sms_marketing", Boolean, nullable=False, default=False),
    Column("survey", Boolean, nullable=False, default=False),
    Column("created_at", Moment, nullable=False),
)

# The proof of consent: append-only. What a person agreed to, when, where, in which words.
consents = Table(
    "consents",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("customer_id", String, nullable=False, index=True),
    Column(
        "kind", String(16), nullable=False
    ),  # email_marketing, sms_marketing, survey
    Column("granted", Boolean, nullable=False),
    Column("source", String, nullable=False),
    Column("wording", String, nullable=False, default=""),
    Column("at", Moment, nullable=False),
)

# Addresses that must not be used, by HMAC: holds no address, so it can be kept after erasure.
suppressions = Table(
    "suppressions",
    metadata,
    Column("address_key", String(32), nullable=False),
    Column("scope", String(16), nullable=False),  # all, marketing, survey
    Column("reason", String, nullable=False),
    Column("source", String, nullable=False),
    Column("at", Moment, nullable=False),
    PrimaryKeyConstraint("address_key", "scope"),
)

# What the shop told us, once: the primary key is what makes telling it twice harmless.
events = Table(
    "events",
    metadata,
    Column("id", String, primary_key=True),
    Column("type", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("customer_id", String, nullable=False),
    Column("order_id", String, nullable=False, default=""),
    Column("body", _Json, nullable=False),
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
        "gaps", _Json, nullable=False
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
    Column("facts", _Json, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("step", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("reason", _Json),
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
    Column("facts", _Json, nullable=False),
    Column("priority", Integer, nullable=False, default=0),
    Column("state", String(10), nullable=False),
    Column("reason", _Json),
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column(
        "ring_at", Moment, nullable=False
    ),  # when a queue is told (again); the tick reads this, not due_at
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
    ),  # starts that did not: the poison counter
    Column("resends", Integer, nullable=False, default=0),
    Column(
        "to", String, nullable=False, default=""
    ),  # as used, for support; erased with the person
    Column("template_version", String(12), nullable=False, default=""),
    Column(
        "values", _Json
    ),  # what filled the template: with its version, what the customer saw can be shown again
    Column("provider", String, nullable=False, default=""),
    Column("provider_ref", String, nullable=False, default=""),
    Column("sending_at", Moment),
    Column("accepted_at", Moment),
    Column("delivery", String(12), nullable=False, default=""),
    Column("delivery_rank", Integer, nullable=False, default=0),
    Column("delivery_at", Moment),
    UniqueConstraint("campaign", "customer_id", "occurrence", "leg"),
    # the due claim: grows with what is due, not with what was ever sent
    Index(
        "ix_messages_ring",
        "ring_at",
        sqlite_where=text("state = 'scheduled'"),
        postgresql_where=text("state = 'scheduled'"),
    ),
    Index(
        "ix_messages_open",
        "lease_until",
        sqlite_where=text("state IN ('sending', 'uncertain')"),
        postgresql_where=text("state IN ('sending', 'uncertain')"),
    ),
    Index(None, "customer_id", "created_at"),
    Index(None, "order_id"),
    Index(None, "created_at"),
)

# The story of each message, append-only; what support reads.
message_events = Table(
    "message_events",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("message_id", String(36), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("word", String(16), nullable=False),  # from messagelog's vocabulary
    Column("actor", String, nullable=False),
    Column("reason", _Json),
)

# The sources of every template version that was ever sent, so that an old message can be shown as it was.
template_versions = Table(
    "template_versions",
    metadata,
    Column("version", String(12), primary_key=True),
    Column("name", String, nullable=False),
    Column("sources", _Json, nullable=False),
    Column("first_used_at", Moment, nullable=False),
)

# Callbacks as they came, verified, before anybody reads them: a crash while reading loses nothing.
inbox = Table(
    "inbox",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
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

# What is held by a person: "all", "channel:sms", "campaign:nps-survey". Read inside the claim.
pauses = Table(
    "pauses",
    metadata,
    Column("scope", String, primary_key=True),
    Column("since", Moment, nullable=False),
    Column("by", String, nullable=False),
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

# The time zones in which customers live: a handful of rows, so that no tick has to look through a million customers.
timezones = Table("timezones", metadata, Column("name", String, primary_key=True))

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
    Column("value", _Json, nullable=False),
)
