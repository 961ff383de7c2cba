"""May we write to this person at all, on this channel, for this purpose?"""

from datetime import datetime

from aftercart import moments
from aftercart.model import Channel, Customer, Purpose
from aftercart.policy.verdicts import Skip
from aftercart.reasons import Code, because

#: Why an address is suppressed, and since when (aware UTC).
Suppressed = tuple[str, datetime]

WORDS = {Channel.EMAIL: "e-mail", Channel.SMS: "SMS"}


def refused(
    customer: Customer,
    *,
    purpose: Purpose,
    channel: Channel,
    suppressed: Suppressed | None,
) -> Skip | None:
    """The first of: no address, suppressed address, no consent. None: we may."""
    return (
        no_address(customer, channel)
        or is_suppressed(customer, suppressed)
        or no_consent(customer, purpose, channel)
    )


def no_address(customer: Customer, channel: Channel) -> Skip | None:
    """Skip where the customer cannot be reached by the channel."""
    if customer.address(channel):
        return None
    return Skip(because(Code.NO_ADDRESS, channel=WORDS[channel]))


def is_suppressed(customer: Customer, suppressed: Suppressed | None) -> Skip | None:
    """Skip where the address is on the suppression list."""
    if suppressed is None:
        return None
    why, since = suppressed
    local = moments.local(since, moments.zone(customer.timezone))
    return Skip(because(Code.SUPPRESSED, why=why, since=f"{local:%-d %b %H:%M}"))


def no_consent(customer: Customer, purpose: Purpose, channel: Channel) -> Skip | None:
    """Skip where the purpose needs consent and there is none."""
    if customer.agreed(purpose, channel):
        return None
    what = "surveys" if purpose is Purpose.SURVEY else "marketing"
    return Skip(because(Code.NO_CONSENT, purpose=what, channel=WORDS[channel]))
