"""The nouns: customers, orders, events, enrollments, messages, and what providers say about them. All frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from aftercart.errors import IllegalTransition
from aftercart.reasons import Reason

#: The root of all message ids. Never change it: an id is what keeps a message from being sent twice.
NAMESPACE = UUID("6f1c1d0e-6a52-5d0b-9c9d-2f3b7f0a4c11")


class Purpose(StrEnum):
    """What a message is for; decides consent, caps and the promise on delivery."""

    MARKETING = "marketing"  #: at most once; needs consent; capped; quiet hours
    SURVEY = "survey"  #: at most once; needs consent of its own; quiet hours
    SERVICE = "service"  #: at least once while of use, twice at most


class Channel(StrEnum):
    EMAIL = "email"
    SMS = "sms"


class State(StrEnum):
    """Where the dispatch of a message stands. How the delivery went is ``Delivery``, beside it."""

    SCHEDULED = "scheduled"  #: goes at due_at, unless something speaks against it
    SENDING = "sending"  #: claimed by one worker; the provider may have it any moment
    ACCEPTED = "accepted"  #: the provider took it
    UNCERTAIN = "uncertain"  #: the provider may have it; waiting for proof
    UNKNOWN = "unknown"  #: proof never came; an honest, listed loss
    FAILED = "failed"  #: it cannot be sent
    SKIPPED = "skipped"  #: the decision was not to send
    EXPIRED = "expired"  #: too late to be useful
    CANCELLED = "cancelled"  #: called off by a person or by events


#: The table of transitions. `reliability` is built on it: nothing else moves a message.
TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.SCHEDULED: frozenset(
        {
            State.SCHEDULED,
            State.SENDING,
            State.SKIPPED,
            State.FAILED,
            State.EXPIRED,
            State.CANCELLED,
            State.ACCEPTED,  # late proof while a resend of a service message waits
        }
    ),
    State.SENDING: frozenset(
        {State.ACCEPTED, State.SCHEDULED, State.FAILED, State.UNCERTAIN}
    ),
    State.UNCERTAIN: frozenset(
        {State.ACCEPTED, State.SCHEDULED, State.FAILED, State.UNKNOWN}
    ),
    State.UNKNOWN: frozenset({State.ACCEPTED}),
    State.ACCEPTED: frozenset(),
    State.FAILED: frozenset(),
    State.SKIPPED: frozenset(),
    State.EXPIRED: frozenset(),
    State.CANCELLED: frozenset(),
}

#: States of which something is still to come.
UNDER_WAY = (State.SCHEDULED, State.SENDING, State.UNCERTAIN)
#: States in which the customer has, or may have, the message: what caps and "not again within" count.
REACHED = (State.SENDING, State.ACCEPTED, State.UNCERTAIN, State.UNKNOWN)


def check_transition(before: State, after: State) -> None:
    """Raises IllegalTransition where the table has no arrow."""
    if after not in TRANSITIONS[before]:
        raise IllegalTransition(f"a {before} message cannot become {after}")


class Delivery(StrEnum):
    """The provider's words after acceptance. `rank` makes the order of arrival irrelevant."""

    NO_REPORT = "no_report"
    PROCESSED = "processed"
    DEFERRED = "deferred"
    SENT = "sent"
    DELIVERED = "delivered"
    DROPPED = "dropped"
    BLOCKED = "blocked"
    BOUNCED = "bounced"
    UNDELIVERED = "undelivered"
    FAILED = "failed"

    @property
    def rank(self) -> int:
        """Only a higher rank replaces a lower one; no two are equal, or the first to come would win."""
        return _RANKS[self]


_RANKS = {
    Delivery.NO_REPORT: 5,
    Delivery.PROCESSED: 10,
    Delivery.DEFERRED: 20,
    Delivery.SENT: 25,
    Delivery.DELIVERED: 30,
    Delivery.DROPPED: 35,
    Delivery.UNDELIVERED: 40,
    Delivery.FAILED: 42,
    Delivery.BLOCKED: 44,
    Delivery.BOUNCED: 50,
}


