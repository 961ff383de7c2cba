"""What does this condition mean, and if nothing: where is it wrong?

Python's parser makes the tree; only the nodes listed here are let through, and nothing is ever run. All mistakes of a text are
found in one go, each with its column.
"""

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType

from aftercart.conditions import leaves
from aftercart.conditions.calls import called
from aftercart.conditions.nodes import (
    And,
    Condition,
    Each,
    Fixed,
    Named,
    Node,
    Not,
    Or,
    walk,
)
from aftercart.conditions.sight import Source, Wrong
from aftercart.errors import AftercartError

LONGEST = 2_000
DEEPEST = 50
#: Parts of a condition, those behind its names included: names of names double with every line.
LARGEST = 1_000

_HABITS = (
    (re.compile(r"&&"), '"&&" is not a word of this language', 'write "and"'),
    (re.compile(r"\|\|"), '"||" is not a word of this language', 'write "or"'),
    (re.compile(r"<>"), '"<>" is not a word of this language', 'write "!="'),
    (re.compile(r"==="), '"===" is not a comparison', 'write "=="'),
    (re.compile(r"!(?!=)"), '"!" is not a word of this language', 'write "not"'),
    (re.compile(r"=>"), '"=>" does not compare', 'write ">="'),
    (re.compile(r"=<"), '"=<" does not compare', 'write "<="'),
    (re.compile(r"(?<![=!<>])=(?![=<>])"), '"=" does not compare', 'write "=="'),
    (re.compile(r"\b(AND|OR|NOT|IN)\b"), "and, or, not, in are written small", ""),
    (
        re.compile(r"(?<=within=)\s*\d+\s*[a-z]+"),
        "a time stands in quotes",
        "write within='90 days'",
    ),
    (re.compile(r"[‘’“”]"), "a curly quote", "use straight quotes: 'chicken'"),
)


@dataclass(frozen=True, order=True)
class Mistake:
    """One thing wrong with a condition; the column is counted from 1 within its text."""

    column: int
    message: str
    hint: str = ""


