"""One line of an explanation: what was looked at, what it was, what it had to be, and what follows."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from aftercart import moments
from aftercart.campaigns import Campaign, Status
from aftercart.model import Customer
from aftercart.policy import Checked, Send, Wait, going_live


@dataclass(frozen=True)
class Line:
    """`outcome` is "yes", "wait" or "no"; `place` is where the YAML asks for it."""

    check: str
    seen: str
    needed: str
    outcome: str
    place: str = ""


def verdict_line(checked: Checked) -> Line:
    """A check of the policy as a line."""
    verdict = checked.verdict
    outcome = (
        "yes"
        if isinstance(verdict, Send)
        else "wait"
        if isinstance(verdict, Wait)
        else "no"
    )
    return Line(checked.check, checked.seen, checked.needed, outcome, checked.place)


def fact(check: str, seen: object, needed: str, holds: bool, place: str = "") -> Line:
    """A fact that holds or does not."""
    return Line(check, str(seen), needed, "yes" if holds else "no", place)


def status_line(
    campaign: Campaign, customer: Customer, trial: Collection[str]
) -> Line | None:
    """Whether the campaign is for this customer already; None where it is live for all."""
    if campaign.status is Status.LIVE:
        return None
    closed = going_live.closed(campaign, customer, trial=trial)
    draft = campaign.status is Status.DRAFT
    listed = "on trial, and the customer is " + ("not " if closed else "")
    seen = "a draft" if draft else f"{listed}on the trial list"
    needed = "live" if draft else "on the trial list, or live"
    return fact("status", seen, needed, closed is None, campaign.place("status"))


def clock(customer: Customer, at: datetime) -> str:
    """A moment on the customer's clock."""
    return f"{moments.local(at, moments.zone(customer.timezone)):%a %-d %b %H:%M}"
