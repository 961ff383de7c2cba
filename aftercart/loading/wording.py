"""Is this text a condition? Read where it stands in the file, so that every mistake in it has its own line and column."""

from aftercart.conditions import Condition, ConditionError
from aftercart.conditions import parse as parse_condition
from aftercart.errors import Problem
from aftercart.loading.documents import Document, Path_

#: What a condition can see where the rest of the file is too broken to tell.
_EVERYTHING = frozenset({"customer", "order"})


def read(
    document: Document,
    text: str,
    path: Path_,
    *,
    about: frozenset[str],
    problems: list[Problem],
) -> Condition | None:
    """The condition, or None after its mistakes were added to `problems`."""
    try:
        return parse_condition(text, about=about)
    except ConditionError as error:
        for one in error.mistakes:
            line, column = document.spot_in_text(path, one.column)
            problems.append(Problem(document.file, line, column, one.message, one.hint))
        return None


def check_all(document: Document, *, problems: list[Problem]) -> None:
    """Reads the conditions of a file whose form is broken elsewhere: its author should hear of all mistakes at once."""
    for path in document.values:
        wanted = path in (("trigger", "where"), ("audience",)) or (
            len(path) == 3 and path[0] == "steps" and path[2] == "stop_if"
        )
        text = getattr(document.values[path], "value", None)
        if wanted and isinstance(text, str):
            read(document, text, path, about=_EVERYTHING, problems=problems)
