"""One line of an explanation: what was looked at, what it was, what it had to be, and what follows."""

from dataclasses import dataclass
from datetime import datetime

from aftercart import moments
from aftercart.model import Customer
from aftercart.policy import Checked, Send, Wait


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


def clock(customer: Customer, at: datetime) -> str:
    """A moment on the customer's clock."""
    return f"{moments.local(at, moments.zone(customer.timezone)):%a %-d %b %H:%M}"
