"""What do people read? Queries for the log, the console and the terminal; nothing here writes."""

from aftercart.store.records.brought import coupons
from aftercart.store.records.customer import Coming, CustomerPage, customer_page
from aftercart.store.records.ends import Ended, ends, newest
from aftercart.store.records.figures import (
    Count,
    Nps,
    Verdict,
    counts,
    nps,
    verdicts,
)
from aftercart.store.records.lately import Lately, lately
from aftercart.store.records.listing import LogRow, log
from aftercart.store.records.message import Entry, MessagePage, message_page
from aftercart.store.records.names import first_names
from aftercart.store.records.results import Deed, Entrant, deeds, entrants
from aftercart.store.records.search import Found, find_customers
from aftercart.store.records.standing import (
    Case,
    Health,
    Waiting,
    cases,
    health,
    open_case_count,
    waiting,
)

__all__ = [
    "Case",
    "Coming",
    "Count",
    "CustomerPage",
    "Deed",
    "Ended",
    "Entrant",
    "Entry",
    "Found",
    "Health",
    "Lately",
    "LogRow",
    "MessagePage",
    "Nps",
    "Verdict",
    "Waiting",
    "cases",
    "counts",
    "coupons",
    "customer_page",
    "deeds",
    "ends",
    "entrants",
    "find_customers",
    "first_names",
    "health",
    "lately",
    "log",
    "message_page",
    "newest",
    "nps",
    "open_case_count",
    "verdicts",
    "waiting",
]
