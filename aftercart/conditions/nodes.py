"""What a condition is once it has been understood: a small tree of frozen values, each with its column in the text."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

#: What may stand beside a field. A number is an int, or a Decimal so that 3.20 equals a price of 3.20.
Value = bool | int | Decimal | str


@dataclass(frozen=True)
class Compare:
    """A field beside a value, or beside several for `in`. A bare yes-or-no field is compared with true."""

    column: int
    text: str
    field: str
    operator: str
    value: Value | tuple[Value, ...]


@dataclass(frozen=True)
class Contains:
    """A text field that has `part` in it, whatever the case."""

    column: int
    text: str
    field: str
    part: str


@dataclass(frozen=True)
class Ordered:
    """The customer has bought this category: since the trigger, within a time, or (neither) ever."""

    column: int
    text: str
    category: str
    since_trigger: bool = False
    within: timedelta | None = None


@dataclass(frozen=True)
class Aggregate:
    """What has happened so far, beside a number: how often, how much together, how many days ago, or the newest answer.

    `source` is "orders", "clicks", "opens", a type of event, or "score:" and a survey.
    """

    column: int
    text: str
    function: str  #: count, sum, days_since or score
    source: str
    operator: str
    value: Value | tuple[Value, ...]
    since_trigger: bool = False
    within: timedelta | None = None


@dataclass(frozen=True)
class Tagged:
    """The customer has this tag."""

    column: int
    text: str
    tag: str


@dataclass(frozen=True)
class Each:
    """`any(…)` or `all(…)` over the items of the order."""

    column: int
    text: str
    every: bool
    of: "Node"


@dataclass(frozen=True)
class Fixed:
    """`true` or `false` where a condition is expected."""

    column: int
    text: str
    value: bool


@dataclass(frozen=True)
class Named:
    """A condition that the shop has given a name, such as `regulars`."""

    column: int
    text: str
    of: "Node"


@dataclass(frozen=True)
class Not:
    column: int
    of: "Node"


@dataclass(frozen=True)
class And:
    column: int
    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Or:
    column: int
    parts: tuple["Node", ...]


Leaf = Compare | Contains | Ordered | Aggregate | Tagged | Fixed
Node = Leaf | Each | Named | Not | And | Or


@dataclass(frozen=True)
class Condition:
    """A condition as written and as understood. Equal texts are equal conditions, which makes looking one up cheap."""

    text: str
    #: the named conditions in it, each with its own text: what a name means may change
    names: tuple[tuple[str, str], ...] = ()
    root: Node = field(kw_only=True, compare=False, repr=False)

    def __str__(self) -> str:
        return self.text


def walk(node: Node, *, into_names: bool = True) -> Iterator[Node]:
    """The node and every node below it, in the order of the text; without what stands behind a name where that is another's text."""
    yield node
    if isinstance(node, And | Or):
        for part in node.parts:
            yield from walk(part, into_names=into_names)
    elif isinstance(node, Not | Each) or (into_names and isinstance(node, Named)):
        yield from walk(node.of, into_names=into_names)


def categories(condition: Condition) -> frozenset[str]:
    """The categories whose last purchase must be known to judge the condition."""
    return frozenset(
        node.category for node in walk(condition.root) if isinstance(node, Ordered)
    )


def sources(condition: Condition) -> set[str]:
    """What must be known of the past to judge the condition: "orders", "clicks", "article.viewed", "score:nps-survey"."""
    return set(reach(condition))


def reach(condition: Condition) -> dict[str, timedelta | None]:
    """The same, each with how far back the condition looks; None: to the beginning."""
    found: dict[str, timedelta | None] = {}
    for node in walk(condition.root):
        if isinstance(node, Aggregate):
            known = found.get(node.source, node.within)
            found[node.source] = further(known, node.within)
    return found


def further(one: timedelta | None, other: timedelta | None) -> timedelta | None:
    """The longer of two looks back, where None is the longest."""
    return None if one is None or other is None else max(one, other)
