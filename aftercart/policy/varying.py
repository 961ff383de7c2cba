"""Which variant of a message does a customer get? Drawn by lot, the same one every time for one message of one campaign."""

from aftercart.campaigns import Campaign, Send, Variant
from aftercart.policy import lots


def variant(campaign: Campaign, send: Send, customer_id: str) -> Variant | None:
    """The variant that this customer's lot falls on; None where the message has no variants.

    Each message draws lots of its own, that have nothing to do with who is held back.
    """
    if not send.variants:
        return None
    lot = lots.draw("variant", campaign.name, str(number(campaign, send)), customer_id)
    for one in send.variants:
        lot -= one.share
        if lot < 0:
            return one
    # shares that add up to 1 may miss it by a rounding
    return send.variants[-1]


def number(campaign: Campaign, send: Send) -> int:
    """Which of the campaign's messages this is, counted from 1 in the order of the file."""
    return next(n for n, one in enumerate(campaign.sends, start=1) if one is send)
