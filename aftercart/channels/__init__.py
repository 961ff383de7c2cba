"""Which senders does this deployment have? The contract of a channel, and the one place that picks a provider for each.

A sender takes a batch and gives one outcome for each message, in order: a Receipt (taken) or a SendError, whose class says
what may be done next. It never raises for a message and never tries one twice.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import structlog

from aftercart.channels.listed import Listed
from aftercart.channels.outbox import Outbox
from aftercart.channels.pulse import Pulse, Stop
from aftercart.channels.reputation import Reputation
from aftercart.channels.sendgrid import SendGrid
from aftercart.channels.setup import Setup
from aftercart.channels.smtp import Smtp
from aftercart.channels.twilio import Twilio
from aftercart.errors import SendError
from aftercart.handover import Outgoing, Receipt
from aftercart.model import Channel

__all__ = ["Listed", "Pulse", "Reputation", "Sender", "Stop", "open_senders"]

log = structlog.get_logger(__name__)


class Sender(Protocol):
    """One provider for one channel. `send` blocks; what is inside a batch travels concurrently."""

    provider: str
    keeps_list: bool  #: whether `look_up` is answered
    at_once: int  #: how many messages are under way at a time, and so in doubt when this process dies

    def send(self, batch: Sequence[Outgoing]) -> list[Receipt | SendError]:
        """Send all of them; one outcome for each, in the same order. Raises for no message."""
        ...

    def ask(self) -> SendError | None:
        """Would a message be taken now? None when it would; sends nothing to anybody."""
        ...

    def look_up(self, to: str) -> list[Listed] | None:
        """What the provider's own list has for this address, the newest first; None where it has none that can be asked.

        Raises:
            SendError: when it does not answer.
        """
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...


_MAKERS: dict[str, Callable[[Setup, Callable[[], datetime]], Sender]] = {
    "outbox": Outbox,
    "sendgrid": SendGrid,
    "smtp": Smtp,
    "twilio": Twilio,
}


def open_senders(
    settings: Setup, clock: Callable[[], datetime]
) -> dict[Channel, Sender]:
    """A sender for every channel: the provider that is set, or else the outbox, which says so where nobody asked for it."""
    asked = {Channel.EMAIL: settings.email, Channel.SMS: settings.sms}
    chosen = {
        Channel.EMAIL: settings.email_provider,
        Channel.SMS: settings.sms_provider,
    }
    opened = {
        name: _MAKERS[name](settings, clock) for name in sorted(set(chosen.values()))
    }
    for channel, name in chosen.items():
        if name == "outbox" and not asked[channel]:
            log.warning(
                "no provider is set: messages go to a file and to nobody",
                channel=channel.value,
                file=settings.outbox,
            )
    return {channel: opened[name] for channel, name in chosen.items()}
