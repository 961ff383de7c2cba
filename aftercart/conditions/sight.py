"""Which field is meant, and can this place see it? Names are looked up in the catalogue, with a "did you mean"."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from aftercart.conditions.catalogue import CATALOGUE, Field
from aftercart.conditions.nodes import Condition
from aftercart.spelling import closest, did_you_mean

FUNCTIONS = (
    *("any", "all", "ordered", "contains"),
    *("count", "sum", "days_since", "score", "tagged"),
)
#: What count(...) and days_since(...) know without quotes.
PAST = ("orders", "clicks", "opens")


class Wrong(Exception):
    """Raised for the first mistake in a leaf; the parser notes it and goes on with the next leaf."""

    def __init__(self, at: ast.expr, message: str, hint: str = "") -> None:
        self.at, self.message, self.hint = at, message, hint
        super().__init__(message)


@dataclass(frozen=True)
class Source:
    """The text that is being read, and what its place can see."""

    text: str
    about: frozenset[str]
    named: Mapping[str, Condition] = field(default_factory=dict)

    def text_of(self, tree: ast.expr) -> str:
        return self.text[tree.col_offset : tree.end_col_offset]


def _path(tree: ast.expr) -> str:
    """`customer.country` as it was written, or an empty text for anything else."""
    if isinstance(tree, ast.Name):
        return tree.id
    if isinstance(tree, ast.Attribute):
        above = _path(tree.value)
        return above and f"{above}.{tree.attr}"
    return ""


_DATE = "a date starts a campaign: trigger: {{date: {0}}}"
#: What people look for among the fields, and where it is.
_MEANT = {
    **dict.fromkeys(("customer.tag", "customer.tags"), "write tagged('vip')"),
    **{f: _DATE.format(f) for f in ("customer.birthday", "customer.since")},
}


def field_of(tree: ast.expr, source: Source, *, inside_items: bool) -> Field:
    """The field that is named here.

    Raises:
        Wrong: when there is no such field, or when this place cannot see it.
    """
    path = _path(tree)
    field = CATALOGUE.get(path)
    seen = source.about | ({"item"} if inside_items else frozenset())
    if field is None:
        usable = [f.path for f in CATALOGUE.values() if f.needs in seen]
        usable += source.named
        hint = did_you_mean(path, usable)
        if path in _MEANT:
            hint = _MEANT[path]
        elif path in FUNCTIONS:
            hint = f"{path} is a function: write {path}(...)"
        elif not closest(path, usable):
            hint = _by_last_word(path, usable) or hint
        raise Wrong(
            tree, f'unknown field "{(path or source.text_of(tree))[:60]}"', hint
        )
    if field.needs == "item" and not inside_items:
        raise Wrong(
            tree,
            f"{path} is about one item",
            f"write it inside any(...) or all(...): any({path} == …)",
        )
    if field.needs not in seen:
        raise Wrong(
            tree,
            f"{path} is not known here",
            f"this place sees only {' and '.join(sorted(seen))} fields",
        )
    return field


def _by_last_word(path: str, usable: list[str]) -> str:
    """`country` alone means customer.country, however unlike the two may look."""
    last = path.rpartition(".")[2]
    found = [name for name in usable if name.endswith(f".{last}")]
    return f'did you mean "{found[0]}"?' if found else ""
