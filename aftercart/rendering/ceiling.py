"""How much can a text cost at most, told from its tree alone? Rounds of loops, and characters that are made on the way.

An expression is measured by how long its text can get and how many entries it can have; a macro is measured at every call, with
what it is called with. Values of the customer count as TEXT characters and ENTRIES entries. Every doubling that a template can
think of (separators, macros inside macros, texts made by `set`) is a product of these, so that it is seen before it is run.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jinja2 import nodes

#: What a value is taken for: longer and more than those of nearly everybody.
TEXT, ENTRIES = 300, 100
ROUNDS = 100_000
CHARACTERS = 4_000_000
_RANGE = 200


class TooMuch(Exception):
    """Raised where a text can cost more than the ceiling; carries the words, and the line of the tree."""

    def __init__(self, words: str, line: int) -> None:
        super().__init__(words)
        self.words, self.line = words, line


@dataclass(frozen=True)
class Size:
    """How long a value's text can be, and how many entries it can have with how many characters each."""

    text: int = TEXT
    entries: int = ENTRIES
    each: int = TEXT


_ONE = Size(20, 1, 20)
_Scope = Mapping[str, Size]


def check(tree: nodes.Template) -> None:
    """Passes a text whose cost is bounded well.

    Raises:
        TooMuch: for the first construct with which it is not.
    """
    _Measure(tree).text(tree.body, {}, 1)


