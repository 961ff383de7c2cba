"""One line of an explanation: what was looked at, what it was, what it had to be, and what follows."""

from dataclasses import dataclass

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
