"""The form of an event: every field with its type, its meaning and an example.

These models check what comes in, and are what the published OpenAPI description shows.
"""

import re
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)

from aftercart import moments
from aftercart.conditions import TAG
from aftercart.errors import InputError

#: What the engine itself understands. Any other `noun.verb` is kept and may start campaigns.
EVENT_TYPES = (
    "customer.created",
    "customer.updated",
    "customer.consented",
    "customer.withdrew",
    "order.placed",
    "order.confirmed",
    "order.picked",
    "order.out_for_delivery",
    "order.eta_changed",
    "order.delivered",
    "order.cancelled",
    "order.refunded",
    "review.posted",
    "referral.completed",
    "article.viewed",
)

_TYPE = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_DATED = re.compile(r"\d{4}-\d\d-\d\d")
_CENT = Decimal("0.01")


def _one_type(text: str) -> str:
    if not _TYPE.fullmatch(text):
        raise ValueError(
            f'"{text}" is not a type of event; write noun.verb in small letters, for example order.placed'
        )
    return text


def _plain(text: str) -> str:
    if "\x00" in text:
        raise ValueError("contains a NUL character; remove it")
    return text


def _textual(value: object) -> object:
    # a bare number would silently be taken for seconds since 1970
    if not isinstance(value, str) or not _DATED.match(value):
        raise ValueError("is not a time; write 2026-03-02T10:00:00Z")
    return value


def month_and_day(text: str) -> str:
    """A birthday as "03-08", of "1990-03-08", "--03-08" or "03-08".

    Raises:
        ValueError: when it is none.
    """
    bare = text.strip().removeprefix("--")
    # of a birthday without a year, only that the day exists in some year can be said
    date.fromisoformat(bare if len(bare) > 5 else f"2000-{bare}")
    return bare[-5:]


def _month_and_day(text: str) -> str:
    try:
        return month_and_day(text)
    except ValueError:
        raise ValueError(
            f'"{text[:40]}" is not a birthday; write 1990-03-08, or 03-08'
        ) from None


def _one_day(text: str) -> str:
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise ValueError(f'"{text[:40]}" is not a date; write 2021-05-01') from None


def _one_tag(text: str) -> str:
    if not TAG.fullmatch(text.removeprefix("-")) or len(text) > 64:
        raise ValueError(
            f'"{text[:70]}" is not a tag; write small letters, digits, and hyphens between them, such as vip'
        )
    return text


def _sane(at: datetime) -> datetime:
    if not 1970 <= at.year < 2200:
        raise ValueError(f"the year {at.year} is not plausible")
    return at.astimezone(UTC)


def _known_zone(name: str) -> str:
    try:
        return moments.zone(name).key
    except InputError as error:
        raise ValueError(str(error)) from None


def _rounded(value: object) -> object:
    # 0.1 + 0.2 in a shop's code is not its mistake; more than two decimals in a text is one
    if isinstance(value, float) and abs(value) < 1e12:
        return Decimal(str(value)).quantize(_CENT, ROUND_HALF_UP)
    return value


Id = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]
Text = Annotated[str, Field(max_length=500), AfterValidator(_plain)]
LongText = Annotated[str, Field(max_length=5_000), AfterValidator(_plain)]
Locale = Annotated[
    str, Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$", max_length=16)
]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Type = Annotated[str, Field(max_length=100), AfterValidator(_one_type)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Moment = Annotated[AwareDatetime, BeforeValidator(_textual), AfterValidator(_sane)]
Money = Annotated[
    Decimal,
    BeforeValidator(_rounded),
    Field(ge=0, max_digits=12, decimal_places=2),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number", "minimum": 0}]}),
]
Quantity = Annotated[
    Decimal,
    Field(gt=0, max_digits=12, decimal_places=3),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}]}),
]


class _Form(BaseModel):
    model_config = ConfigDict(
        extra="forbid", coerce_numbers_to_str=True, hide_input_in_errors=True
    )


