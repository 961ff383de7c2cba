"""Is this text a condition? Read where it stands in the file, so that every mistake in it has its own line and column."""

from collections.abc import Collection, Mapping

from aftercart.conditions import Condition, ConditionError, Ordered, nodes
from aftercart.conditions import parse as parse_condition
from aftercart.errors import Problem
from aftercart.loading.documents import Document, Path_
from aftercart.spelling import one_slip

#: What a condition can see where the rest of the file is too broken to tell.
_EVERYTHING = frozenset({"customer", "order"})


def read(
    document: Document,
    text: str,
    path: Path_,
    *,
    about: frozenset[str],
    problems: list[Problem],
    named: Mapping[str, Condition] | None = None,
) -> Condition | None:
    """The condition, or None after its mistakes were added to `problems`."""
    try:
        found = parse_condition(text, about=about, named=named or {})
    except ConditionError as error:
        for one in error.mistakes:
            line, column = document.spot_in_text(path, one.column)
            problems.append(Problem(document.file, line, column, one.message, one.hint))
        return None
    document.conditions[path] = found
    return found


def slips(
    document: Document, condition: Condition, path: Path_, *, known: Collection[str]
) -> list[Problem]:
    """Categories that are one letter away from one of the shop's: their campaign would be silent for ever, and nobody told.

    Any other unknown one may be a word of the shop's own export, and so may one that begins with another letter (foil, oil).
    """
    found = []
    for node in nodes.walk(condition.root, into_names=False):
        for word in sorted(_categories(node) - set(known)):
            meant = next((k for k in sorted(known) if _slipped(word, k)), None)
            if meant:
                line, column = document.spot_in_text(path, node.column)
                words = f'the shop has no category "{word}"'
                hint = f'did you mean "{meant}"? One of your own goes into shop/categories.yaml'
                found.append(Problem(document.file, line, column, words, hint))
    return found


def _slipped(word: str, known: str) -> bool:
    return word[:1] == known[:1] and one_slip(word, known)


def _categories(node: nodes.Node) -> set[str]:
    """The categories that a comparison or a function names."""
    if isinstance(node, Ordered):
        return {node.category}
    if isinstance(node, nodes.Compare) and node.field == "item.category":
        values = node.value if isinstance(node.value, tuple) else (node.value,)
        return {str(value) for value in values}
    return set()


def check_all(
    document: Document,
    *,
    problems: list[Problem],
    named: Mapping[str, Condition] | None = None,
) -> None:
    """Reads the conditions of a file whose form is broken elsewhere: its author should hear of all mistakes at once."""
    for path in document.values:
        wanted = path in (("trigger", "where"), ("audience",)) or (
            path[:1] == ("steps",) and path[-1] in ("stop_if", "if", "where")
        )
        text = getattr(document.values[path], "value", None)
        if wanted and isinstance(text, str):
            read(
                document,
                text,
                path,
                about=_EVERYTHING,
                problems=problems,
                named=named,
            )
