"""Is there any value for which all these parts of a condition hold? They are about one thing: one field, one past, one tag.

Every part is true or false in whole stretches of values. So a few values stand for all: those that the parts name, their neighbours,
one that is named nowhere, and "not known". The same comparisons are asked of them that the predicate asks.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields, is_dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from aftercart.conditions import history
from aftercart.conditions.catalogue import CATALOGUE, Kind
from aftercart.conditions.claims import Claim, named, whole
from aftercart.conditions.comparing import COMPARE
from aftercart.conditions.nodes import (
    Aggregate,
    Compare,
    Contains,
    Each,
    Node,
    Ordered,
    Tagged,
    walk,
)

#: What is never unknown, and what is a whole number from 0 on.
_KNOWN = ("country", "language", "locale", "timezone", "first_name")
_KNOWN_FIELDS = {f"customer.{name}" for name in (*_KNOWN, "has_email", "has_phone")}
_WHOLE = {"order.items"}
#: What stays as it is while somebody is in a campaign.
_LASTING = {
    *("customer.country", "customer.language", "customer.locale"),
    *("order.total", "order.currency", "order.items"),
}


def subject(node: Node) -> object:
    """What a part is about. Parts about different things never contradict each other."""
    if source := history.source(node):
        return "past", source
    match node:
        case Compare() | Contains():
            return "field", node.field
        case Aggregate():
            return node.function, node.source, node.since_trigger, node.within
        case Ordered():
            return "ordered", node.category, node.since_trigger
        case Tagged():
            return "tagged", node.tag
    return "alike", _form(node)


def leaves_nothing(claims: Sequence[Claim]) -> bool:
    """Whether no value is left for which all these parts, which are about one thing, hold."""
    node = claims[0].node
    if history.source(node):
        return not history.possible(claims)
    if isinstance(node, Compare | Contains | Aggregate):
        return not any(_fits(claims, value) for value in _values(claims))
    if isinstance(node, Ordered) and not node.since_trigger:
        return not any(_bought(claims, age) for age in _ages(claims))
    # a tag, any(...), all(...): it is so or it is not
    return {claim.holds for claim in claims} == {True, False}


def lasts(claim: Claim) -> bool:
    """Whether what holds when a campaign starts holds for all of it: what was bought, where somebody lives, how often at least."""
    node = claim.node
    if isinstance(node, Compare) and node.field in _LASTING:
        return True
    if isinstance(node, Each):
        fields_ = (getattr(part, "field", "item.") for part in walk(node.of))
        return all(name.startswith("item.") for name in fields_)
    return history.only_grows(claim)


def _form(node: Any) -> object:
    """What a part says, wherever it stands."""
    if isinstance(node, tuple):
        return tuple(map(_form, node))
    if not is_dataclass(node):
        return node
    said = (f.name for f in fields(node) if f.name not in ("column", "text"))
    return type(node).__name__, *(_form(getattr(node, name)) for name in said)


def _fits(claims: Sequence[Claim], value: Any) -> bool:
    return all(_holds(claim.node, value) is claim.holds for claim in claims)


def _holds(node: Any, value: Any) -> bool:
    if isinstance(node, Contains):
        return node.part.casefold() in (value or "").casefold()
    return value is not None and COMPARE[node.operator](value, node.value)


def _values(claims: Sequence[Claim]) -> Iterator[Any]:
    """Values that stand for all that a field, a sum or a score may have."""
    node: Any = claims[0].node
    values = [value for claim in claims for value in named(claim.node)]
    if isinstance(node, Aggregate):
        # a survey asks from 0 to 10
        yield from [None, *range(11)] if node.function == "score" else _around(values)
        return
    path, kind = node.field, CATALOGUE[node.field].kind
    if path not in _KNOWN_FIELDS and not path.startswith("item."):
        yield None
    if kind is Kind.YES_NO:
        yield from (True, False)
    elif kind is Kind.TEXT:
        parts = [
            claim.node.part
            for claim in claims
            if isinstance(claim.node, Contains) and claim.holds
        ]
        # and a text that has all the parts and is named nowhere
        yield from [*values, "\0" + "\0".join(parts)]
    elif path in _WHOLE:
        yield from whole(values)
    else:
        yield from _around(values)


def _around(values: Collection[Any]) -> list[Decimal]:
    """Numbers on, between and beyond those that are named."""
    known = sorted({Decimal(value) for value in values}) or [Decimal(0)]
    between = [(a + b) / 2 for a, b in pairwise(known)]
    return [known[0] - 1, *known, *between, known[-1] + 1]


def _bought(claims: Sequence[Claim], age: timedelta | None) -> bool:
    """Whether it all holds where the category was bought last so long ago."""

    def holds(node: Any) -> bool:
        return age is not None and (node.within is None or age <= node.within)

    return all(holds(claim.node) is claim.holds for claim in claims)


def _ages(claims: Sequence[Claim]) -> Iterator[timedelta | None]:
    yield from (None, timedelta(0))
    for claim in claims:
        within: timedelta | None = getattr(claim.node, "within", None)
        if within is not None:
            yield from (within, within + timedelta.resolution)
