"""When is a step due? Waits and hours on the customer's own clock."""

from datetime import datetime

from aftercart import moments
from aftercart.campaigns import Campaign, Jump, Send, Step, StopIf, Wait, Window
from aftercart.model import Channel, Customer
from aftercart.policy.sending import open_hours
from aftercart.shop import Shop


def after_wait(
    campaign: Campaign, step: int, wait: Wait, customer: Customer, base: datetime
) -> datetime:
    """When the step after a wait is due."""
    if wait.span:
        return base + wait.span
    zone = moments.zone(customer.timezone)
    if wait.until:
        return moments.next_occurrence(base, zone, wait.until.on, wait.until.at)
    # two days before "between 16:00 and 19:00" means that day's afternoon, whatever the hour it began
    following = _following(campaign, step + 1)
    windowed = isinstance(following, Send) and following.between is not None
    return moments.add_days(base, zone, wait.days, at_day_start=windowed)


def _following(campaign: Campaign, number: int) -> Step | None:
    """The step that is taken from here whatever happens; a branch is one of its own."""
    while number < len(campaign.steps):
        step = campaign.steps[number]
        if isinstance(step, Jump):
            number = step.to
        elif isinstance(step, StopIf):
            number += 1
        else:
            return step
    return None


def in_hours(
    at: datetime,
    campaign: Campaign,
    channel: Channel,
    between: Window | None,
    shop: Shop,
    customer: Customer,
) -> datetime:
    """The first moment that lies in the campaign's window and in the shop's hours."""
    zone = moments.zone(customer.timezone)
    hours = open_hours(campaign.purpose, channel, shop.quiet_hours.get(channel))
    for window in (between, hours, between):
        if window:
            at = moments.next_in_window(at, zone, window.opens, window.closes)
    return at
