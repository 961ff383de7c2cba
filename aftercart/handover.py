"""What is handed to a provider, and what comes back: the rendered message, its receipt, and later reports. All frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aftercart.model import Channel, Delivery, Purpose, Signal


@dataclass(frozen=True)
class Rendered:
    """What the customer sees. An SMS has only `text`."""

    text: str
    subject: str = ""
    html: str = ""


@dataclass(frozen=True)
class Outgoing:
    """All that a channel needs to send one message, and nothing that it could look up."""

    message_id: str
    campaign: str
    channel: Channel
    purpose: Purpose
    to: str
    rendered: Rendered
    to_name: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)  #: e.g. List-Unsubscribe


@dataclass(frozen=True)
class Receipt:
    """A provider's "accepted". `ref` is its own id, empty where it gave none."""

    provider: str
    ref: str = ""


@dataclass(frozen=True)
class ProviderEvent:
    """One thing a provider reports later, in our words; copies of it have one `key`, whatever ids the provider invents."""

    key: str
    provider: str
    at: datetime
    message_id: str = ""  #: ours, where it came back
    provider_ref: str = ""
    to: str = ""
    delivery: Delivery | None = None
    signal: Signal | None = None
    words: str = ""  #: the provider's own reason
    suppress: str = ""  #: why the address must not be tried again, or empty
    blames: str = (
        ""  #: "sender" or "content", where an operator turned it away for that
    )
    lifts: str = ""  #: the suppression that the owner of the address takes back
    machine: bool = False  #: an open or click by a mailbox's proxy
