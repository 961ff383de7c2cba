"""Who does not get a campaign, so that one can see what it does? Decided by the customer alone: the same people every time."""

from aftercart.campaigns import Campaign
from aftercart.model import Customer
from aftercart.policy import lots
from aftercart.policy.verdicts import Skip
from aftercart.reasons import Code, because


def held_out(campaign: Campaign, customer: Customer) -> Skip | None:
    """Skip for the share of customers who are held back; None for all others.

    Each campaign draws its own lot. Whoever is held out of a small share is held out of a greater one too.
    """
    if (
        not campaign.holdout
        or lots.draw("holdout", campaign.name, customer.id) >= campaign.holdout
    ):
        return None
    share = f"{100 * campaign.holdout:g}"
    return Skip(because(Code.HOLDOUT, share=share))
