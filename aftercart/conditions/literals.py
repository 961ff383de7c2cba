"""Which value stands here? A text in quotes, a number, true or false, or a list of them; anything else is answered in words."""

import ast
from datetime import timedelta
from decimal import Decimal

from aftercart import durations
from aftercart.conditions.catalogue import Kind
from aftercart.conditions.nodes import Value
from aftercart.conditions.sight import Source, Wrong
from aftercart.errors import InputError
from aftercart.spelling import did_you_mean

_LARGEST = 10**12
EXAMPLES = {
    Kind.TEXT: "a text such as 'GB'",
    Kind.NUMBER: "a number",
    Kind.YES_NO: "true or false",
}
A = {Kind.TEXT: "a text", Kind.NUMBER: "a number", Kind.YES_NO: "true or false"}


def operand(
    tree: ast.expr, operator: str, *, of: str, kind: Kind, source: Source
) -> Value | tuple[Value, ...]:
    """What stands on the right of a comparison with `of`: a value, or several for `in`.

    Raises:
        Wrong: with the place and the words of the mistake.
    """
    if operator not in ("in", "not in"):
        return _value(tree, of, kind, source)
    if not isinstance(tree, ast.List) or not tree.elts:
        example = "[1, 2]" if kind is Kind.NUMBER else "['GB', 'IE']"
        raise Wrong(tree, '"in" needs a list of values', f"for example {example}")
    return tuple(_value(part, of, kind, source) for part in tree.elts)


def text(tree: ast.expr) -> str:
    """The text that is quoted here, or an empty one where something else stands."""
    if not isinstance(tree, ast.Constant) or not isinstance(tree.value, str):
        return ""
    if not tree.value.isprintable():
        # A database refuses some of these, and no name of a thing has any.
        raise Wrong(
            tree, "a text has only characters that can be seen", "delete the \\"
        )
    return tree.value


def span(call: ast.Call) -> tuple[bool, timedelta | None]:
    """What stands in a call for the time it looks at: whether since the trigger, or within which time; neither for ever.

    Raises:
        Wrong: with the place and the words of the mistake.
    """
    if not call.keywords:
        return False, None
    name, value = call.keywords[0].arg or "", call.keywords[0].value
    if len(call.keywords) > 1:
        raise Wrong(
            call.keywords[1].value, "since and within cannot both be meant", "keep one"
        )
    if name == "since":
        if not isinstance(value, ast.Name) or value.id != "trigger":
            raise Wrong(value, "since takes one word: trigger", "write since=trigger")
        return True, None
    if name != "within":
        called = call.func.id if isinstance(call.func, ast.Name) else ""
        words = f'{called}(...) does not know "{name}"'
        raise Wrong(value, words, did_you_mean(name, ["since", "within"]))
    if not text(value):
        raise Wrong(value, "within takes a duration in quotes", "within='30 days'")
    try:
        return False, durations.parse(text(value)).length
    except InputError as error:
        raise Wrong(value, f"within: {error}") from None


def is_truth(tree: ast.expr) -> bool:
    """Whether this is the word true or false."""
    return isinstance(tree, ast.Name) and tree.id in ("true", "false")


def _value(tree: ast.expr, of: str, kind: Kind, source: Source) -> Value:
    if isinstance(tree, ast.List | ast.Tuple | ast.Set):
        raise Wrong(tree, "a list needs another word", 'write "in" or "not in"')
    value = _literal(tree, source, kind)
    found = Kind.YES_NO if isinstance(value, bool) else Kind.NUMBER
    found = Kind.TEXT if isinstance(value, str) else found
    if found is not kind:
        raise Wrong(
            tree,
            f"{of} is {A[kind]}, and this is {A[found]}",
            f"compare it with {EXAMPLES[kind]}",
        )
    return value


def _literal(tree: ast.expr, source: Source, kind: Kind) -> Value:
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        return text(tree)
    if isinstance(tree, ast.Name) and is_truth(tree):
        return tree.id == "true"
    sign, inner = 1, tree
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
        sign, inner = -1, tree.operand
    if isinstance(inner, ast.Constant):
        value = inner.value
        if isinstance(value, bool) and inner is tree:
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            if abs(value) > _LARGEST:
                raise Wrong(
                    tree, "the number is too large", f"at most {_LARGEST:,} either way"
                )
            # The digits as written: a price of 3.20 is not what a binary fraction makes of it.
            digits = source.text_of(inner)
            return sign * (value if isinstance(value, int) else Decimal(digits))
        if value is None:
            raise Wrong(
                tree,
                "nothing equals none",
                "a comparison with what is not known is false",
            )
    if isinstance(tree, ast.Name):
        hint = (
            'for "not known", leave the comparison out'
            if tree.id in ("none", "null")
            else f"put it in quotes: '{tree.id}'"
            if kind is Kind.TEXT
            else f"compare it with {EXAMPLES[kind]}"
        )
        raise Wrong(tree, f'"{tree.id}" is not a value', hint)
    raise Wrong(
        tree,
        "a field is compared with a value",
        "a text in quotes, a number, true or false",
    )