class ConditionError(AftercartError):
    """Raised when a condition cannot be understood. Carries every mistake; column, message and hint are those of the first."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = tuple(sorted(set(mistakes)))
        first = self.mistakes[0]
        self.column, self.message, self.hint = first.column, first.message, first.hint
        super().__init__("\n".join(f"{m.column}: {m.message}" for m in self.mistakes))


def parse(
    text: str,
    *,
    about: frozenset[str],
    named: Mapping[str, Condition] = MappingProxyType({}),
) -> Condition:
    """The condition that a text means, where `about` names what its place can see: "customer", "order".

    `named` are conditions on customers that may be used by their names.

    Raises:
        ConditionError: with every mistake in the text.
    """
    tree = _read(text)
    parser = _Parser(Source(_flat(text), about, named))
    try:
        root = parser.node(tree, depth=0)
    except RecursionError:
        raise ConditionError([Mistake(1, "the condition is too deep")]) from None
    if parser.mistakes or root is None:
        raise ConditionError(parser.mistakes)
    if sum(1 for _ in islice(walk(root), LARGEST + 1)) > LARGEST:
        words = f"more than {LARGEST:,} comparisons, with all that its names stand for"
        raise ConditionError([Mistake(1, words, "say it in fewer words")])
    return Condition(text, _names(root, named), root=root)


def _names(root: Node, named: Mapping[str, Condition]) -> tuple[tuple[str, str], ...]:
    """The names in it and what they mean, those within them included."""
    found = {node.text for node in walk(root) if isinstance(node, Named)}
    return tuple((name, named[name].text) for name in sorted(found))


def _flat(text: str) -> str:
    """The text on one line, with every character at its own place."""
    return re.sub(r"[\r\n\t\f\v]", " ", text)


def _read(text: str) -> ast.expr:
    if not text.strip():
        raise ConditionError([Mistake(1, "the condition is empty")])
    if len(text) > LONGEST:
        words = f"the condition has {len(text):,} characters; at most {LONGEST:,}"
        raise ConditionError([Mistake(1, words)])
    flat = _flat(text)
    indent = len(flat) - len(flat.lstrip())
    try:
        with warnings.catch_warnings():
            # Python remarks on odd literals; they are answered below, in our own words.
            warnings.simplefilter("ignore")
            tree = ast.parse(flat.lstrip(), mode="eval").body
            comment = _comment(flat.lstrip())
    except SyntaxError as error:
        # Where the text ends too early, Python points behind it, or nowhere.
        stopped = indent + error.offset if error.offset else len(flat)
        raise ConditionError(_syntax(flat, stopped)) from None
    except (ValueError, RecursionError, MemoryError, tokenize.TokenError):
        words = "the condition cannot be read: too deep, or with characters that are not text"
        raise ConditionError([Mistake(1, words)]) from None
    if comment is not None:
        words = "a condition has no comments"
        hint = "end the text before the #"
        raise ConditionError([Mistake(indent + comment + 1, words, hint)])
    for inside in ast.walk(tree):
        if isinstance(inside, ast.expr):
            inside.col_offset = _character(flat.lstrip(), inside.col_offset) + indent
            end = inside.end_col_offset or 0
            inside.end_col_offset = _character(flat.lstrip(), end) + indent
    return tree


def _character(text: str, offset: int) -> int:
    """Python counts bytes of UTF-8; people count characters."""
    return offset if text.isascii() else len(text.encode()[:offset].decode())


def _comment(text: str) -> int | None:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return next((t.start[1] for t in tokens if t.type == tokenize.COMMENT), None)


def _syntax(text: str, column: int) -> list[Mistake]:
    """What people type by habit has an answer of its own; anything else gets the place where reading stopped."""
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", lambda found: "_" * len(found[0]), text)
    found = [
        Mistake(match.start() + 1, message, hint)
        for habit, message, hint in _HABITS
        for match in habit.finditer(bare)
        if not _named_argument(bare, match.start())
    ]
    column = min(max(column, 1), len(text))
    return found or [
        Mistake(
            column,
            "the condition cannot be read from here on",
            "is a quote, a bracket, or an and/or missing?",
        )
    ]


def _named_argument(text: str, at: int) -> bool:
    return re.search(r"\b(since|within)\s*$", text[:at]) is not None


class _Parser:
    """Turns Python's nodes into ours and collects what is wrong on the way."""

    def __init__(self, source: Source, *, inside_items: bool = False) -> None:
        self.source = source
        self.inside_items = inside_items
        self.mistakes: list[Mistake] = []

    def wrong(self, at: ast.expr, message: str, hint: str = "") -> None:
        self.mistakes.append(Mistake(at.col_offset + 1, message, hint))

    def node(self, tree: ast.expr, *, depth: int) -> Node | None:
        """One of our nodes, or None when a mistake was noted."""
        if depth > DEEPEST:
            self.wrong(tree, f"more than {DEEPEST} conditions inside each other")
            return None
        if isinstance(tree, ast.BoolOp):
            parts = [self.node(value, depth=depth + 1) for value in tree.values]
            known = tuple(part for part in parts if part is not None)
            kind = And if isinstance(tree.op, ast.And) else Or
            return kind(tree.col_offset + 1, known)
        if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not):
            of = self.node(tree.operand, depth=depth + 1)
            return None if of is None else Not(tree.col_offset + 1, of)
        if called(tree) in ("any", "all"):
            return self._each(tree, depth)
        if isinstance(tree, ast.Name) and tree.id in self.source.named:
            of = self.source.named[tree.id].root
            return Named(tree.col_offset + 1, tree.id, of)
        if isinstance(tree, ast.Constant) and isinstance(tree.value, bool):
            return Fixed(tree.col_offset + 1, self.source.text_of(tree), tree.value)
        if isinstance(tree, ast.Name) and tree.id in ("true", "false"):
            return Fixed(tree.col_offset + 1, tree.id, tree.id == "true")
        try:
            return leaves.leaf(tree, self.source, inside_items=self.inside_items)
        except Wrong as wrong:
            self.wrong(wrong.at, wrong.message, wrong.hint)
            return None

    def _each(self, tree: ast.expr, depth: int) -> Node | None:
        assert isinstance(tree, ast.Call)  # noqa: S101 - called() has just said so
        name = called(tree)
        if self.inside_items:
            self.wrong(tree, f"{name}(...) inside any(...) or all(...)")
            return None
        if "order" not in self.source.about:
            self.wrong(tree, f"there is no order here, so {name}(...) has no items")
            return None
        if len(tree.args) != 1 or tree.keywords:
            example = f"{name}(item.category == 'chicken')"
            self.wrong(
                tree, f"{name}(...) takes one condition on items", f"write {example}"
            )
            return None
        inner = _Parser(self.source, inside_items=True)
        of = inner.node(tree.args[0], depth=depth + 1)
        self.mistakes += inner.mistakes
        if of is None:
            return None
        column = tree.col_offset + 1
        fields = (getattr(part, "field", "") for part in walk(of))
        if not inner.mistakes and not any(f.startswith("item.") for f in fields):
            self.wrong(
                tree.args[0],
                f"nothing in {name}(...) is about an item",
                "use item.category, item.name, …",
            )
            return None
        return Each(column, self.source.text_of(tree), name == "all", of)
