"""What may a template do? The Jinja environments in which every template is compiled and filled in.

Values are plain data, so a template reads keys of dicts and entries of lists and nothing else: no attribute of any Python
object is reachable, apart from `loop`. That is stricter than Jinja's own sandbox, and faster.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from jinja2 import StrictUndefined, Undefined
from jinja2 import filters as jinja_filters
from jinja2.exceptions import SecurityError
from jinja2.runtime import LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from aftercart import locales
from aftercart.rendering import vocabulary
from aftercart.spelling import closest

MAX_RANGE = 200
MAX_RESULT = 10**15  #: numbers that multiply each other would have no end
# Markup is what macros return; Undefined complains by itself, with the name.
_SHOWN = (Markup, int, float, Undefined)
_LOOP = frozenset(
    {"index", "index0", "revindex", "revindex0", "first", "last", "length"}
)
_LINK = re.compile(
    r"(?:https?://[^\s\x00-\x20/?#]|mailto:[^\s]|tel:[+0-9])[^\s\x00-\x1f]*"
)
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+"
)


def url(value: Any) -> str:
    """The value, when it is a link that may stand in a message.

    Raises:
        SecurityError: for anything but http, https, mailto and tel.
    """
    if type(value) is str and _LINK.fullmatch(value):
        return value
    if isinstance(value, Undefined):
        str(value)  # raises with the name that is missing
    raise SecurityError(
        f"{_short(value)} is not a link; it has to begin with https://, http://, mailto: or tel:"
    )


def sentence(values: Iterable[Any], *, locale: str = locales.DEFAULT) -> str:
    """ "eggs", "eggs and milk", "eggs, milk and coffee"."""
    return locales.listed(map(str, values), locale)


def singular(word: str) -> str:
    """A staple's name as the first half of a compound: "eggs" in "egg supply"."""
    if len(word) > 4 and re.search(r"[^aeiouk]ies$", word):
        return word[:-3] + "y"
    if re.search(r"[su]s$", word) or not word.endswith("s"):
        return word
    return word[:-2] if re.search(r"(?:oes|shes|ches|xes|sses)$", word) else word[:-1]


def plural(count: float, *forms: str, locale: str = locales.DEFAULT) -> str:
    """`1 day`, `10 days`: the count with the fitting word, of as many as the language has.

    Raises:
        SecurityError: when there is no word at all.
    """
    if not forms:
        raise SecurityError('plural needs words; write plural("day", "days")')
    return f"{number(count, locale=locale)} {locales.form(count, forms, locale)}"


def number(value: float, *, locale: str = locales.DEFAULT) -> str:
    """`1,234.5`, as people write it."""
    return locales.number(value, locale)


FILTERS: dict[str, Callable[..., Any]] = {
    **{
        name: jinja_filters.FILTERS[name]
        for name in [
            "capitalize",
            "count",
            "default",
            "e",
            "escape",
            "first",
            "int",
            "join",
            "last",
            "length",
            "list",
            "lower",
            "map",
            "reject",
            "rejectattr",
            "select",
            "selectattr",
            "title",
            "trim",
            "truncate",
            "upper",
            "urlencode",
        ]
    },
    "number": number,
    "plural": plural,
    "sentence": sentence,
    "singular": singular,
    "url": url,
}


#: Those that speak a language.
_SPEAKING = ("number", "plural", "sentence")


def printable(text: str) -> str:
    """The text on one line, without control characters and without marks that turn the direction of reading."""
    return text if text.isprintable() else _UNPRINTABLE.sub(" ", text)


def suggest(wrong: str, known: Iterable[str]) -> str:
    """`did you mean "…"?`, or nothing when no word is near."""
    near = closest(wrong, known)
    return f'did you mean "{near}"?' if near else ""


class Missing(StrictUndefined):
    """A name that is not there; any use of it says so, and which name may have been meant."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        name, owner = str(self._undefined_name), self._undefined_obj
        if isinstance(owner, Mapping):
            known: Iterable[str] = owner
            message = f'there is no "{name}" here'
        elif owner is None or isinstance(owner, (str, int, float, list)):
            return f'"{name}" cannot be read from {_short(owner)}'
        else:
            known, message = vocabulary.names(), f'there is no "{name}" in this message'
        hint = suggest(name, known)
        return f"{message}; {hint}" if hint else message


class Sandbox(ImmutableSandboxedEnvironment):
    """An environment without a loader: a template is one text and reaches no other."""

    intercepted_binops = frozenset({"*", "**", "%", "+"})

    def __init__(self, *, html: bool, locale: str = locales.DEFAULT) -> None:
        super().__init__(
            autoescape=html,
            undefined=Missing,
            finalize=_finalize,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            cache_size=0,
        )
        self.globals = {"range": _capped_range}
        speaking = {n: partial(FILTERS[n], locale=locale) for n in _SPEAKING}
        self.filters = {**FILTERS, **speaking}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A key of a dict; unlike Jinja's, never a method, so that `order.items` are the items."""
        if isinstance(obj, dict):
            try:
                return obj[attribute]
            except KeyError:
                return self.undefined(obj=obj, name=attribute)
        if isinstance(obj, LoopContext) and attribute in _LOOP:
            return getattr(obj, attribute)
        if isinstance(obj, Undefined):
            return obj
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """A key of a dict or an entry of a list."""
        if isinstance(argument, str):
            return self.getattr(obj, argument)
        if isinstance(obj, (list, tuple, dict, str)):
            try:
                return obj[argument]
            except (LookupError, TypeError):
                return self.undefined(obj=obj, name=argument)
        return (
            obj
            if isinstance(obj, Undefined)
            else self.undefined(obj=obj, name=argument)
        )

    def is_safe_callable(self, obj: Any) -> bool:
        """Macros and `range`; nothing that comes with the values."""
        return isinstance(obj, Macro) or obj is _capped_range

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic on numbers only: text that is multiplied or formatted has no bound.

        Raises:
            SecurityError: for text, lists and powers.
        """
        for side in (left, right):
            if isinstance(side, Undefined):
                str(side)  # raises with the name that is missing
        numbers = isinstance(left, (int, float)) and isinstance(right, (int, float))
        if operator == "**" or not numbers:
            raise SecurityError(
                f"{operator} is for numbers; join texts with ~ (found {_short(left)} {operator} {_short(right)})"
            )
        result = super().call_binop(context, operator, left, right)
        if abs(result) > MAX_RESULT:
            raise SecurityError(f"{left} {operator} {right} is too big a number")
        return result


def _finalize(value: Any) -> Any:
    """Every value on its way into a message: text, with what cannot be printed taken out, or a number."""
    if type(value) is str:
        return value if value.isprintable() else _UNPRINTABLE.sub(" ", value)
    if isinstance(value, _SHOWN) and not isinstance(value, bool):
        return value
    raise SecurityError(
        f"{_short(value)} is not a text or a number, so that it cannot be shown; "
        "name one part of it, or go through it with a loop"
    )


def _capped_range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > MAX_RANGE:
        raise SecurityError(f"range is limited to {MAX_RANGE} rounds")
    return numbers


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
