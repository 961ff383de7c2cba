"""What do reports say against the campaigns whose messages they are about?"""

from collections.abc import Iterator, Mapping, Sequence

from aftercart.handover import ProviderEvent
from aftercart.model import Message, Purpose
from aftercart.policy.halting import trouble
from aftercart.store.troubles import Told


def told(
    events: Sequence[ProviderEvent], found: Mapping[str, Message]
) -> Iterator[Told]:
    """What speaks against a campaign of marketing or a survey; who sweeps counts it."""
    for event in events:
        message = found.get(event.message_id)
        if message is None or message.purpose is Purpose.SERVICE:
            continue
        if kind := trouble(event.delivery, event.signal):
            yield Told(message.id, kind, message.campaign, event.at)
