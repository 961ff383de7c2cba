"""What is due? Occurrences that are known from a seed: who should hear what, under which id, before anything has started.

Sixty in a hundred are recipe e-mails, twenty re-order e-mails (both marketing), ten texts about late orders (service), ten
surveys. Every person has one occurrence and is awake. Names and addresses are canaries: they may be found in the database and
at the provider, and nowhere else.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aftercart.model import Purpose, message_id
from tests.scenes.company import MAIL, SERVICE_MAIL, TEXT
from tests.scenes.house import House, add_campaign, daytime, only

#: Found in Redis or in a log, these are a leak.
CANARIES = ("quillonia", "canary.example", "4474001")

_CAMPAIGN = """\
name: {name}
purpose: {purpose}
trigger: {{event: {name}.due}}
steps:
  - send: {{{channel}: {name}}}
    expires: {expires}
"""


@dataclass(frozen=True)
class Kind:
    """One of the campaigns of the bench, and how many of a hundred occurrences are its."""

    name: str
    purpose: Purpose
    channel: str
    share: int
    expires: str = "2 days"


KINDS = (
    Kind("recipe", Purpose.MARKETING, "email", 60),
    Kind("reorder", Purpose.MARKETING, "email", 20),
    Kind("delay", Purpose.SERVICE, "sms", 10, expires="6 hours"),
    Kind("survey", Purpose.SURVEY, "email", 10, expires="7 days"),
)


@dataclass(frozen=True)
class Due:
    """One occurrence: `message` is the id that its message must have."""

    message: str
    kind: Kind
    customer: str
    occurrence: str
    email: str
    phone: str
    timezone: str

    def consent(self, at: datetime) -> dict[str, Any]:
        """The person, who agreed to everything."""
        kinds = ("email_marketing", "sms_marketing", "survey")
        told = [{"kind": kind, "source": "chaos"} for kind in kinds]
        return {
            "id": f"yes-{self.customer}",
            "type": "customer.consented",
            "at": at.isoformat(),
            "customer": self._person() | {"consents": told},
        }

    def event(self, at: datetime) -> dict[str, Any]:
        """What makes the message due. Told twice it is the same event."""
        return {
            "id": self.occurrence,
            "type": f"{self.kind.name}.due",
            "at": at.isoformat(),
            "customer": self._person(),
        }

    def _person(self) -> dict[str, Any]:
        return {
            "id": self.customer,
            "first_name": "Quillonia",
            "email": self.email,
            "phone": self.phone,
            "timezone": self.timezone,
            "country": "GB",
        }


def occurrences(size: int, *, seed: int, now: datetime) -> list[Due]:
    """So many occurrences in the order in which they come about."""
    kinds = [kind for kind in KINDS for _ in range(size * kind.share // 100)]
    kinds += [KINDS[0]] * (size - len(kinds))
    random.Random(seed).shuffle(kinds)
    zone = daytime(now)
    return [_due(kind, number, seed, zone) for number, kind in enumerate(kinds, 1)]


def _due(kind: Kind, number: int, seed: int, zone: str) -> Due:
    customer, occurrence = f"c-{seed}-{number}", f"e-{seed}-{number}"
    return Due(
        message=message_id(kind.name, customer, occurrence, 0),
        kind=kind,
        customer=customer,
        occurrence=occurrence,
        email=f"quillonia.{number}@canary.example",
        phone=f"+4474{100_000 + number:08}",  # a number of the United Kingdom, however many there are
        timezone=zone,
    )


def furnish(house: House, *, kinds: Sequence[Kind] = KINDS) -> None:
    """Writes the campaigns of the bench into a deployment, and takes the others away."""
    only(house, [])
    for kind in kinds:
        text = _CAMPAIGN.format(**vars(kind))
        words = SERVICE_MAIL if kind.purpose is Purpose.SERVICE else MAIL
        add_campaign(house, kind.name, text, TEXT if kind.channel == "sms" else words)


def early(now: datetime) -> datetime:
    """When everybody agreed: before anything was due."""
    return now - timedelta(minutes=1)
