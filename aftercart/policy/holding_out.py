"""Who does not get a campaign, so that one can see what it does? Decided by the customer alone: the same people every time."""

from hashlib import blake2b

from aftercart.campaigns import Campaign
from aftercart.model import Customer
from aftercart.policy.verdicts import Skip
from aftercart.reasons import Code, because

_WHOLE = 2**64


def held_out(campaign: Campaign, customer: Customer) -> Skip | None:
    """Skip for the share of customers who are held back; None for all others.

    Each campaign draws its own lot. Whoever is held out of a small share is held out of a greater one too.
    """
    if not campaign.holdout or _lot(campaign.name, customer.id) >= campaign.holdout:
        return None
    share = f"{100 * campaign.holdout:g}"
    return Skip(because(Code.HOLDOUT, share=share))


def _lot(campaign: str, customer_id: str) -> float:
    """A number from 0 to 1, evenly spread over customers."""
    digest = blake2b(f"holdout|{campaign}|{customer_id}".encode(), digest_size=8)
    return int.from_bytes(digest.digest()) / _WHOLE
