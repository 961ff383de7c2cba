"""Does a document have the shape it should have? If not, every mistake with its place and a word on how to mend it."""

import re
from collections.abc import Iterator
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from aftercart.errors import Problem
from aftercart.loading.documents import Document, Path_
from aftercart.spelling import did_you_mean

T = TypeVar("T")


def fit(document: Document, shape: type[T], problems: list[Problem]) -> T | None:
    """The document as a value of this shape, or None after its mistakes were added to `problems`."""
    try:
        return TypeAdapter(shape).validate_python(document.data)
    except ValidationError as error:
        found = error.errors(include_url=False)
    made = [(_problem(document, shape, detail), detail) for detail in found]
    meant = {
        (detail["loc"][:-1], problem.hint)
        for problem, detail in made
        if detail["type"] == "extra_forbidden"
    }
    # a key that is there with a slip in it is not missing too
    problems += [
        problem
        for problem, detail in made
        if detail["type"] != "missing"
        or (detail["loc"][:-1], f'did you mean "{detail["loc"][-1]}"?') not in meant
    ]
    return None


#: Words that people use for one of the choices.
_MEANT = {
    "alert": 'an alert is "service"',
    "transactional": 'what belongs to an order is "service"',
    "newsletter": 'a newsletter is "marketing"',
    "customer.anniversary": 'the anniversary is that of "customer.since"',
}


def _problem(document: Document, shape: Any, detail: ErrorDetails) -> Problem:
    path, kind, value = detail["loc"], detail["type"], detail["input"]
    context = detail.get("ctx", {})
    if kind == "extra_forbidden":
        hint = did_you_mean(str(path[-1]), _known_keys(shape, path[:-1]))
        words = f'unknown key "{path[-1]}"'
        return document.problem(path, words, hint, key=True)
    if kind == "missing":
        known = f'write "{path[-1]}:" here'
        words = f'the key "{path[-1]}" is missing'
        return document.problem(path[:-1], words, known, key=True)
    if kind == "literal_error":
        choices = str(context["expected"]).replace("'", "").replace(" or ", ", ")
        words = f"{_shown(value)} is not one of: {choices}"
        hint = did_you_mean(str(value), choices.split(", "))
        meant = _MEANT.get(str(value)) or (hint if hint.startswith("did") else "")
        return document.problem(path, words, meant)
    words, hint = _words(kind, value, context)
    if kind in ("model_type", "dict_type") and (keys := _known_keys(shape, path)):
        hint = hint or f"its keys are: {', '.join(keys)}"
    return document.problem(path, words, hint)


def _words(kind: str, value: Any, context: Any) -> tuple[str, str]:
    match kind:
        case "phrase":
            return str(context["words"]), ""
        case "string_type" if value is None:
            return "nothing stands here", "write a text after the colon"
        case "string_type" if isinstance(value, int | float):
            quoted = str(value).lower() if isinstance(value, bool) else str(value)
            return "a text is needed here", f'put it in quotes: "{quoted}"'
        case "string_type":
            return f"a text is needed here, not {_shown(value)}", ""
        case "bool_type" | "bool_parsing":
            return f"true or false is needed here, not {_shown(value)}", ""
        case "int_type" | "int_from_float":
            return f"a whole number is needed here, not {_shown(value)}", ""
        case "model_type" | "dict_type" if value is None:
            return "nothing stands below this key", "indent its keys below it"
        case "model_type" | "dict_type":
            return f"keys with values are needed here, not {_shown(value)}", ""
        case "list_type" | "tuple_type":
            words = f"a list is needed here, not {_shown(value)}"
            inline = f"write [{value}]" if isinstance(value, str) else ""
            return words, inline or 'begin every entry with "- "'
        case "too_short" | "string_too_short":
            return "this must not be empty", ""
        case "string_too_long":
            return (
                f"the text is too long; at most {context['max_length']} characters",
                "",
            )
        case "greater_than_equal":
            return f"{value} is too small; at least {context['ge']}", ""
        case "less_than_equal":
            return f"{value} is too large; at most {context['le']}", ""
        case "string_pattern_mismatch":
            slug = "-".join(re.findall(r"[a-z0-9]+", str(value).lower()))
            words = f"{_shown(value)} may have only small letters, digits and dashes"
            return words, f"write {slug}" if slug else ""
    return f"{_shown(value)} does not fit here", ""


def _shown(value: Any) -> str:
    match value:
        case dict():
            return "keys with values"
        case list():
            return "a list"
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value[:60]}"'
    return str(value)


def _known_keys(shape: Any, path: Path_) -> list[str]:
    """The keys of the model at this path."""
    model: Any = shape
    for step in path:
        inside = next(_models(model), None)
        if isinstance(step, str) and inside and step in (known := _fields(inside)):
            model = known[step].annotation
    found = next(_models(model), None)
    return list(_fields(found)) if found else []


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields by their keys: a few have names of their own, because their key is a word of Python."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that an annotation such as `list[Step] | None` speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
