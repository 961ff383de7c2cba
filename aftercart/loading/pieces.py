"""What small texts may stand in a campaign file, as fields of a model: "2 days", "16:00-19:00", "tuesdays at 10:00"."""

import re
from collections.abc import Callable
from datetime import datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema
from pydantic_core import PydanticCustomError

from aftercart.campaigns import Limit, Recurring, Window
from aftercart.conditions import TAG
from aftercart.durations import Duration
from aftercart.errors import InputError
from aftercart.intake import EVENT_TYPES
from aftercart.loading import phrases
from aftercart.spelling import did_you_mean

T = TypeVar("T")


def phrase(read: Callable[[str], T], example: str) -> Any:
    """What makes a field of a text that one of the phrases reads."""

    return BeforeValidator(lambda value: _read(read, value, example))


def _read(read: Callable[[str], T], value: object, example: str) -> T:
    if isinstance(value, bool) or not isinstance(value, str | int):
        words = f"a text is needed here, for example {example}"
        raise PydanticCustomError("phrase", "{words}", {"words": words})
    try:
        return read(str(value))
    except InputError as error:
        # In braces of its own, so that braces in the owner's text are not taken for ours.
        raise PydanticCustomError("phrase", "{words}", {"words": str(error)}) from None


def seen_as(example: str, pattern: str = "") -> WithJsonSchema:
    shape: dict[str, Any] = {"type": "string", "examples": [example]}
    return WithJsonSchema(shape | ({"pattern": pattern} if pattern else {}))


_SPAN = r"^\s*[1-9]\d*\s*(minute|hour|day|week)s?\s*$"
_CLOCK = r"^\s*([01]?\d|2[0-3]):[0-5]\d\s*$"


def _wait(value: object) -> Duration | Recurring:
    """A duration, or `{until: …}`, a time of the day, of the week or of the month."""
    if not isinstance(value, dict):
        return _read(phrases.duration, value, '"2 days"')
    for key in value:
        if key != "until":
            words = (
                f'unknown key "{key}" below wait: {did_you_mean(str(key), ["until"])}'
            )
            raise PydanticCustomError("phrase", "{words}", {"words": words})
    return _read(phrases.until, value.get("until"), '"fridays at 10:00"')


def _stop(value: object) -> str:
    """The author's words for it; none for "true"."""
    if value is True:
        return ""
    if isinstance(value, str) and 0 < len(value.strip()) <= _WORDS:
        return value.strip()
    words = f"write true, or why, in at most {_WORDS} characters"
    raise PydanticCustomError("phrase", "{words}", {"words": words})


#: Of the words that say why a way ends.
_WORDS = 200

Wait_ = Annotated[
    Duration | Recurring,
    BeforeValidator(_wait),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "examples": ["2 days"], "pattern": _SPAN},
                {
                    "type": "object",
                    "properties": {
                        "until": {
                            "type": "string",
                            "examples": ["16:00", "fridays at 10:00"],
                            "description": "The next time that it is this on the customer's clock.",
                        }
                    },
                    "required": ["until"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
Stop_ = Annotated[
    str,
    BeforeValidator(_stop),
    WithJsonSchema(
        {"anyOf": [{"const": True}, {"type": "string", "maxLength": _WORDS}]}
    ),
]
Part = Annotated[
    float,
    phrase(phrases.part, '"80%"'),
    seen_as("80%", r"^\s*\d{1,2}(\.\d)?\s*%\s*$"),
]
Length = Annotated[
    timedelta, phrase(phrases.length, '"2 days"'), seen_as("2 days", _SPAN)
]
Clock = Annotated[time, phrase(phrases.clock, "16:00"), seen_as("16:00", _CLOCK)]
Span = Annotated[
    Window, phrase(phrases.window, '"16:00-19:00"'), seen_as("16:00-19:00")
]
Limit_ = Annotated[
    Limit, phrase(phrases.limit, '"1 per 7 days"'), seen_as("1 per 7 days")
]
Share = Annotated[
    float, phrase(phrases.share, '"5%"'), seen_as("5%", r"^\s*\d{1,2}(\.\d)?\s*%\s*$")
]
Scores = Annotated[tuple[int, int], phrase(phrases.scores, '"0-6"'), seen_as("0-6")]
Days = Annotated[
    Recurring,
    phrase(phrases.recurring, '"tuesdays at 10:00"'),
    WithJsonSchema(
        {
            "type": "string",
            "examples": ["tuesdays at 10:00", "1st of the month at 10:00"],
        }
    ),
]
Moment = Annotated[
    datetime,
    phrase(phrases.moment, '"2026-03-02 10:00"'),
    seen_as("2026-03-02 10:00"),
]
TagWord = Annotated[
    str, phrase(phrases.tag, "vip"), seen_as("vip", rf"^{TAG.pattern}$")
]
Orders = Annotated[int, phrase(phrases.orders, '"2 orders"'), seen_as("2 orders")]


def _staples(value: object) -> tuple[str, ...]:
    """The categories that are listed; none for "all"."""
    if value == "all":
        return ()
    if isinstance(value, list) and value and all(isinstance(v, str) for v in value):
        return tuple(value)
    words = 'write "all" or a list of staples, for example [eggs, milk]'
    raise PydanticCustomError("phrase", "{words}", {"words": words})


Staples = Annotated[
    tuple[str, ...],
    BeforeValidator(_staples),
    WithJsonSchema(
        {"anyOf": [{"const": "all"}, {"type": "array", "items": {"type": "string"}}]}
    ),
]


def _rounds(value: object) -> tuple[int, ...]:
    """The rounds of a ramp: how many people in each, always more."""
    if isinstance(value, list) and value and all(type(v) is int for v in value):
        if value[0] >= 1 and all(a < b for a, b in pairwise(value)):
            return tuple(value)
        words = "a ramp lets in more people from day to day, and one at least; for example [50, 500]"
    else:
        words = (
            "write how many people may have it day by day, in brackets: [50, 500]; "
            "on the day after the last, all may"
        )
    raise PydanticCustomError("phrase", "{words}", {"words": words})


Rounds = Annotated[
    tuple[int, ...],
    BeforeValidator(_rounds),
    WithJsonSchema(
        {
            "type": "array",
            "items": {"type": "integer", "minimum": 1},
            "minItems": 1,
            "examples": [[50, 500]],
        }
    ),
]


def _price(value: object) -> Decimal:
    """An amount of money, as a number of the file."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and 0 <= float(str(value)) <= 100:
        return Decimal(str(value))
    words = f'"{value}" is not a price; write a number such as 0.0405'
    raise PydanticCustomError("phrase", "{words}", {"words": words})


def _country(value: object) -> str:
    if isinstance(value, str) and re.fullmatch("[A-Z]{2}", value):
        return value
    words = f'"{value}" is not a country; write two capital letters such as GB'
    raise PydanticCustomError("phrase", "{words}", {"words": words})


Price = Annotated[Decimal, BeforeValidator(_price)]
Country = Annotated[str, BeforeValidator(_country)]
EventType = Annotated[
    str,
    phrase(phrases.event_type, "order.delivered"),
    WithJsonSchema({"anyOf": [{"enum": list(EVENT_TYPES)}, {"type": "string"}]}),
]


class Shape(BaseModel):
    """Unknown keys are mistakes, and nothing is converted behind the author's back."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
