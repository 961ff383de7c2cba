"""Who we may write to, what they agreed to, and which addresses must not be used."""

from sqlalchemy import Boolean, Column, PrimaryKeyConstraint, String, Table

from aftercart.store.tables.columns import Serial, metadata
from aftercart.store.types import Moment

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
    # days to think of them: month and day of the one ("03-08"), the whole date of the other ("2021-05-01")
    Column("birthday", String(5), nullable=False, default="", index=True),
    Column("since", String(10), nullable=False, default=""),
    # today's answer, kept beside the ledger `consents` because every claim asks for it; written by one function with it
    Column("email_marketing", Boolean, nullable=False, default=False),
    Column("sms_marketing", Boolean, nullable=False, default=False),
    Column("survey", Boolean, nullable=False, default=False),
    Column("created_at", Moment, nullable=False),
)

# Words that campaigns, the shop and imports put on customers. The customer first: whose tags are they is what is asked.
customer_tags = Table(
    "customer_tags",
    metadata,
    Column("customer_id", String, nullable=False),
    Column("tag", String(64), nullable=False),
    Column("at", Moment, nullable=False),  # a replay does not know it before
    Column("by", String, nullable=False),  # a campaign, "event", or the name of a file
    PrimaryKeyConstraint("customer_id", "tag"),
)

# The time zones in which customers live: a handful of rows, so that no tick has to look through a million customers.
timezones = Table("timezones", metadata, Column("name", String, primary_key=True))

# The proof of consent: append-only. What a person agreed to, when, where, in which words.
consents = Table(
    "consents",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
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
