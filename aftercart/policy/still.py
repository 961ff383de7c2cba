"""Is what made the campaign start still true? Asked when a step is reached, and again just before its message goes."""

from collections.abc import Iterator, Mapping, Sequence
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
    for step in _on_the_way(campaign, before):
        if conditions.predicate(step.condition)(scope):
            return Skip(_words(step, scope.order))
    return None


def _on_the_way(
    campaign: Campaign, before: Send | Task | Tag | None
) -> Iterator[StopIf]:
    """The stop conditions above a step: of its own list, and of those that this one stands in; not those of a branch that is over."""
    steps = campaign.steps
    here = next((n for n, s in enumerate(steps) if s is before), len(steps))
    for step in steps[:here]:
        if isinstance(step, StopIf) and (step.until is None or here < step.until):
            yield step


def send_of(campaign: Campaign, template: str, facts: Mapping[str, Any]) -> Send | None:
    """The step that a message comes from: the send of its number, or, in a campaign that was rewritten, of its template."""
    number = int(facts.get("send", 1))
    likely = [*campaign.sends[number - 1 : number], *campaign.sends]
    return next((step for step in likely if template in templates(step)), None)


def templates(step: Send) -> tuple[str, ...]:
    """The templates that a send may use: its own or its variants, and that of its fallback."""
    own = [step.template, *(v.template for v in step.variants)]
    return tuple(dict.fromkeys([*own, step.fallback[1]] if step.fallback else own))


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
