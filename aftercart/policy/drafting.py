"""What message comes of a step that sends? Its key, channel, template and time, or the reason why it does not go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from aftercart import conditions, moments
from aftercart.campaigns import Campaign, Send, Tag, Task
from aftercart.model import (
    Channel,
    Customer,
    Enrollment,
    Message,
    Order,
    State,
    message_id,
)
from aftercart.policy import going_live, permission, still, timing, varying, waiting
from aftercart.policy.choosing import choose
from aftercart.policy.holding_out import held_out
from aftercart.policy.verdicts import Skip
from aftercart.reasons import Code, Reason, because
from aftercart.shop import Recipe, Shop


@dataclass(frozen=True)
class View:
    """What is known about a person when a step is due."""

    customer: Customer
    order: Order | None = None
    last_bought: Mapping[str, datetime] = field(default_factory=dict)
    past: Mapping[str, Sequence[tuple[datetime, Decimal]]] = field(default_factory=dict)
    suppressed: Mapping[Channel, permission.Suppressed] = field(default_factory=dict)
    had: frozenset[str] = frozenset()  #: contents of this campaign they have had
    reached: Sequence[datetime] = ()  #: earlier messages of this campaign
    told: Sequence[datetime | None] = ()  #: arrival times told about this order


@dataclass(frozen=True)
class Draft:
    """A message to be: the row that will be inserted."""

    message: Message
    priority: int


def draft(
    e: Enrollment,
    campaign: Campaign,
    send: Send,
    shop: Shop,
    view: View,
    *,
    base: datetime,
    now: datetime,
) -> Draft:
    """The message of this step, scheduled or with the reason why it does not go."""
    leg, channel, template = _leg(send, view)
    due_at = timing.in_hours(base, campaign, channel, send.between, shop, view.customer)
    recipe, facts, reason = _content(e, campaign, send, shop, view)
    ended = (
        going_live.closed(campaign, view.customer, trial=shop.trial)
        or _ended(e, campaign, send, channel, view, now)
        or (Skip(reason) if reason else None)
    )
    number = varying.number(campaign, send)
    if number > 1:
        facts["send"] = number
    if leg == 0 and (lot := varying.variant(campaign, send, e.customer_id)):
        template, facts["variant"] = lot.template, lot.name
    # the enrollment's own key for the first message of the way; the others carry their number, or they would count as planned
    occurrence = e.occurrence if number == 1 else f"{e.occurrence}#{number}"
    message = Message(
        id=message_id(e.campaign, e.customer_id, occurrence, leg),
        campaign=e.campaign,
        version=e.version,
        customer_id=e.customer_id,
        occurrence=occurrence,
        leg=leg,
        channel=channel,
        purpose=campaign.purpose,
        template=template,
        state=ended.state if ended else State.SCHEDULED,
        reason=ended.reason if ended else None,
        due_at=due_at,
        expires_at=due_at + send.expires,
        created_at=now,
        order_id=e.order_id,
        content=recipe.id if recipe else "",
        facts=facts,
    )
    return Draft(message, campaign.priority)


def _ended(
    e: Enrollment,
    campaign: Campaign,
    send: Send,
    channel: Channel,
    view: View,
    now: datetime,
) -> Skip | None:
    """What speaks against this message already while it is planned."""
    return (
        over(e, campaign, send, view, now)
        or permission.refused(
            view.customer,
            purpose=campaign.purpose,
            channel=channel,
            suppressed=view.suppressed.get(channel),
        )
        or _too_soon(campaign, view, now)
        # last of all: only whom everything else would have let through can be compared with those who got it
        or held_out(campaign, view.customer)
    )


def over(
    e: Enrollment,
    campaign: Campaign,
    step: Send | Task | Tag,
    view: View,
    now: datetime,
) -> Skip | None:
    """Why the way of this person ends before the step."""
    scope = scope_of(e, view, now)
    return still.trigger_gone(campaign, view.order, scope, e.facts) or still.stopped(
        campaign, scope, before=step
    )


def scope_of(e: Enrollment, view: View, now: datetime) -> conditions.Scope:
    """What a condition sees that is judged on this person's way."""
    return conditions.Scope(
        view.customer, view.order, now, e.started_at, view.last_bought, view.past
    )


def _leg(send: Send, view: View) -> tuple[int, Channel, str]:
    """The first channel, or the fallback where only that one reaches the customer."""

    def reaches(channel: Channel) -> bool:
        return bool(view.customer.address(channel)) and channel not in view.suppressed

    if send.fallback and not reaches(send.channel) and reaches(send.fallback[0]):
        return 1, *send.fallback
    return 0, send.channel, send.template


def _content(
    e: Enrollment, campaign: Campaign, send: Send, shop: Shop, view: View
) -> tuple[Recipe | None, dict[str, Any], Reason | None]:
    known = {k: v for k, v in e.facts.items() if k != waiting.FACT}
    facts = {**known, "started_at": e.started_at.isoformat()}
    if send.content != "recipes":
        return None, facts, None
    lines = view.order.lines if view.order else ()
    recipe = choose(shop.recipes, lines=lines, had=view.had)
    if recipe is None:
        return None, facts, because(Code.NOTHING_NEW)
    return recipe, facts, None


def _too_soon(campaign: Campaign, view: View, now: datetime) -> Skip | None:
    limit = campaign.limit
    if limit is None:
        return None
    recent = [at for at in view.reached if at > now - limit.period]
    if len(recent) < limit.count:
        return None
    zone = moments.zone(view.customer.timezone)
    return Skip(
        because(
            Code.RECENT_ENOUGH,
            last=f"{moments.local(recent[-1], zone):%-d %B}",
            limit=f"{limit.count} per {limit.period.days} days",
        )
    )
