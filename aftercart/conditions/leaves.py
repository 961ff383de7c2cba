"""What does one comparison or one function call mean? Checks its types, word by word."""

import ast
import re
from collections.abc import Callable

from aftercart.conditions import aggregates
from aftercart.conditions.calls import call, called
from aftercart.conditions.catalogue import Field, Kind
from aftercart.conditions.literals import EXAMPLES, A, is_truth, operand
from aftercart.conditions.nodes import Aggregate, Compare, Leaf
from aftercart.conditions.sight import FUNCTIONS, Source, Wrong, field_of
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
#: The case in which a field always is.
_FORMS: dict[str, Callable[[str], str]] = {
    "item.category": str.lower,
    "customer.country": str.upper,
    "customer.language": str.lower,
    "order.currency": str.upper,
}
_LANGUAGE = re.compile("[a-z]{2,3}|")


def leaf(tree: ast.expr, source: Source, *, inside_items: bool) -> Leaf:
    """The comparison or call that stands here.

    Raises:
        Wrong: with the place and the words of the mistake.
    """
    if isinstance(tree, ast.Compare):
        return _comparison(tree, source, inside_items)
    if isinstance(tree, ast.Call):
        if called(tree) in aggregates.EXAMPLES:
            words = f"{called(tree)}(...) alone is not a condition"
            hint = f"compare it with a number: {aggregates.EXAMPLES[called(tree)]}"
            raise Wrong(tree, words, hint)
        return call(tree, source, inside_items=inside_items)
    if isinstance(tree, ast.Attribute | ast.Name):
        field = field_of(tree, source, inside_items=inside_items)
        if field.kind is Kind.YES_NO:
            column, text = tree.col_offset + 1, source.text_of(tree)
            return Compare(column, text, field.path, "==", True)
        raise Wrong(
            tree,
            f"{field.path} alone is not a condition",
            f"compare it with {EXAMPLES[field.kind]}",
        )
    raise Wrong(tree, *_stray(tree))


def _stray(tree: ast.expr) -> tuple[str, str]:
    if isinstance(tree, ast.Constant):
        return "a value alone is not a condition", "name a field to compare it with"
    if isinstance(tree, ast.BinOp | ast.UnaryOp):
        return "a condition does not calculate", "compare a field with a value"
    return "this is not part of the condition language", "see docs/campaigns.md"


def _comparison(
    tree: ast.Compare, source: Source, inside_items: bool
) -> Compare | Aggregate:
    if len(tree.ops) > 1:
        raise Wrong(
            tree,
            "one comparison at a time",
            'join two with "and": order.total > 10 and order.total < 50',
        )
    operator = _OPERATORS.get(type(tree.ops[0]))
    if operator is None:
        raise Wrong(tree, '"is" does not compare', 'write "==" or "!="')
    if called(tree.left) in aggregates.EXAMPLES:
        return _aggregate(tree, operator, source)
    if (name := called(tree.left)) and name not in FUNCTIONS:
        raise Wrong(
            tree.left, f'unknown function "{name}"', did_you_mean(name, FUNCTIONS)
        )
    if not isinstance(tree.left, ast.Attribute | ast.Name) or is_truth(tree.left):
        raise Wrong(
            tree.left,
            "a comparison begins with a field",
            "for example order.total > 100",
        )
    field = field_of(tree.left, source, inside_items=inside_items)
    if operator in ("<", "<=", ">", ">=") and field.kind is not Kind.NUMBER:
        raise Wrong(
            tree,
            f'"{operator}" compares numbers; {field.path} is {A[field.kind]}',
            'use "==", "!=" or "in"',
        )
    right = tree.comparators[0]
    value = operand(right, operator, of=field.path, kind=field.kind, source=source)
    for part in right.elts if isinstance(right, ast.List) else [right]:
        _check_form(part, field)
    return Compare(
        tree.col_offset + 1, source.text_of(tree), field.path, operator, value
    )


def _aggregate(tree: ast.Compare, operator: str, source: Source) -> Aggregate:
    assert isinstance(tree.left, ast.Call)  # noqa: S101 - called() has just said so
    asked = aggregates.asked(tree.left, source)
    of = source.text_of(tree.left)
    value = operand(
        tree.comparators[0], operator, of=of, kind=Kind.NUMBER, source=source
    )
    return Aggregate(
        column=tree.col_offset + 1,
        text=source.text_of(tree),
        function=asked.function,
        source=asked.source,
        operator=operator,
        value=value,
        since_trigger=asked.since_trigger,
        within=asked.within,
    )


def _check_form(part: ast.expr, field: Field) -> None:
    """A text in a form that the field never has would be false for ever, and silently."""
    text = part.value if isinstance(part, ast.Constant) else None
    form = _FORMS.get(field.path)
    if not isinstance(text, str) or form is None:
        return
    if text != form(text):
        size = "lower" if form is str.lower else "upper"
        words = f"{field.path} is always in {size} case"
        raise Wrong(part, words, f"did you mean '{form(text)}'?")
    if field.path == "customer.language" and not _LANGUAGE.fullmatch(text):
        alone = re.split("[-_]", text)[0]
        fits = alone != text and _LANGUAGE.fullmatch(alone)
        words = f"'{text}' is not a language alone, of two or three letters"
        raise Wrong(part, words, f"write '{alone}'" if fits else "for example 'de'")
