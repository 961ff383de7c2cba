"""Which number does an aggregate stand for, as of now? Counted in the past that the scope brings along."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from aftercart.conditions.catalogue import Scope
from aftercart.conditions.nodes import Aggregate


def number(node: Aggregate, scope: Scope) -> Decimal | int | None:
    """The number, or None where it is not known: days since what never happened, the score of who never answered."""
    seen = _seen(node, scope)
    match node.function:
        case "count":
            return len(seen)
        case "sum":
            return sum((value for _, value in seen), Decimal(0))
    if not seen:
        return None
    at, value = seen[-1]
    return value if node.function == "score" else (scope.now - at).days


def words(node: Aggregate, scope: Scope) -> str:
    """The number as people read it."""
    found = number(node, scope)
    if node.function == "days_since":
        return "never" if found is None else f"{found} days ago"
    if node.function == "score":
        return "no answer" if found is None else f"{found} of 10"
    return f"{found:f}" if isinstance(found, Decimal) else str(found)


def _seen(node: Aggregate, scope: Scope) -> Sequence[tuple[datetime, Decimal]]:
    """What happened in the time that the aggregate looks at. What lies after `now` has not happened yet."""
    past = [one for one in scope.past.get(node.source, ()) if one[0] <= scope.now]
    if node.since_trigger:
        # strictly after: what started the campaign is not counted
        return [one for one in past if one[0] > scope.started_at]
    if node.within is not None:
        return [one for one in past if one[0] > scope.now - node.within]
    return past