#: A score up to this is a detractor's, one from that on a promoter's (Reichheld's Net Promoter Score, 0 to 10).
DETRACTOR, PROMOTER = 6, 9


class Signal(StrEnum):
    """What customers do with a message: facts beside its delivery, never a state."""

    OPENED = "opened"
    CLICKED = "clicked"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    ANSWERED = "answered"


@dataclass(frozen=True)
class Customer:
    """A person the shop knows. `email` and `phone` are normalised; the keys are their HMACs, for suppression."""

    id: str
    first_name: str = ""
    email: str = ""
    phone: str = ""
    email_key: str = ""
    phone_key: str = ""
    timezone: str = "UTC"
    country: str = ""
    locale: str = "en"
    birthday: str = ""  #: "03-08": nobody needs the year
    since: str = ""  #: "2021-05-01": a customer since that day
    email_marketing: bool = False
    sms_marketing: bool = False
    survey: bool = False
    orders: int = 0
    last_order_at: datetime | None = None
    tags: frozenset[str] = frozenset()

    def address(self, channel: Channel) -> str:
        return self.email if channel is Channel.EMAIL else self.phone

    def agreed(self, purpose: Purpose, channel: Channel) -> bool:
        """Whether the current consent covers it. A service message about a live order needs none."""
        if purpose is Purpose.MARKETING:
            return self.email_marketing if channel == "email" else self.sms_marketing
        return purpose is Purpose.SERVICE or self.survey


class Line(NamedTuple):
    """One line of an order, `category` after `campaigns/shop/categories.yaml`. A tuple: orders have dozens, and are loaded by the hundred."""

    product: str
    name: str
    category: str
    quantity: Decimal = Decimal(1)
    price: Decimal = Decimal(0)  #: of one unit


@dataclass(frozen=True)
class Order:
    """An order as far as it is known. Times are aware UTC; None means that it has not happened."""

    id: str
    customer_id: str
    placed_at: datetime
    promised_at: datetime | None = None
    eta: datetime | None = None
    delivered_at: datetime | None = None
    cancelled_at: datetime | None = None
    refunded_at: datetime | None = None
    total: Decimal = Decimal(0)
    currency: str = ""
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Event:
    """Something that happened, told by the shop. `id` is unique: telling it twice changes nothing."""

    id: str
    type: str  #: "noun.verb"
    at: datetime
    customer_id: str
    order_id: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)  #: as received, JSON-able


@dataclass(frozen=True)
class Enrollment:
    """One person's way through one campaign, for one occurrence of its trigger."""

    id: str
    campaign: str
    version: str
    customer_id: str
    occurrence: str
    started_at: datetime
    step: int
    due_at: datetime
    order_id: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def enrollment_id(campaign: str, customer_id: str, occurrence: str) -> str:
    """The id of an enrollment: a pure function of business facts, as a message's is."""
    return str(uuid5(NAMESPACE, f"enrollment|{campaign}|{customer_id}|{occurrence}"))


@dataclass(frozen=True)
class Message:
    """One message to one person. The row exists before anything is sent."""

    id: str
    campaign: str
    version: str
    customer_id: str
    occurrence: str
    leg: int
    channel: Channel
    purpose: Purpose
    template: str
    state: State
    due_at: datetime
    expires_at: datetime
    created_at: datetime
    order_id: str = ""
    content: str = ""  #: what was chosen for this person, e.g. the id of a recipe
    facts: Mapping[str, Any] = field(default_factory=dict)
    reason: Reason | None = None
    fence: int = 0
    attempts: int = 0
    claims: int = 0
    resends: int = 0
    slot_at: datetime | None = None
    accepted_at: datetime | None = None
    provider: str = ""
    provider_ref: str = ""
    delivery: str = ""


def message_id(campaign: str, customer_id: str, occurrence: str, leg: int) -> str:
    """The id of a message: a pure function of business facts, never of a clock or a run."""
    return str(uuid5(NAMESPACE, f"{campaign}|{customer_id}|{occurrence}|{leg}"))
