"""What does one comparison or one function call mean? Checks its types, word by word."""

import ast
from collections.abc import Callable
from decimal import Decimal

from aftercart import durations
from aftercart.conditions.catalogue import Field, Kind
from aftercart.conditions.nodes import Compare, Contains, Leaf, Ordered, Value
from aftercart.conditions.sight import FUNCTIONS, Source, Wrong, field_of
from aftercart.errors import InputError
from aftercart.spelling import did_you_mean

_OPERATORS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_LARGEST = 10**12
_EXAMPLES = {
    Kind.TEXT: "a text such as 'GB'",
    Kind.NUMBER: "a number",
    Kind.YES_NO: "true or false",
}
_A = {Kind.TEXT: "a text", Kind.NUMBER: "a number", Kind.YES_NO: "true or false"}


def called(tree: ast.expr) -> str:
    """The name of the function that is called here, or an empty text."""
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
        return tree.func.id
    return ""


def leaf(tree: ast.expr, source: Source, *, inside_items: bool) -> Leaf:
    """The comparison or call that stands here.

    Raises:
        Wrong: with the place and the words of the mistake.
    """
    if isinstance(tree, ast.Compare):
        return _comparison(tree, source, inside_items)
    if isinstance(tree, ast.Call):
        return _call(tree, source, inside_items)
    if isinstance(tree, ast.Attribute | ast.Name):
        field = field_of(tree, source, inside_items=inside_items)
        if field.kind is Kind.YES_NO:
            column, text = tree.col_offset + 1, source.text_of(tree)
            return Compare(column, text, field.path, "==", True)
        raise Wrong(
            tree,
            f"{field.path} alone is not a condition",
            f"compare it with {_EXAMPLES[field.kind]}",
        )
    raise Wrong(tree, *_stray(tree))


def _stray(tree: ast.expr) -> tuple[str, str]:
    if isinstance(tree, ast.Constant):
        return "a value alone is not a condition", "name a field to compare it with"
    if isinstance(tree, ast.BinOp | ast.UnaryOp):
        return "a condition does not calculate", "compare a field with a value"
    return "this is not part of the condition language", "see docs/campaigns.md"


def _comparison(tree: ast.Compare, source: Source, inside_items: bool) -> Compare:
    if len(tree.ops) > 1:
        raise Wrong(
            tree,
            "one comparison at a time",
            'join two with "and": order.total > 10 and order.total < 50',
        )
    operator = _OPERATORS.get(type(tree.ops[0]))
    right = tree.comparators[0]
    if operator is None:
        raise Wrong(tree, '"is" does not compare', 'write "==" or "!="')
    if not isinstance(tree.left, ast.Attribute | ast.Name) or _is_truth(tree.left):
        raise Wrong(
            tree.left,
            "a comparison begins with a field",
            "for example order.total > 100",
        )
    field = field_of(tree.left, source, inside_items=inside_items)
    if operator in ("<", "<=", ">", ">=") and field.kind is not Kind.NUMBER:
        raise Wrong(
            tree,
            f'"{operator}" compares numbers; {field.path} is {_A[field.kind]}',
            'use "==", "!=" or "in"',
        )
    column, text = tree.col_offset + 1, source.text_of(tree)
    if operator in ("in", "not in"):
        return Compare(column, text, field.path, operator, _list(right, field, source))
    return Compare(column, text, field.path, operator, _value(right, field, source))


def _is_truth(tree: ast.expr) -> bool:
    return isinstance(tree, ast.Name) and tree.id in ("true", "false")


def _literal(tree: ast.expr, source: Source) -> Value:
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        return _text(tree)
    if isinstance(tree, ast.Name) and tree.id in ("true", "false"):
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
            text = source.text_of(inner)
            return sign * (value if isinstance(value, int) else Decimal(text))
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
        )
        raise Wrong(tree, f'"{tree.id}" is not a value', hint)
    raise Wrong(
        tree,
        "a field is compared with a value",
        "a text in quotes, a number, true or false",
    )


