"""The tables, and why each of them and each telling column exists.

Times are aware UTC (`Moment`). Ids of customers and orders are the shop's own; ours are UUIDs as text. JSON columns hold what
is shown again but never searched. Nothing here is ever updated except by the function of the store that names the table.
"""

from aftercart.store.tables.columns import metadata
from aftercart.store.tables.desk import answers, cases, marks, pauses, recurrences
from aftercart.store.tables.people import (
    consents,
    customer_tags,
    customers,
    suppressions,
    timezones,
)
from aftercart.store.tables.reports import inbox, provider_events, troubles
from aftercart.store.tables.sending import (
    awaited,
    bells,
    campaign_versions,
    enrollments,
    message_events,
    messages,
    ramped,
    renditions,
    starts,
    template_versions,
)
from aftercart.store.tables.shop import events, order_lines, orders, rhythms

__all__ = [
    "answers",
    "awaited",
    "bells",
    "campaign_versions",
    "cases",
    "consents",
    "customer_tags",
    "customers",
    "enrollments",
    "events",
    "inbox",
    "marks",
    "message_events",
    "messages",
    "metadata",
    "order_lines",
    "orders",
    "pauses",
    "provider_events",
    "ramped",
    "recurrences",
    "renditions",
    "rhythms",
    "starts",
    "suppressions",
    "template_versions",
    "timezones",
    "troubles",
]
