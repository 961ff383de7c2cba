"""What may stand in a test of a campaign file? The invented customer, what happens to them, and what is expected."""

from typing import Literal

from pydantic import Field

from aftercart.loading.pieces import EventType, Moment, Shape, TagWord


class CustomerShape(Shape):
    """The invented customer: Ann, whom every channel reaches and who has agreed to everything, where nothing else is said."""

    timezone: str = Field("UTC", description="The clock of all times in this test.")
    first_name: str | None = Field(None, description="As templates see it.")
    country: str | None = Field(None, description="Two capital letters.")
    locale: str | None = Field(None, description="Such as en or en-GB.")
    birthday: str | None = Field(None, description="Such as 03-08.")
    since: str | None = Field(None, description="A customer since, as 2021-05-01.")
    email: bool = Field(True, description="Whether there is an e-mail address.")
    phone: bool = Field(True, description="Whether there is a telephone number.")
    tags: list[TagWord] = Field(default_factory=list, description="Such as [vip].")
    agreed: list[Literal["email", "sms", "survey"]] = Field(
        ["email", "sms", "survey"], description="What the customer has agreed to."
    )


class ItemShape(Shape):
    category: str = Field(description="The category, as in shop/categories.yaml.")
    name: str | None = Field(None, description="The name of the product.")
    quantity: int = Field(1, ge=1, description="How many units.")
    price: str | int | float | None = Field(None, description="Of one unit.")


class OrderShape(Shape):
    """An order: when it was placed or delivered, and what was in it."""

    id: str | None = Field(None, description="Where another line speaks of it.")
    placed: Moment | None = Field(None, description="When it was placed.")
    promised: Moment | None = Field(None, description="When it was to arrive.")
    delivered: Moment | None = Field(None, description="When it arrived.")
    cancelled: Moment | None = Field(None, description="When it was cancelled.")
    refunded: Moment | None = Field(None, description="When it was refunded.")
    items: list[ItemShape] = Field(default_factory=list, description="What was bought.")


class EventShape(Shape):
    """Any other event of the shop."""

    type: EventType = Field(description="Such as order.eta_changed.")
    at: Moment = Field(description="When it happened.")
    order: str | None = Field(None, description="The id of an order given above.")
    eta: Moment | None = Field(None, description="When the order is expected now.")


class AnswerShape(Shape):
    """An answer to a survey."""

    at: Moment = Field(description="When it was given.")
    score: int = Field(ge=0, le=10, description="From 0 to 10.")
    survey: str | None = Field(
        None,
        description="Which one; the one that starts this campaign, or this campaign, where nothing stands here.",
    )


class GivenShape(Shape):
    """One of customer, order, event, opened, clicked, answer, unsubscribed."""

    customer: CustomerShape | None = Field(None, description="Who it is.")
    order: OrderShape | None = Field(None, description="What was bought.")
    event: EventShape | None = Field(None, description="What else happened.")
    opened: Moment | None = Field(
        None, description="When they opened the newest e-mail."
    )
    clicked: Moment | None = Field(
        None, description="When they followed a link in the newest e-mail."
    )
    unsubscribed: Moment | None = Field(
        None, description="When they followed the link in the newest message to leave."
    )
    answer: AnswerShape | None = Field(None, description="What a survey was answered.")


class ExpectedShape(Shape):
    """One of email, sms, task, skipped."""

    at: Moment | None = Field(None, description="When, to the minute.")
    email: str | None = Field(None, description="This template goes by e-mail.")
    sms: str | None = Field(None, description="This template goes by SMS.")
    task: str | None = Field(None, description="Support is asked to do this.")
    skipped: str | None = Field(
        None, description="Nothing goes, for this reason, such as order_refunded."
    )


class ExampleShape(Shape):
    """A test: what is given, and what is expected."""

    name: str | None = Field(None, description="What it shows.")
    given: list[GivenShape] = Field(description="What happened.", min_length=1)
    until: Moment | None = Field(
        None,
        description="How long it is watched; a week after all that is said where nothing stands here.",
    )
    expect: list[ExpectedShape] = Field(
        description="All messages that go, in order; [] for none."
    )