def _value(tree: ast.expr, field: Field, source: Source) -> Value:
    if isinstance(tree, ast.List | ast.Tuple | ast.Set):
        raise Wrong(tree, "a list needs another word", 'write "in" or "not in"')
    value = _literal(tree, source)
    kind = Kind.YES_NO if isinstance(value, bool) else Kind.NUMBER
    kind = Kind.TEXT if isinstance(value, str) else kind
    if kind is not field.kind:
        raise Wrong(
            tree,
            f"{field.path} is {_A[field.kind]}, and this is {_A[kind]}",
            f"compare it with {_EXAMPLES[field.kind]}",
        )
    _check_case(tree, field, value)
    return value


def _check_case(tree: ast.expr, field: Field, value: Value) -> None:
    """A text in a case that the field never has would be false for ever, and silently."""
    forms: dict[str, Callable[[str], str]] = {
        "item.category": str.lower,
        "customer.country": str.upper,
        "order.currency": str.upper,
    }
    form = forms.get(field.path)
    if form and isinstance(value, str) and value != form(value):
        size = "lower" if form is str.lower else "upper"
        raise Wrong(
            tree,
            f"{field.path} is always in {size} case",
            f"did you mean '{form(value)}'?",
        )


def _list(tree: ast.expr, field: Field, source: Source) -> tuple[Value, ...]:
    if not isinstance(tree, ast.List) or not tree.elts:
        raise Wrong(tree, '"in" needs a list of values', "for example ['GB', 'IE']")
    return tuple(_value(part, field, source) for part in tree.elts)


def _call(tree: ast.Call, source: Source, inside_items: bool) -> Leaf:
    name = called(tree)
    if name == "ordered":
        return _ordered(tree, source)
    if name == "contains":
        return _contains(tree, source, inside_items)
    words = f'unknown function "{name or source.text_of(tree.func)}"'
    raise Wrong(tree, words, did_you_mean(name, FUNCTIONS))


def _ordered(tree: ast.Call, source: Source) -> Ordered:
    example = "ordered('eggs', since=trigger) or ordered('eggs', within='30 days')"
    category = _text(tree.args[0]) if len(tree.args) == 1 else ""
    if not category or len(tree.keywords) > 1:
        raise Wrong(
            tree,
            "ordered(...) takes one category in quotes and one of since, within",
            f"write {example}",
        )
    if category != category.lower():
        raise Wrong(
            tree.args[0],
            "categories are always in lower case",
            f"did you mean '{category.lower()}'?",
        )
    column, text = tree.col_offset + 1, source.text_of(tree)
    if not tree.keywords:
        return Ordered(column, text, category)
    name, value = tree.keywords[0].arg, tree.keywords[0].value
    if name == "since":
        if not isinstance(value, ast.Name) or value.id != "trigger":
            raise Wrong(value, "since takes one word: trigger", "write since=trigger")
        return Ordered(column, text, category, since_trigger=True)
    if name != "within":
        known = did_you_mean(name or "", ["since", "within"])
        raise Wrong(value, f'ordered(...) does not know "{name}"', known)
    if not _text(value):
        raise Wrong(value, "within takes a duration in quotes", "within='30 days'")
    try:
        length = durations.parse(_text(value)).length
    except InputError as error:
        raise Wrong(value, f"within: {error}") from None
    return Ordered(column, text, category, within=length)


def _contains(tree: ast.Call, source: Source, inside_items: bool) -> Contains:
    part = _text(tree.args[1]) if len(tree.args) == 2 else ""
    if not part or tree.keywords:
        raise Wrong(
            tree,
            "contains(...) takes a field and a text in quotes",
            "write contains(item.name, 'free-range')",
        )
    field = field_of(tree.args[0], source, inside_items=inside_items)
    if field.kind is not Kind.TEXT or not field.searchable:
        raise Wrong(tree.args[0], f"contains(...) does not look into {field.path}")
    return Contains(tree.col_offset + 1, source.text_of(tree), field.path, part)


def _text(tree: ast.expr) -> str:
    """The text that is quoted here, or an empty one where something else stands."""
    if not isinstance(tree, ast.Constant) or not isinstance(tree.value, str):
        return ""
    if not tree.value.isprintable():
        # A database refuses some of these, and no name of a thing has any.
        raise Wrong(
            tree, "a text has only characters that can be seen", "delete the \\"
        )
    return tree.value