Birthday = Annotated[str, AfterValidator(_month_and_day)]
Day = Annotated[str, AfterValidator(_one_day)]


TagWord = Annotated[str, AfterValidator(_one_tag)]


class ConsentForm(_Form):
    """One thing that the customer agreed to, or takes back."""

    kind: Literal["email_marketing", "sms_marketing", "survey"]
    source: Text = Field("", description="Where it was said", examples=["checkout"])
    wording: LongText = Field(
        "", description="The sentence that the customer agreed to: the proof"
    )


class CustomerForm(_Form):
    """The customer whom the event concerns. What is left out stays as it is known."""

    id: Id = Field(description="The shop's own id of the customer", examples=["c-7"])
    email: Text | None = Field(None, examples=["ann@shop.example"])
    phone: Text | None = Field(
        None,
        description="With country code, or a national number of `country`",
        examples=["+447700900001"],
    )
    first_name: Text | None = Field(None, examples=["Ann"])
    timezone: Zone | None = Field(
        None, description="IANA name", examples=["Europe/London"]
    )
    locale: Locale | None = Field(None, examples=["en-GB"])
    country: Country | None = Field(
        None, description="ISO 3166, two capitals", examples=["GB"]
    )
    birthday: Birthday | None = Field(
        None,
        description="A date or only its month and day; the year is not kept",
        examples=["03-08"],
    )
    since: Day | None = Field(
        None, description="A customer since that day", examples=["2021-05-01"]
    )
    tags: list[TagWord] | None = Field(
        None,
        description="Words to put on the customer; one with a minus before it is taken off. Others stay",
        examples=[["vip", "-new"]],
        max_length=50,
    )
    consents: list[ConsentForm] = Field(
        [],
        description="With customer.consented and customer.withdrew: which of the three",
        max_length=20,
    )


class ItemForm(_Form):
    """One line of an order."""

    product: Id = Field(
        description="The shop's own id of the product", examples=["eggs-12"]
    )
    name: Text = Field(
        "", description="As customers read it", examples=["Free-range eggs"]
    )
    category: Text = Field("", description="The shop's own word", examples=["eggs"])
    quantity: Quantity = Field(Decimal(1), examples=[1])
    price: Money = Field(Decimal(0), description="Of one unit", examples=["3.20"])


class OrderForm(_Form):
    """The order that the event is about."""

    id: Id = Field(description="The shop's own id of the order", examples=["o-5"])
    promised_at: Moment | None = Field(
        None, description="When the customer was told it would come"
    )
    eta: Moment | None = Field(None, description="When it will come as of now")
    items: list[ItemForm] = Field([], max_length=1_000)
    total: Money | None = Field(None, description="Left out: the sum of the items")
    currency: Currency | None = Field(None, description="ISO 4217", examples=["GBP"])


class EventForm(_Form):
    """Something that happened in the shop. Its `id` is unique: telling it twice changes nothing."""

    model_config = ConfigDict(
        title="Event",
        json_schema_extra={
            "examples": [
                {
                    "id": "e-81",
                    "type": "order.placed",
                    "at": "2026-03-02T10:00:00Z",
                    "customer": {"id": "c-7"},
                    "order": {
                        "id": "o-5",
                        "promised_at": "2026-03-02T17:30:00Z",
                        "items": [
                            {
                                "product": "eggs-12",
                                "name": "Free-range eggs",
                                "category": "eggs",
                                "quantity": 1,
                                "price": "3.20",
                            }
                        ],
                    },
                }
            ]
        },
    )

    id: Id = Field(description="Unique among all events", examples=["e-81"])
    type: Type = Field(
        description="`noun.verb`. Understood: " + ", ".join(EVENT_TYPES),
        examples=["order.placed"],
    )
    at: Moment = Field(
        description="When it happened, with a zone", examples=["2026-03-02T10:00:00Z"]
    )
    customer: CustomerForm
    order: OrderForm | None = Field(None, description="Needed by every `order.…`")
    data: dict[str, Any] = Field({}, description="Anything else that templates use")
