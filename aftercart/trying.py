"""How does this message look in a real mailbox or on a real phone? Sent to somebody of the staff, and to nobody else.

It goes through the channel that customers' messages go through, and is no message of a customer: nothing is claimed, counted or
logged, and no consent or limit is touched.
"""

import uuid
from collections.abc import Sequence

from aftercart import addresses
from aftercart.errors import InputError, SendError
from aftercart.handover import Outgoing, Rendered
from aftercart.model import Channel, Purpose
from aftercart.previewing import Preview
from aftercart.runtime import Runtime
from aftercart.spelling import closest

MARK = "[Test]"


def recipient(rt: Runtime, to: str) -> tuple[Channel, str]:
    """The address of somebody of the staff, and the channel by which it is reached.

    Raises:
        InputError: when it is no address, or not one of the staff's.
    """
    mail = "@" in to
    address = addresses.email(to) if mail else addresses.phone(to, region="")
    if address.casefold() not in {known.casefold() for known in rt.shop.staff}:
        near = closest(address, rt.shop.staff, cutoff=0.85)
        hint = f"did you mean {near}?" if near else f"staff: [{address}]"
        raise InputError(
            f"{address} is not on the list of staff in campaigns/shop/shop.yaml, and tests go to nobody else; {hint}"
        )
    return (Channel.EMAIL if mail else Channel.SMS), address


def send(rt: Runtime, previews: Sequence[Preview], *, campaign: str, to: str) -> str:
    """Sends what of the previews goes by the channel of this address, marked as a test; answers whose hands it is in.

    Raises:
        InputError: when the address is not one of the staff's, or the campaign sends nothing by its channel.
        SendError: when the provider did not take it.
    """
    channel, address = recipient(rt, to)
    batch = [
        Outgoing(
            message_id=str(uuid.uuid4()),
            campaign=campaign,
            channel=channel,
            purpose=Purpose.SERVICE,
            to=address,
            rendered=_marked(one.rendered, channel),
        )
        for one in previews
        if one.channel is channel
    ]
    if not batch:
        raise InputError(f'the campaign "{campaign}" sends nothing by {channel.value}')
    sender = rt.senders[channel]
    for outcome in sender.send(batch):
        if isinstance(outcome, SendError):
            raise outcome
    return sender.provider


def _marked(rendered: Rendered, channel: Channel) -> Rendered:
    if channel is Channel.SMS:
        return Rendered(text=f"{MARK} {rendered.text}")
    return Rendered(rendered.text, f"{MARK} {rendered.subject}", rendered.html)
