"""Does a condition hold? As closures that are compiled once, and as a trace that shows every value it looked at."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from aftercart.conditions import reckoning
from aftercart.conditions.catalogue import CATALOGUE, Scope
from aftercart.conditions.comparing import COMPARE
from aftercart.conditions.nodes import (
    Aggregate,
    And,
    Compare,
    Condition,
    Contains,
    Each,
    Fixed,
    Named,
    Node,
    Not,
    Or,
    Ordered,
    Tagged,
    walk,
)
from aftercart.model import Line

_Test = Callable[[Scope, Line | None], bool]


@lru_cache(maxsize=1024)
def predicate(condition: Condition) -> Callable[[Scope], bool]:
    """The condition as a function, compiled once."""
    test = _compile(condition.root)
    return lambda scope: test(scope, None)


def _compile(node: Node) -> _Test:
    match node:
        case Compare():
            return _comparison(node)
        case Contains():
            read, part = CATALOGUE[node.field].read, node.part.casefold()
            return lambda scope, line: part in (read(scope, line) or "").casefold()
        case Ordered():
            return lambda scope, _: _bought(node, scope)
        case Aggregate():
            return _aggregate(node)
        case Tagged():
            return lambda scope, _: node.tag in scope.customer.tags
        case Fixed():
            return lambda _scope, _line: node.value
        case Named():
            return _compile(node.of)
        case Not():
            of = _compile(node.of)
            return lambda scope, line: not of(scope, line)
        case And():
            parts = [_compile(part) for part in node.parts]
            return lambda scope, line: all(part(scope, line) for part in parts)
        case Or():
            parts = [_compile(part) for part in node.parts]
            return lambda scope, line: any(part(scope, line) for part in parts)
        case Each():
            return _each(_compile(node.of), every=node.every)


def _comparison(node: Compare) -> _Test:
    read, compare, value = (
        CATALOGUE[node.field].read,
        COMPARE[node.operator],
        node.value,
    )

    def test(scope: Scope, line: Line | None) -> bool:
        seen = read(scope, line)
        return seen is not None and compare(seen, value)

    return test


def _aggregate(node: Aggregate) -> _Test:
    compare, value = COMPARE[node.operator], node.value

    def test(scope: Scope, _: Line | None) -> bool:
        seen = reckoning.number(node, scope)
        return seen is not None and compare(seen, value)

    return test


def _each(test: _Test, *, every: bool) -> _Test:
    def over(scope: Scope, _: Line | None) -> bool:
        lines = scope.order.lines if scope.order else ()
        if every:
            # Nothing is known about an order without lines, so nothing holds for "all" of it.
            return bool(lines) and all(test(scope, line) for line in lines)
        return any(test(scope, line) for line in lines)

    return over


def _bought(node: Ordered, scope: Scope) -> bool:
    last = scope.last_bought.get(node.category)
    if last is None:
        return False
    if node.since_trigger:
        # Strictly after: the order that started the campaign is not a new one.
        return last > scope.started_at
    return node.within is None or last >= scope.now - node.within


@dataclass(frozen=True)
class Seen:
    """One comparison as it came out: its text and column, the value seen, and whether it held."""

    text: str
    value: str
    passed: bool
    column: int


def trace(condition: Condition, scope: Scope) -> list[Seen]:
    """Every comparison of the condition with the value that it saw, in the order of the text; what stands behind a "not", with it."""
    return list(_seen(condition.root, scope, denied=False))


def _seen(node: Node, scope: Scope, *, denied: bool) -> list[Seen]:
    match node:
        case And() | Or():
            return [s for p in node.parts for s in _seen(p, scope, denied=denied)]
        case Not():
            return _seen(node.of, scope, denied=not denied)
        case Named():
            return _seen(node.of, scope, denied=denied)
        case _:
            passed = _compile(node)(scope, None) is not denied
            text = f"not {node.text}" if denied else node.text
            return [Seen(text, _shown(node, scope), passed, node.column)]


def _shown(node: Node, scope: Scope) -> str:
    match node:
        case Compare() | Contains():
            return _words(CATALOGUE[node.field].read(scope, None))
        case Ordered():
            last = scope.last_bought.get(node.category)
            return "never bought" if last is None else f"last bought {_words(last)}"
        case Aggregate():
            return reckoning.words(node, scope)
        case Tagged():
            tags = ", ".join(sorted(scope.customer.tags))
            return f"tags: {tags}" if tags else "no tags"
        case Each():
            return _items(node, scope)
        case _:
            return ""


def _items(node: Each, scope: Scope) -> str:
    """The items as the condition sees them: the values of the fields that it names."""
    lines = scope.order.lines if scope.order else ()
    paths = dict.fromkeys(
        part.field
        for part in walk(node.of)
        if isinstance(part, Compare | Contains) and part.field.startswith("item.")
    )
    reads = [CATALOGUE[path].read for path in paths]
    shown = (" ".join(_words(read(scope, line)) for read in reads) for line in lines)
    return ", ".join(dict.fromkeys(shown)) or "no items known"


def _words(value: Any) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return str(value) or "empty"
