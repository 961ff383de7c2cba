"""Is what made the campaign start still true? Asked when a step is reached, and again just before its message goes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aftercart import conditions, moments
from aftercart.campaigns import (
    Campaign,
    Inactive,
    LateDelivery,
    RunningLow,
    Send,
    StopIf,
    Tag,
    Task,
)
from aftercart.model import Order, State
from aftercart.policy.verdicts import Skip
from aftercart.reasons import Code, Reason, because


def trigger_gone(
    campaign: Campaign,
    order: Order | None,
    scope: conditions.Scope,
    facts: Mapping[str, Any],
) -> Skip | None:
    """Why the trigger does not hold any more: the order arrived, the staple was bought again, they came back. None: it holds."""
    trigger = campaign.trigger
    if isinstance(trigger, LateDelivery) and order:
        if order.delivered_at:
            zone = moments.zone(scope.customer.timezone)
            at = f"{moments.local(order.delivered_at, zone):%-d %b %H:%M}"
            return Skip(because(Code.ARRIVED, order=order.id, at=at), State.CANCELLED)
        if order.cancelled_at:
            return Skip(because(Code.ORDER_CANCELLED, order=order.id), State.CANCELLED)
    if isinstance(trigger, RunningLow):
        staples = facts.get("staples", [])
        if not staples_left(staples, scope.last_bought):
            names = ", ".join(s["name"] for s in staples)
            return Skip(because(Code.REORDERED, products=names))
    if isinstance(trigger, Inactive):
        last = scope.customer.last_order_at
        known = facts.get("last_order_at")
        if known and last and last > datetime.fromisoformat(known):
            zone = moments.zone(scope.customer.timezone)
            at = f"{moments.local(last, zone):%-d %b %H:%M}"
            return Skip(because(Code.CAME_BACK, at=at))
    return None


def stopped(
    campaign: Campaign, scope: conditions.Scope, *, before: Send | Task | Tag | None
) -> Skip | None:
    """Why the person is out: not in the audience, or a stop condition on the way to the step `before` holds."""
    audience = campaign.audience
    if audience and not conditions.predicate(audience)(scope):
        return Skip(because(Code.NOT_IN_AUDIENCE, condition=audience.text))
    for step in campaign.steps:
        if step is before:
            break
        if isinstance(step, StopIf) and conditions.predicate(step.condition)(scope):
            return Skip(_words(step, scope.order))
    return None


def send_of(campaign: Campaign, template: str, facts: Mapping[str, Any]) -> Send | None:
    """The step that a message comes from: the send of its number, or, in a campaign that was rewritten, of its template."""
    sends = [step for step in campaign.steps if isinstance(step, Send)]
    number = int(facts.get("send", 1))
    likely = [*sends[number - 1 : number], *sends]
    return next((step for step in likely if template in templates(step)), None)


def templates(step: Send) -> tuple[str, ...]:
    """The templates that a send may use: its own, and that of its fallback."""
    return (step.template, step.fallback[1]) if step.fallback else (step.template,)


def staples_left(
    staples: Sequence[Mapping[str, str]], last_bought: Mapping[str, datetime]
) -> list[Mapping[str, str]]:
    """The staples of a nudge that have not been bought again since."""
    return [
        staple
        for staple in staples
        if (again := last_bought.get(staple["category"])) is None
        or again <= datetime.fromisoformat(staple["last_at"])
    ]


def _words(step: StopIf, order: Order | None) -> Reason:
    """The most telling words for a stop condition that holds."""
    text = step.condition.text
    if order and order.refunded_at and "order.refunded" in text:
        return because(Code.ORDER_REFUNDED, order=order.id)
    if order and order.cancelled_at and "order.cancelled" in text:
        return because(Code.ORDER_CANCELLED, order=order.id)
    return because(Code.STOP_CONDITION, condition=text)
