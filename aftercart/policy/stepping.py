"""A person's enrollment is due: what happens now, and when is it due again?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from aftercart import conditions, moments
from aftercart.campaigns import (
    Campaign,
    LateDelivery,
    Send,
    Tag,
    Task,
    Wait,
)
from aftercart.model import (
    Channel,
    Customer,
    Enrollment,
    Message,
    Order,
    State,
    message_id,
)
from aftercart.policy import lateness, permission, still, timing
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


@dataclass(frozen=True)
class Advance:
    """Where the enrollment stands now. `ended` with no `reason`: all steps are done."""

    step: int
    due_at: datetime
    drafts: tuple[Draft, ...] = ()
    tasks: tuple[tuple[int, str], ...] = ()  #: for support: of which step, and what
    tags: tuple[tuple[str, bool], ...] = ()  #: put on or, if false, taken off, in order
    ended: bool = False
    reason: Reason | None = None


def advance(
    enrollment: Enrollment, *, campaign: Campaign, shop: Shop, view: View, now: datetime
) -> Advance:
    """Takes every step that is due. Waits count from the moment the step before was due, so a late tick shifts nothing."""
    step, base = enrollment.step, enrollment.due_at
    if isinstance(campaign.trigger, LateDelivery) and view.order:
        verdict = _lateness(enrollment, campaign.trigger, view.order, view, now)
        if isinstance(verdict, Reason):
            return Advance(step, base, ended=True, reason=verdict)
        if isinstance(verdict, lateness.NotYet):
            return Advance(step, verdict.at)
        told = {"told": verdict.time.isoformat() if verdict.time else ""}
        enrollment = replace(enrollment, facts={**enrollment.facts, **told})
    drafts: list[Draft] = []
    tasks: list[tuple[int, str]] = []
    tags: list[tuple[str, bool]] = []

    def here(*, ended: bool = False, reason: Reason | None = None) -> Advance:
        done = tuple(drafts), tuple(tasks), tuple(tags)
        return Advance(step, base, *done, ended, reason)

    while step < len(campaign.steps):
        current = campaign.steps[step]
        if isinstance(current, Wait):
            base = timing.after_wait(campaign, step, current, view.customer, base)
            step += 1
            if base > now:
                return here()
            continue
        if isinstance(current, Task | Tag):
            if base > now:  # it follows a message that goes later, and so does this
                return here()
            if over := _over(enrollment, campaign, current, view, now):
                return here(ended=True, reason=over.reason)
        if isinstance(current, Task):
            tasks.append((step, current.words))
        if isinstance(current, Tag):
            tags.append((current.name, current.on))
            view = _tagged(view, current)
        if isinstance(current, Send):
            drafts.append(
                _draft(enrollment, campaign, current, shop, view, base=base, now=now)
            )
            if _ends(drafts[-1]):
                return here(ended=True, reason=drafts[-1].message.reason)
            # what follows counts from when the message goes, not from the night before its hours
            base = drafts[-1].message.due_at
        # a StopIf is judged with the Send that follows it, so that the log shows the message that was not sent
        step += 1
    return here(ended=True)


def _tagged(view: View, step: Tag) -> View:
    """The same person with the tag, or without: the steps that follow see it."""
    tags = view.customer.tags - {step.name}
    tags |= {step.name} if step.on else set()
    return replace(view, customer=replace(view.customer, tags=tags))


def _lateness(
    e: Enrollment, trigger: LateDelivery, order: Order, view: View, now: datetime
) -> lateness.Late | lateness.NotYet | Reason:
    by_promise = not e.facts.get("eta")
    return lateness.judge(
        order, trigger=trigger, by_promise=by_promise, told=view.told, now=now
    )


def _draft(
    e: Enrollment,
    campaign: Campaign,
    send: Send,
    shop: Shop,
    view: View,
    *,
    base: datetime,
    now: datetime,
) -> Draft:
    leg, channel, template = _leg(send, view)
    due_at = timing.in_hours(base, campaign, channel, send.between, shop, view.customer)
    recipe, facts, reason = _content(e, campaign, send, shop, view)
    ended = _ended(e, campaign, send, channel, view, now) or (
        Skip(reason) if reason else None
    )
    number = _number(campaign, send)
    if number > 1:
        facts["send"] = number
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
        _over(e, campaign, send, view, now)
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


def _over(
    e: Enrollment,
    campaign: Campaign,
    step: Send | Task | Tag,
    view: View,
    now: datetime,
) -> Skip | None:
    """Why the way of this person ends before the step."""
    scope = conditions.Scope(
        view.customer, view.order, now, e.started_at, view.last_bought, view.past
    )
    return still.trigger_gone(campaign, view.order, scope, e.facts) or still.stopped(
        campaign, scope, before=step
    )


def _number(campaign: Campaign, send: Send) -> int:
    """Which of the campaign's messages this is, counted from 1."""
    sends = [step for step in campaign.steps if isinstance(step, Send)]
    return next(n for n, step in enumerate(sends, start=1) if step is send)


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
    facts = {**e.facts, "started_at": e.started_at.isoformat()}
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


#: Why a message was not sent that says something about the whole way, and not only about this step's channel or turn.
_ENDING = (
    Code.ORDER_REFUNDED,
    Code.ORDER_CANCELLED,
    Code.STOP_CONDITION,
    Code.NOT_IN_AUDIENCE,
    Code.REORDERED,
    Code.ARRIVED,
    Code.CAME_BACK,
    Code.HOLDOUT,
)


def _ends(draft: Draft) -> bool:
    """Whether the reason for not sending one step ends the whole way: only what started it, or a condition, does."""
    reason = draft.message.reason
    return reason is not None and reason.code in _ENDING
