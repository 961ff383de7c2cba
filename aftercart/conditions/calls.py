"""What does a function that is a condition by itself mean: ordered(...), contains(...), tagged(...)?"""

import ast
import re

from aftercart.conditions.catalogue import Kind
from aftercart.conditions.literals import span, text
from aftercart.conditions.nodes import Contains, Leaf, Ordered, Tagged
from aftercart.conditions.sight import FUNCTIONS, Source, Wrong, field_of
from aftercart.spelling import did_you_mean

#: A tag: words of small letters and digits, joined by hyphens.
TAG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def called(tree: ast.expr) -> str:
    """The name of the function that is called here, or an empty text."""
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
        return tree.func.id
    return ""


def call(tree: ast.Call, source: Source, *, inside_items: bool) -> Leaf:
    """The call that stands here.

    Raises:
        Wrong: with the place and the words of the mistake.
    """
    name = called(tree)
    if name == "ordered":
        return _ordered(tree, source)
    if name == "contains":
        return _contains(tree, source, inside_items)
    if name == "tagged":
        return _tagged(tree, source)
    words = f'unknown function "{name or source.text_of(tree.func)}"'
    raise Wrong(tree, words, did_you_mean(name, FUNCTIONS))


def _ordered(tree: ast.Call, source: Source) -> Ordered:
    example = "ordered('eggs', since=trigger) or ordered('eggs', within='30 days')"
    category = text(tree.args[0]) if len(tree.args) == 1 else ""
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
    since_trigger, within = span(tree)
    column, words = tree.col_offset + 1, source.text_of(tree)
    return Ordered(column, words, category, since_trigger, within)


def _contains(tree: ast.Call, source: Source, inside_items: bool) -> Contains:
    part = text(tree.args[1]) if len(tree.args) == 2 else ""
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


def _tagged(tree: ast.Call, source: Source) -> Tagged:
    tag = text(tree.args[0]) if len(tree.args) == 1 and not tree.keywords else ""
    if not tag:
        words = "tagged(...) takes one tag in quotes"
        raise Wrong(tree, words, "write tagged('vip')")
    if not TAG.fullmatch(tag):
        shaped = "-".join(re.findall(r"[a-z0-9]+", tag.lower()))
        hint = f"did you mean '{shaped}'?" if shaped else "write tagged('vip')"
        words = f'"{tag}" is not a tag: small letters, digits, and hyphens between them'
        raise Wrong(tree.args[0], words, hint)
    return Tagged(tree.col_offset + 1, source.text_of(tree), tag)
