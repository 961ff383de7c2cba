"""Does a template use only words of the vocabulary? Answered from the text alone, without any customer.

The walk knows the shape of every value: that `order.items` is a list, that each of its entries has a `name`, and that `item`
in `for item in order.items` is such an entry. What it cannot know, such as the arguments of a macro, it lets pass.
"""

from collections.abc import Mapping
from typing import Any

from jinja2 import nodes

from aftercart.errors import Problem
from aftercart.rendering import tags
from aftercart.rendering.sandbox import suggest
from aftercart.rendering.tags import Marked
from aftercart.rendering.vocabulary import CATALOGUE, sample_values

_ANY: Any = object()
_SAME = frozenset({"list", "select", "reject", "selectattr", "rejectattr", "default"})


#: What brings a word that not every message has.
_BRINGS = {
    "order": "only campaigns that start with an event of an order, or a late delivery, have one",
    "recipe": 'a step brings one with "content: recipes"',
    "staples": 'only campaigns with "running_low" have them',
    "survey": 'only campaigns with "purpose: survey" have one',
}


def problems(
    marked: Marked, tree: nodes.Template, *, lacking: Mapping[str, str] | None = None
) -> list[Problem]:
    """Every name that no message has, with the one that may have been meant.

    `lacking` are the words that the messages with this template do not have, each with the campaign that sends them.
    """
    lacking = lacking or {}
    macros = {m.name: _ANY for m in tree.find_all(nodes.Macro)}
    values = {w: v for w, v in sample_values().items() if w not in lacking}
    scope = {**values, **macros, "range": _ANY}
    walk = _Walk(marked, lacking)
    walk.visit_all(tree.body, scope)
    return walk.found


def uses(tree: nodes.Template, name: str) -> bool:
    """Whether a text mentions a dotted name of two parts."""
    owner, attribute = name.split(".")
    return any(
        found.attr == attribute
        and isinstance(found.node, nodes.Name)
        and found.node.name == owner
        for found in tree.find_all(nodes.Getattr)
    )


class _Walk:
    def __init__(self, marked: Marked, lacking: Mapping[str, str]) -> None:
        self.found: list[Problem] = []
        self._marked, self._lacking = marked, lacking

    def visit_all(self, body: list[nodes.Node], scope: dict[str, Any]) -> None:
        for node in body:
            self._visit(node, scope)

    def _visit(self, node: nodes.Node, scope: dict[str, Any]) -> None:
        if isinstance(node, nodes.For):
            entry = _entry(self._shape(node.iter, scope))
            inner = {**scope, "loop": _ANY, **_bound(node.target, entry)}
            if node.test:
                self._shape(node.test, inner)
            self.visit_all([*node.body], inner)
            self.visit_all([*node.else_], scope)
        elif isinstance(node, nodes.Macro):
            arguments = {a.name: _ANY for a in node.args}
            for default in node.defaults:
                self._shape(default, scope)
            self.visit_all([*node.body], {**scope, **arguments})
        elif isinstance(node, nodes.Assign):
            scope.update(_bound(node.target, self._shape(node.node, scope)))
        elif isinstance(node, nodes.AssignBlock):
            self.visit_all([*node.body], dict(scope))
            scope.update(_bound(node.target, ""))
        elif isinstance(node, nodes.Expr):
            self._shape(node, scope)
        else:
            self.visit_all([*node.iter_child_nodes()], scope)

    def _shape(self, node: nodes.Node, scope: dict[str, Any]) -> Any:
        """What a value looks like; complains on the way."""
        if isinstance(node, nodes.Name):
            if node.name not in scope and node.name in self._lacking:
                campaign = self._lacking[node.name]
                words = f'there is no "{node.name}" in the messages of {campaign}'
                return self._wrong(node, node.name, words, _BRINGS[node.name])
            if node.name not in scope:
                known = _elsewhere(node.name) or suggest(node.name, scope)
                return self._wrong(
                    node, node.name, f'there is no "{node.name}" in any message', known
                )
            return scope[node.name]
        if isinstance(node, nodes.Getattr):
            return self._member(node, node.attr, self._shape(node.node, scope))
        if isinstance(node, nodes.Getitem):
            return self._item(node, scope)
        if isinstance(node, nodes.Filter) and node.node is not None:
            return self._filtered(node, self._shape(node.node, scope), scope)
        for child in node.iter_child_nodes():
            self._shape(child, scope)
        return _ANY

    def _item(self, node: nodes.Getitem, scope: dict[str, Any]) -> Any:
        owner = self._shape(node.node, scope)
        self._shape(node.arg, scope)
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            return self._member(node, node.arg.value, owner)
        return owner if isinstance(node.arg, nodes.Slice) else _entry(owner)

    def _filtered(self, node: nodes.Filter, owner: Any, scope: dict[str, Any]) -> Any:
        for argument in (*node.args, *node.kwargs):
            self._shape(argument, scope)
        if node.name in _SAME:
            return owner
        if node.name in ("first", "last"):
            return _entry(owner)
        attribute = next((k.value for k in node.kwargs if k.key == "attribute"), None)
        if isinstance(attribute, nodes.Const) and node.name in ("map", "join"):
            member = self._member(node, str(attribute.value), _entry(owner))
            return [member] if node.name == "map" else ""
        return _ANY

    def _member(self, node: nodes.Node, name: str, owner: Any) -> Any:
        if owner is _ANY:
            return _ANY
        if isinstance(owner, Mapping):
            if name in owner:
                return owner[name]
            hint = suggest(name, owner) or f"there are: {', '.join(owner)}"
            return self._wrong(node, name, f'there is no "{name}" here', hint)
        kind = "a list" if isinstance(owner, list) else "a single value"
        hint = "go through it with a loop" if isinstance(owner, list) else ""
        return self._wrong(node, name, f'"{name}" is asked of {kind}', hint)

    def _wrong(self, node: nodes.Node, name: str, words: str, hint: str) -> Any:
        place = self._marked.place(node.lineno, name)
        self.found.append(tags.problem(place, words, hint))
        return _ANY


def _elsewhere(name: str) -> str:
    """The word that ends like this: whoever writes `first_name` means `customer.first_name`."""
    words = [w.name for w in CATALOGUE if w.name.endswith(f".{name}")]
    own = [word for word in words if "[]" not in word]
    return f'did you mean "{own[0]}"?' if len(own) == 1 else ""


def _entry(shape: Any) -> Any:
    return shape[0] if isinstance(shape, list) and shape else _ANY


def _bound(target: nodes.Node, shape: Any) -> dict[str, Any]:
    if isinstance(target, nodes.Name):
        return {target.name: shape}
    return {name.name: _ANY for name in target.find_all(nodes.Name)}
