"""Which keys may a campaign file have, and what may stand there? The models behind `check`, and the schema for editors."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from aftercart.conditions import CATALOGUE, FUNCTIONS
from aftercart.loading.given import ExampleShape
from aftercart.loading.pieces import (
    Clock,
    Days,
    EventType,
    Length,
    Limit_,
    Orders,
    Part,
    Rounds,
    Scores,
    Shape,
    Share,
    Span,
    Staples,
    Stop_,
    TagWord,
    Wait_,
)

#: Of these keys a trigger and a step have exactly one.
TRIGGERS = (
    "event",
    "every",
    "date",
    "inactive_for",
    "answer",
    "running_low",
    "late_delivery",
)
STEPS = (
    "wait",
    "wait_for",
    "if",
    "stop",
    "stop_if",
    "task",
    "tag",
    "untag",
    "send",
)


def _language(sees: str) -> str:
    """The condition language as hover text: what an editor shows while one is being written."""
    needs = {"customer"} if sees == "customer" else {"customer", "order", "item"}
    names = [
        f"{f.path}: {f.description}" for f in CATALOGUE.values() if f.needs in needs
    ]
    forms = [
        f"{form}: {text}"
        for form, text in FUNCTIONS.items()
        if "item" in needs or not form.startswith(("any", "all", "contains"))
    ]
    return "\n".join([*names, *forms])


class RunningLowShape(Shape):
    staples: Staples = Field(
        (), description='"all", or a list of categories of shop/staples.yaml.'
    )
    at: Clock = Field(description="The time of day on the customer's clock.")
    after: Orders = Field(
        2, description="How often the customer must have bought the staple before."
    )
    together: Length = Field(
        timedelta(days=3),
        description="Staples that fall due within this time of the first are told in the same message.",
    )


class LateDeliveryShape(Shape):
    by: Length = Field(description="How late an order must be, or be expected.")
    confirmed_for: Length = Field(
        description="For how long it must have been so, before anybody is told."
    )
    worse_by: Length = Field(
        description="How much later it must get before the customer is told again."
    )


class AnsweredShape(Shape):
    survey: str = Field(description="A campaign whose purpose is survey.")
    score: Scores = Field(description="The scores that count, such as 0-6.")


class TriggerShape(Shape):
    """One of event, every, date, inactive_for, answer, running_low, late_delivery."""

    event: EventType | None = Field(
        None, description="Starts when the shop tells of this event."
    )
    where: str | None = Field(
        None, description=f"Only if this holds for the order.\n{_language('order')}"
    )
    every: Days | None = Field(
        None,
        description="Starts for the whole audience at this time of the week, or of the month.",
    )
    date: Literal["customer.birthday", "customer.since"] | None = Field(
        None, description="Starts every year on this day of the customer."
    )
    inactive_for: Length | None = Field(
        None, description="Starts when the customer has not ordered for so many days."
    )
    answer: AnsweredShape | None = Field(
        None, description="Starts when a survey is answered with such a score."
    )
    at: Clock | None = Field(
        None,
        description="With date and inactive_for: the time of day on the customer's clock; 10:00 where it is not said.",
    )
    before: Length | None = Field(None, description="With date: so many days earlier.")
    after: Length | None = Field(None, description="With date: so many days later.")
    running_low: RunningLowShape | None = Field(
        None, description="Starts when a staple is likely to run low."
    )
    late_delivery: LateDeliveryShape | None = Field(
        None, description="Starts when an order is late."
    )


class MessageShape(Shape):
    """One of email, sms."""

    email: str | None = Field(None, description="A folder of templates/, for e-mail.")
    sms: str | None = Field(None, description="A folder of templates/, for SMS.")


class WaitForShape(Shape):
    event: EventType = Field(description="What the customer should do.")
    within: Length = Field(description="How long it is waited for at most.")
    where: str | None = Field(
        None, description=f"Only if this holds for its order.\n{_language('order')}"
    )


class VariantShape(Shape):
    template: str = Field(description="A folder of templates/, for the same channel.")
    share: Part | None = Field(
        None, description="How many get it; the rest is divided equally."
    )


def _variant(value: object) -> object:
    return {"template": value} if isinstance(value, str) else value


Variants = Annotated[
    dict[
        Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=20)],
        Annotated[VariantShape, BeforeValidator(_variant)],
    ],
    WithJsonSchema(
        {
            "type": "object",
            "minProperties": 2,
            "additionalProperties": {
                "anyOf": [{"type": "string"}, VariantShape.model_json_schema()]
            },
        }
    ),
]


class StepShape(Shape):
    """One of wait, wait_for, if, stop, stop_if, task, tag, untag, send. The other keys belong to some of them."""

    wait: Wait_ | None = Field(
        None,
        description="Days are days on the customer's calendar; hours and minutes are elapsed time. Or {until: 16:00}.",
    )
    wait_for: WaitForShape | None = Field(
        None,
        description="Goes on as soon as the customer does this, or when the time is over.",
    )
    if_: str | None = Field(
        None,
        alias="if",
        description=f"Goes one of two ways: looked at when the step is reached.\n{_language('order')}",
    )
    then: list["StepShape"] | None = Field(
        None, description="With if: where it holds. With wait_for: who did it in time."
    )
    else_: list["StepShape"] | None = Field(
        None, alias="else", description="With if and wait_for: all others."
    )
    stop: Stop_ | None = Field(
        None,
        description="The campaign ends here for this customer: true, or why, in words.",
    )
    stop_if: str | None = Field(
        None,
        description=f"Ends the campaign for this customer if it holds.\n{_language('order')}",
    )
    task: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="Something for support to do: opens a case.",
    )
    tag: TagWord | None = Field(None, description="Puts this tag on the customer.")
    untag: TagWord | None = Field(None, description="Takes this tag off the customer.")
    send: MessageShape | None = Field(
        None, description="One message: {email: template} or {sms: template}."
    )
    between: Span | None = Field(
        None, description="Only at this time of day on the customer's clock."
    )
    expires: Length | None = Field(
        None,
        description="After this long the message is no use any more and is dropped.",
    )
    fallback: MessageShape | None = Field(
        None, description="Used when the first channel cannot reach the customer."
    )
    content: Literal["recipes"] | None = Field(
        None, description="A file of shop/ from which one entry is chosen."
    )
    variants: Variants | None = Field(
        None,
        description="Templates that lots are drawn among: {a: template, b: template}.",
    )


class GoalShape(Shape):
    """What a campaign is for: `aftercart results` counts it."""

    event: EventType = Field(description="What people should do, such as order.placed.")
    within: Length = Field(description="For how long after the first message.")


class CampaignShape(Shape):
    """A campaign of Aftercart: who gets what, when, and how often at most."""

    name: str = Field(min_length=1, max_length=80, description="As people call it.")
    purpose: Literal["marketing", "survey", "service"] = Field(
        description="marketing and survey need the customer's consent; service is about a live order."
    )
    trigger: TriggerShape = Field(description="What starts the campaign.")
    audience: str | None = Field(
        None,
        description=f"Only customers for whom this holds.\n{_language('customer')}",
    )
    steps: list[StepShape] = Field(min_length=1, description="What happens, in order.")
    limits: Limit_ | None = Field(
        None, description="How many messages of this campaign one person gets at most."
    )
    priority: int = Field(
        0,
        ge=-100,
        le=100,
        description="The higher goes first when several compete for one place.",
    )
    opens_case: str = Field(
        "",
        max_length=40,
        description='What support is asked to do when it starts, such as "call".',
    )
    holdout: Share | None = Field(
        None,
        description="This share of people does not get it, so that one can see what it does.",
    )
    goal: GoalShape | None = Field(None, description="What it is for.")
    status: Literal["draft", "trial", "live"] = Field(
        "live",
        description="draft: writes to nobody. trial: only to the people on the trial list of shop/shop.yaml. live: to everybody.",
    )
    ramp: Rounds = Field(
        (),
        description="How many people have it at most on the first day, on the next, and so on; then all. For example [50, 500].",
    )
    tests: list[ExampleShape] = Field(
        default_factory=list,
        description="What should happen to an invented customer: `aftercart test` plays it.",
    )


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a campaign file, with a description of every key."""
    schema = CampaignShape.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Aftercart campaign"
    for name, keys in {
        "TriggerShape": TRIGGERS,
        "StepShape": STEPS,
        "MessageShape": ("email", "sms"),
        "GivenShape": ("customer", "order", "event"),
        "ExpectedShape": ("email", "sms", "task", "skipped"),
    }.items():
        schema["$defs"][name]["oneOf"] = [{"required": [key]} for key in keys]
    return schema
