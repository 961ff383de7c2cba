"""The words of the scenes' own campaigns and events, and a provider inside this process that does as it is told."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aftercart import delivering, enrolling, intake, planning, probing, sweeping
from aftercart.errors import SendError
from aftercart.handover import Outgoing, Receipt
from aftercart.model import Channel
from aftercart.runtime import Runtime
from tests.scenes.house import House, add_campaign, daytime, only

#: At once, to whoever orders: scenes have no two days.
THANKS = """\
name: Thanks
purpose: {purpose}
trigger: {{event: order.placed}}
steps:
  - send: {{{channel}: {name}}}
    expires: {expires}
"""
MAIL = {
    "subject.txt": "Thank you, {{ customer.first_name }}",
    "body.html": "<p>Thank you. <a href='{{ message.unsubscribe_url }}'>No more</a></p>",
    "body.txt": "Thank you. No more: {{ message.unsubscribe_url }}",
}
SERVICE_MAIL = {
    "subject.txt": "We have it",
    "body.html": "<p>We have your order.</p>",
    "body.txt": "We have your order.",
}
TEXT = {"sms.txt": "{{ shop.name }}: we have your order."}


def give_thanks(
    house: House,
    *,
    name: str = "thanks",
    purpose: str = "marketing",
    channel: str = "email",
    expires: str = "2 days",
    parts: dict[str, str] | None = None,
    alone: bool = True,
) -> None:
    """Adds a campaign that answers every order at once; `alone` takes the shipped ones away."""
    if alone:
        only(house, [])
    words = SERVICE_MAIL if purpose == "service" else MAIL
    text = THANKS.format(purpose=purpose, channel=channel, name=name, expires=expires)
    add_campaign(house, name, text, parts or (TEXT if channel == "sms" else words))


def order(
    number: int,
    at: datetime,
    *,
    email: str = "",
    phone: str = "",
    type: str = "order.placed",
    **facts: Any,
) -> dict[str, Any]:
    """An event about order `number` of a customer of the same number, who is awake."""
    return {
        "id": f"e-{type}-{number}-{at:%Y%m%dT%H%M%S%f}",
        "type": type,
        "at": at.isoformat(),
        "customer": {
            "id": f"c-{number}",
            "first_name": "Ann",
            "email": email or f"ann.{number}@shop.example",
            "timezone": daytime(at),
            "country": "GB",
            **({"phone": phone} if phone else {}),
        },
        "order": {
            "id": f"o-{number}",
            "items": [{"product": "eggs-12", "name": "Eggs", "category": "eggs", "quantity": 1, "price": "3.20"}],
            **facts,
        },
    }  # fmt: skip


def consent(number: int, at: datetime) -> dict[str, Any]:
    """The same customer's yes to everything."""
    kinds = ("email_marketing", "sms_marketing", "survey")
    return {
        "id": f"e-consent-{number}",
        "type": "customer.consented",
        "at": at.isoformat(),
        "customer": {
            "id": f"c-{number}",
            "consents": [{"kind": kind, "source": "scene"} for kind in kinds],
        },
    }


def willing(numbers: Sequence[int], at: datetime, **more: Any) -> list[dict[str, Any]]:
    """Consents first, then an order of each."""
    early = at - timedelta(minutes=1)
    return [
        *(consent(n, early) for n in numbers),
        *(order(n, at, **more) for n in numbers),
    ]


def take_in(rt: Runtime, events: Sequence[dict[str, Any]]) -> None:
    """As POST /v1/events does, without the web."""
    good, bad = intake.parse_events(list(events))
    assert not bad, bad
    enrolling.take_in(rt, good)


class Provider:
    """A sender inside this process. `does` answers for each message; the default is to take it."""

    provider = "scene"
    at_once = 100
    keeps_list = False

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.does: Callable[[Outgoing], Receipt | SendError] = self.take

    def take(self, message: Outgoing) -> Receipt | SendError:
        self.taken.append(message.message_id)
        return Receipt(self.provider, f"ref-{len(self.taken)}")

    def send(self, batch: Sequence[Outgoing]) -> list[Receipt | SendError]:
        return [self.does(message) for message in batch]

    def ask(self) -> SendError | None:
        return None

    def close(self) -> None:
        """Nothing is kept open."""


class Inside:
    """A runtime with a clock of the scene's own and a provider inside this process."""

    def __init__(self, house: House, *, at: datetime | None = None) -> None:
        self.now = at or datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
        self._opened = house.runtime()
        self.rt = self._opened.__enter__()
        self.rt.clock = lambda: self.now
        self.provider = Provider()
        self.rt.__dict__["senders"] = dict.fromkeys(Channel, self.provider)

    def __enter__(self) -> "Inside":
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.__exit__(None, None, None)

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def tick(self) -> int:
        """One tick of everything; returns how many messages were handed to the provider."""
        sweeping.sweep(self.rt)
        probing.probe(self.rt)
        return sum(
            delivering.deliver(self.rt, ringing.ids)
            for ringing in planning.plan(self.rt)
        )