class _Measure:
    def __init__(self, tree: nodes.Template) -> None:
        self._macros = {m.name: m for m in tree.find_all(nodes.Macro)}
        self._rounds = self._made = 0
        self._calling: list[str] = []

    def text(self, body: Iterable[nodes.Node], scope: _Scope, times: int) -> int:
        """The characters that a body writes once; what is made on the way is counted `times` over."""
        inside, written = dict(scope), 0
        for node in body:
            written += self._one(node, inside, times)
        return written

    def _one(self, node: nodes.Node, scope: dict[str, Size], times: int) -> int:
        if isinstance(node, nodes.TemplateData):
            return len(node.data)
        if isinstance(node, nodes.Output):
            return sum(self._written(part, scope, times) for part in node.nodes)
        if isinstance(node, nodes.For):
            return self._loop(node, scope, times)
        if isinstance(node, nodes.If):
            self.of(node.test, scope, times)
            ways = ([*node.body], [*node.elif_], [*node.else_])
            return max(self.text(way, scope, times) for way in ways)
        if isinstance(node, nodes.Assign):
            size = self.of(node.node, scope, times)
            scope.update({n.name: size for n in _names(node.target)})
            return 0
        if isinstance(node, nodes.AssignBlock):
            size = _text(self.text(node.body, scope, times))
            scope.update({n.name: size for n in _names(node.target)})
            return 0
        if isinstance(node, nodes.Macro):
            return 0  # measured where it is called
        if isinstance(node, nodes.Expr):
            return self.of(node, scope, times).text
        return self.text(node.iter_child_nodes(), scope, times)

    def _written(self, part: nodes.Node, scope: dict[str, Size], times: int) -> int:
        size = self._one(part, scope, times)
        self._spend(part, size * times)
        return size

    def _loop(self, node: nodes.For, scope: _Scope, times: int) -> int:
        over = self.of(node.iter, scope, times)
        rounds = max(over.entries, 1)
        self._rounds += rounds * times
        if self._rounds > ROUNDS:
            words = f"loops inside each other run more than {ROUNDS:,} rounds"
            raise TooMuch(words, node.lineno)
        target = {n.name: _text(over.each) for n in _names(node.target)}
        inside = {**scope, **target, "loop": _ONE}
        if node.test:
            self.of(node.test, inside, rounds * times)
        return rounds * self.text(node.body, inside, rounds * times) + self.text(
            node.else_, scope, times
        )

    def of(self, node: nodes.Node, scope: _Scope, times: int) -> Size:
        """How big the value of an expression can be."""
        size = self._size(node, scope, times)
        self._spend(node, size.text * times)
        return size

    def _size(self, node: nodes.Node, scope: _Scope, times: int) -> Size:
        if isinstance(node, nodes.Const):
            return _text(len(str(node.value)))
        if isinstance(node, nodes.Name):
            return scope.get(node.name, Size())
        if isinstance(node, nodes.Getattr | nodes.Getitem):
            return self._part(node, scope, times)
        if isinstance(node, nodes.Call):
            return self._call(node, scope, times)
        if isinstance(node, nodes.Filter):
            return self._filtered(node, scope, times)
        parts = [self.of(n, scope, times) for n in node.iter_child_nodes()]
        if isinstance(node, nodes.Concat):
            return _text(sum(part.text for part in parts))
        if isinstance(node, nodes.List | nodes.Tuple | nodes.Dict):
            each = max((part.text for part in parts), default=0)
            return Size(sum(p.text + 4 for p in parts), len(parts), each)
        return max(parts, key=lambda part: part.text * part.entries, default=_ONE)

    def _part(
        self, node: nodes.Getattr | nodes.Getitem, scope: _Scope, times: int
    ) -> Size:
        owner = self.of(node.node, scope, times)
        if isinstance(node, nodes.Getitem):
            self.of(node.arg, scope, times)
        inner = node.node
        while isinstance(inner, nodes.Getattr | nodes.Getitem):
            inner = inner.node
        # what the template has made itself may be longer than any value
        own = not isinstance(inner, nodes.Name) or inner.name in scope
        return owner if own and owner.text > TEXT else Size()

    def _call(self, node: nodes.Call, scope: _Scope, times: int) -> Size:
        given = [self.of(a, scope, times) for a in node.args]
        named = {k.key: self.of(k.value, scope, times) for k in node.kwargs}
        name = node.node.name if isinstance(node.node, nodes.Name) else ""
        if name == "range":
            bounds = [a.value for a in node.args if isinstance(a, nodes.Const)]
            known = len(bounds) == len(node.args) == 1 and isinstance(bounds[0], int)
            rounds = max(0, min(bounds[0], _RANGE)) if known else _RANGE
            return Size(0, rounds, 8)
        macro = self._macros.get(name)
        if macro is None:
            return max([*given, *named.values(), Size()], key=lambda s: s.text)
        if name in self._calling:
            raise TooMuch(f'the macro "{name}" calls itself', node.lineno)
        names = [a.name for a in macro.args]
        inside = {
            **dict.fromkeys(names, Size()),
            **dict(zip(names, given, strict=False)),
        }
        self._calling.append(name)
        written = self.text(macro.body, {**inside, **named}, times)
        self._calling.pop()
        return _text(written)

    def _filtered(self, node: nodes.Filter, scope: _Scope, times: int) -> Size:
        inner = self.of(node.node, scope, times) if node.node else Size()
        given = [self.of(a, scope, times) for a in node.args]
        given += [self.of(k.value, scope, times) for k in node.kwargs]
        extra = sum(g.text for g in given)
        if node.name in ("length", "count", "int"):
            return _ONE
        if node.name in ("join", "sentence"):
            gap = extra if node.name == "join" else 5
            return _text(inner.entries * (inner.each + gap))
        if node.name in ("e", "escape", "urlencode"):
            return _text(inner.text * 5)
        if node.name in ("first", "last"):
            return _text(inner.each)
        if node.name == "list":
            return Size(inner.text, inner.entries, inner.each)
        return Size(inner.text + extra, inner.entries, inner.each + extra)

    def _spend(self, node: nodes.Node, characters: int) -> None:
        self._made += characters
        if self._made > CHARACTERS:
            words = f"this can become longer than {CHARACTERS:,} characters"
            raise TooMuch(words, node.lineno)


def _text(length: int) -> Size:
    """A text: each of its characters is an entry, where a value's entries are what is gone through."""
    return Size(length, max(length, 0) if length != TEXT else ENTRIES, max(length, 1))


def _names(target: nodes.Node) -> list[nodes.Name]:
    own = [target] if isinstance(target, nodes.Name) else []
    return [*own, *target.find_all(nodes.Name)]
