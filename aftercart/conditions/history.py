"""Is there any history for which all these counts hold? Of one source: how often within which times, and how long ago the latest was.

A longer time counts at least as much as a shorter one; where the latest was so many days ago, times that reach so far count one
at least, and shorter ones nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aftercart.conditions.claims import Claim, named, whole
from aftercart.conditions.comparing import COMPARE
from aftercart.conditions.nodes import Aggregate, Compare, Node, Value

_DAY = timedelta(days=1)
#: These fields are counts too, under another name.
_FIELDS = {"customer.orders": "count", "customer.days_since_order": "days_since"}


@dataclass(frozen=True)
class _Asked:
    """One claim about a history: `within` is None for ever; what is since the trigger is a time of unknown length."""

    function: str
    operator: str
    value: Value | tuple[Value, ...]
    holds: bool
    within: timedelta | None = None
    since_trigger: bool = False

    def fits(self, number: int | None) -> bool:
        known = number is not None and COMPARE[self.operator](number, self.value)
        return known is self.holds


def source(node: Node) -> str:
    """Whose history a part is about, or an empty text."""
    if isinstance(node, Compare):
        return "orders" if node.field in _FIELDS else ""
    counts = isinstance(node, Aggregate) and node.function in ("count", "days_since")
    return node.source if isinstance(node, Aggregate) and counts else ""


def only_grows(claim: Claim) -> bool:
    """Whether a part, once it holds, goes on to hold: something happened at least so often."""
    if not source(claim.node):
        return False
    asked = _asked(claim)
    ever = asked.function == "count" and not asked.within and not asked.since_trigger
    return ever and asked.operator in ((">", ">=") if asked.holds else ("<", "<="))


def possible(claims: Sequence[Claim]) -> bool:
    """Whether all these parts, about one source, can hold of one person at one moment."""
    asked = [_asked(claim) for claim in claims]
    numbers = whole([value for claim in claims for value in named(claim.node)])
    dated = [one for one in asked if one.function == "days_since"]
    counted = [one for one in asked if one.function == "count"]
    near = {
        days + by
        for one in counted
        if one.within is not None
        for days in (one.within // _DAY, -(-one.within // _DAY))
        for by in (-1, 0, 1)
    }
    days: list[int | None] = [None, *{*numbers, *(n for n in near if n >= 0)}]
    return any(
        all(one.fits(latest) for one in dated) and _counts(counted, latest, numbers)
        for latest in days
    )


def _counts(
    counted: Sequence[_Asked], latest: int | None, numbers: Collection[int]
) -> bool:
    """Whether there are counts that fit, where the latest was so many whole days ago (None: there was none)."""

    def least(some: Sequence[_Asked], low: int, high: int | None) -> int | None:
        fitting = (
            n
            for n in sorted(numbers)
            if n >= low and (high is None or n <= high) and all(s.fits(n) for s in some)
        )
        return next(fitting, None)

    none = 0 if latest is None else None
    spans = sorted({one.within for one in counted if one.within is not None})
    known = 0
    for span in spans:
        there = latest is not None and span >= (latest + 1) * _DAY
        not_there = latest is None or span <= latest * _DAY
        some = [one for one in counted if one.within == span]
        number = least(some, max(known, int(there)), 0 if not_there else None)
        if number is None:
            return False
        known = number
    since = least([one for one in counted if one.since_trigger], 0, none)
    if since is None:
        return False
    ever = [one for one in counted if one.within is None and not one.since_trigger]
    return least(ever, max(known, since, int(latest is not None)), none) is not None


def _asked(claim: Claim) -> _Asked:
    node: Any = claim.node
    if isinstance(node, Compare):
        return _Asked(_FIELDS[node.field], node.operator, node.value, claim.holds)
    return _Asked(
        node.function,
        node.operator,
        node.value,
        claim.holds,
        node.within,
        node.since_trigger,
    )
