"""Can this condition hold at all, can it fail? Found by its form alone, before anybody waits for it in vain.

A condition is written as an "or" of "and"s (the disjunctive normal form, up to a size); it is impossible when each of them has parts
that leave no value over (see `leftover`). What this calls impossible is false for everybody; of what it cannot judge it says nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

from aftercart.conditions.claims import Claim
from aftercart.conditions.leftover import lasts, leaves_nothing, subject
from aftercart.conditions.nodes import And, Condition, Each, Named, Node, Not, Or

#: Beyond so many "and"s nothing is said.
_MOST = 256

#: Parts that must all hold.
Term = tuple[Claim, ...]


@dataclass(frozen=True)
class Finding:
    """A part of a condition that never holds, or always does, and the parts that make it so."""

    column: int
    always: bool
    parts: tuple[Claim, ...]


def findings(condition: Condition) -> list[Finding]:
    """The smallest parts of a condition that can never hold, or never fail; not those that stand behind a name."""
    return list(_findings(condition.root))


def clash(
    *parts: tuple[Condition, bool], before: Condition | None = None
) -> tuple[Claim, ...]:
    """The parts that contradict each other where all these conditions hold (or, with False, fail) at one moment; none where they can.

    Of what held `before`, only that is counted in which lasts.
    """
    terms: list[Term] | None = [()]
    if before:
        terms = _from(-1, _terms(before.root, True))
        terms = terms and [tuple(filter(lasts, term)) for term in terms]
    for origin, (condition, holds) in enumerate(parts):
        terms = _both(terms, _from(origin, _terms(condition.root, holds)))
    return _core(terms)


def _from(origin: int, terms: list[Term] | None) -> list[Term] | None:
    return terms and [
        tuple(replace(claim, origin=origin) for claim in term) for term in terms
    ]


def _findings(node: Node) -> Iterator[Finding]:
    inner = [found for part in _parts(node) for found in _findings(part)]
    if inner:
        yield from inner
        return
    if isinstance(node, Named):
        return
    for holds in (True, False):
        core = _core(_terms(node, holds))
        if core and not _of_one_name(core):
            yield Finding(_column(core), not holds, core)
            return


def _parts(node: Node) -> Sequence[Node]:
    if isinstance(node, And | Or):
        return node.parts
    return (node.of,) if isinstance(node, Not | Each) else ()


def _of_one_name(core: Sequence[Claim]) -> bool:
    """Whether it is all said in one named condition: there it is found, too."""
    return bool(core[0].name) and len({claim.column for claim in core}) == 1


def _column(core: Sequence[Claim]) -> int:
    # where the later one stands: until there all was well
    return max(claim.column for claim in core)


def _terms(node: Node, holds: bool, within: Named | None = None) -> list[Term] | None:
    """The ways in which the node holds (or fails), or None where they are too many."""
    match node:
        case Named():
            return _terms(node.of, holds, within or node)
        case Not():
            return _terms(node.of, not holds, within)
        case And() | Or():
            found: list[Term] | None = [()] if isinstance(node, And) is holds else []
            for part in node.parts:
                ways = _terms(part, holds, within)
                if isinstance(node, And) is holds:
                    found = _both(found, ways)
                else:
                    found = _either(found, ways)
            return found
    column, name = (within.column, within.text) if within else (node.column, "")
    return [(Claim(node, holds, column, name),)]


def _both(one: list[Term] | None, other: list[Term] | None) -> list[Term] | None:
    if one is None or other is None or len(one) * len(other) > _MOST:
        return None
    return [a + b for a, b in product(one, other)]


def _either(one: list[Term] | None, other: list[Term] | None) -> list[Term] | None:
    if one is None or other is None or len(one) + len(other) > _MOST:
        return None
    return one + other


def _core(terms: list[Term] | None) -> tuple[Claim, ...]:
    """What contradicts itself in the first of these ways, if it does in each of them; else nothing."""
    if not terms:
        return ()
    cores = []
    for term in terms:
        core = _contradiction(term)
        if not core:
            return ()
        cores.append(core)
    return cores[0]


def _contradiction(term: Term) -> tuple[Claim, ...]:
    """The fewest parts of an "and" that leave no value over."""
    by_subject: dict[object, list[Claim]] = {}
    for claim in term:
        by_subject.setdefault(subject(claim.node), []).append(claim)
    for claims in by_subject.values():
        if not leaves_nothing(claims):
            continue
        few = list(dict.fromkeys(claims))
        for size in (1, 2, 3):
            for some in combinations(few, size):
                if leaves_nothing(some):
                    return some
        return tuple(few)
    return ()
