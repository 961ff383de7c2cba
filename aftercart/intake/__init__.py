"""What may a shop tell us? A decoded event, checked, to the event that is kept; or all its mistakes.

Pure: nothing is stored here, and addresses stay as they were typed (`addresses` normalises them where they are stored).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ValidationError

from aftercart.errors import InputError
from aftercart.intake.forms import (
    EVENT_TYPES,
    ConsentForm,
    CustomerForm,
    EventForm,
    ItemForm,
    OrderForm,
    month_and_day,
)
from aftercart.model import Event
from aftercart.spelling import did_you_mean

__all__ = [
    "BATCH",
    "EVENT_TYPES",
    "EventForm",
    "Mistake",
    "month_and_day",
    "parse_event",
    "parse_events",
    "read_event",
]

#: Events in one request.
BATCH = 1_000


@dataclass(frozen=True)
class Mistake:
    """One thing wrong with an event: the path of the field, and how to mend it."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


def read_event(raw: object) -> Event | list[Mistake]:
    """The event that a decoded JSON value tells, or all its mistakes."""
    if not isinstance(raw, Mapping):
        return [Mistake("", 'is not an event; write {"id": …, "type": …, "at": …, …}')]
    mistakes = list(_missing_parts(raw))
    try:
        form = EventForm.model_validate(dict(raw))
    except ValidationError as error:
        mistakes += [_mistake(found) for found in error.errors(include_url=False)]
    if mistakes:
        return mistakes
    return Event(
        id=form.id,
        type=form.type,
        at=form.at,
        customer_id=form.customer.id,
        order_id=form.order.id if form.order else "",
        body=_body(form),
    )


def parse_event(raw: object) -> Event:
    """The event that a decoded JSON value tells.

    Raises:
        InputError: with every mistake on a line of its own: the field's path, what, how to mend it.
    """
    found = read_event(raw)
    if isinstance(found, Event):
        return found
    raise InputError("\n".join(map(str, found)))


def parse_events(raw: object) -> tuple[list[Event], list[tuple[int, str]]]:
    """The usable events of a batch (or of one event), and for each of the others its index and its mistakes.

    Raises:
        InputError: when it is no batch at all, or one of more than BATCH events.
    """
    if isinstance(raw, Mapping):
        raw = [raw]
    if not isinstance(raw, Sequence) or isinstance(raw, str | bytes):
        raise InputError("send one event, or a list of events")
    if len(raw) > BATCH:
        raise InputError(
            f"{len(raw):,} events are too many for one request; send at most {BATCH:,} at a time"
        )
    events: list[Event] = []
    bad: list[tuple[int, str]] = []
    for index, one in enumerate(raw):
        try:
            events.append(parse_event(one))
        except InputError as error:
            bad.append((index, str(error)))
    return events, bad


def _missing_parts(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """What an event of its type cannot do without. Works on the raw value, so that these are told beside all others."""
    kind, order, customer = (raw.get(name) for name in ("type", "order", "customer"))
    if isinstance(kind, str) and kind.startswith("order.") and order is None:
        yield Mistake("order", 'is missing; write at least {"id": …}')
    says_eta = not isinstance(order, Mapping) or order.get("eta") is not None
    if kind == "order.eta_changed" and not says_eta:
        yield Mistake("order.eta", "is missing; write the new time of arrival")
    says_which = not isinstance(customer, Mapping) or customer.get("consents")
    if kind in ("customer.consented", "customer.withdrew") and not says_which:
        yield Mistake(
            "customer.consents",
            'is missing; say which, for example [{"kind": "email_marketing"}]',
        )


_FORMS: dict[str, type[BaseModel]] = {
    "": EventForm,
    "customer": CustomerForm,
    "customer.consents": ConsentForm,
    "order": OrderForm,
    "order.items": ItemForm,
}

_WORDS = {
    "missing": "is missing",
    "timezone_aware": "has no time zone; write 2026-03-02T10:00:00Z or …+01:00",
    "string_type": "is not a text",
    "string_too_short": "is empty",
    "string_too_long": "is longer than {max_length} characters",
    "decimal_parsing": "is not a number",
    "decimal_type": "is not a number",
    "finite_number": "is not a number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must not be less than {ge}",
    "decimal_max_places": "has more than {decimal_places} decimals",
    "decimal_max_digits": "has more than {max_digits} digits",
    "decimal_whole_digits": "has more than {whole_digits} digits before the point",
    "literal_error": "is not one of {expected}",
    "dict_type": "is not an object {{…}}",
    "model_type": "is not an object {{…}}",
    "list_type": "is not a list […]",
    "too_long": "has more than {max_length} entries",
}

_PATTERNS = {
    "country": "is not a country; write two capitals such as GB",
    "currency": "is not a currency; write three capitals such as GBP",
    "locale": "is not a locale; write for example en or en-GB",
}


def _mistake(found: Any) -> Mistake:
    """A finding of pydantic in our words."""
    where = found["loc"]
    path, name = ".".join(map(str, where)), str(where[-1])
    kind, facts = found["type"], found.get("ctx", {})
    if kind == "extra_forbidden":
        return Mistake(path, f"is not a field that we know; {_other_field(where)}")
    if kind == "string_pattern_mismatch" and name in _PATTERNS:
        return Mistake(path, _PATTERNS[name])
    if kind.startswith("datetime"):
        return Mistake(path, "is not a time; write 2026-03-02T10:00:00Z")
    if kind == "value_error":
        return Mistake(path, str(facts["error"]))
    if kind in _WORDS:
        return Mistake(path, _WORDS[kind].format_map(facts))
    return Mistake(path, found["msg"])


def _other_field(where: tuple[int | str, ...]) -> str:
    inside = ".".join(part for part in where[:-1] if isinstance(part, str))
    if where == ("consents",):
        return 'it belongs in the customer: {"customer": {"consents": […]}}'
    hint = did_you_mean(str(where[-1]), _FORMS[inside].model_fields)
    return f'{hint} (anything else goes into "data")'


def _body(form: EventForm) -> dict[str, Any]:
    """The event as it is kept: JSON-able, times as UTC text, amounts as exact text, nothing that was not said."""
    body = form.model_dump(
        mode="python", include={"customer", "order", "data"}, exclude_none=True
    )
    if not body["data"]:
        del body["data"]
    if not body["customer"]["consents"]:
        del body["customer"]["consents"]
    plain: dict[str, Any] = {
        name: part if name == "data" else _jsonable(part) for name, part in body.items()
    }
    return plain


def _jsonable(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return {key: _jsonable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_jsonable(one) for one in value]
    return value
