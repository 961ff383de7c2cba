"""What would this customer see? A message as the campaign would write it now, for a person or with sample words; sends nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from aftercart import composing, gathering, locales
from aftercart.campaigns import Campaign, LateDelivery, RunningLow, Send
from aftercart.errors import InputError
from aftercart.handover import Rendered
from aftercart.model import Channel, Customer, Message, Order, State
from aftercart.policy.choosing import choose
from aftercart.rendering import Template
from aftercart.rendering.vocabulary import sample_values
from aftercart.runtime import Runtime
from aftercart.spelling import did_you_mean
from aftercart.store import Tx, customers, orders, rhythms

_LINKS = composing.Links(
    unsubscribe="https://shop.example/u/preview",
    preferences="https://shop.example/u/preview",
    survey="https://shop.example/s/preview",
    referral="7K2M9QXH",
)
_SAMPLE = "4TR8WZ3CHK29MPQX"
#: Orders that are looked through for one that fits the campaign.
_RECENT = 30


@dataclass(frozen=True)
class Preview:
    """One message of the campaign: by which channel, from which template, and what it says."""

    channel: Channel
    template: str
    rendered: Rendered
    preview_text: str
    locale: str


def preview(
    rt: Runtime, name: str, *, customer_id: str | None = None, locale: str = ""
) -> list[Preview]:
    """Every message of a campaign, in the order of its steps, first channel before fallback.

    With `locale` as somebody with that language would get it, else in the customer's own.

    Raises:
        InputError: when there is no such campaign or customer.
        TemplateError: when a template cannot be filled in.
    """
    campaign = rt.campaigns.get(name)
    if campaign is None:
        raise InputError(
            f'there is no campaign "{name}"; {did_you_mean(name, list(rt.campaigns))}'
        )
    if locale and not locales.known(locale):
        raise InputError(f'"{locale}" is not a language that is known: de, de-AT, …')
    seen = _seen(rt, campaign, customer_id)
    wanted = locale or (seen.customer.locale if seen else "")
    return [
        _preview(rt, rt.renderer.template(template, wanted), channel, campaign, seen)
        for step in campaign.steps
        if isinstance(step, Send)
        for channel, template in _ways(step)
    ]


def _ways(step: Send) -> list[tuple[Channel, str]]:
    own = [v.template for v in step.variants] or [step.template]
    fallback = [step.fallback] if step.fallback else []
    return [*((step.channel, template) for template in own), *fallback]


@dataclass(frozen=True)
class _Seen:
    """What is known of the customer for whom it is looked at."""

    message: Message
    customer: Customer
    order: Order | None
    last_bought: Mapping[str, datetime]
    now: datetime


def _preview(
    rt: Runtime,
    template: Template,
    channel: Channel,
    campaign: Campaign,
    seen: _Seen | None,
) -> Preview:
    values = _values(rt, template, channel, campaign, seen)
    mail = channel is Channel.EMAIL
    return Preview(
        channel,
        template.name,
        rt.renderer.render(template, channel, values),
        rt.renderer.preview(template, values) if mail else "",
        template.locale,
    )


def _seen(rt: Runtime, campaign: Campaign, customer_id: str | None) -> _Seen | None:
    if customer_id is None:
        return None
    now = rt.clock()
    with rt.store.read() as tx:
        customer = customers.load(tx, [customer_id], now=now).get(customer_id)
        if customer is None:
            raise InputError(
                f'there is no customer "{customer_id}"; ids stand in the log, and the console finds them by name, '
                "address or number"
            )
        message, order = _message(tx, rt, campaign, customer, now)
        bought = orders.last_bought(
            tx, [customer_id], categories=gathering.categories(campaign), now=now
        )
    return _Seen(message, customer, order, bought.get(customer_id, {}), now)


def _values(
    rt: Runtime,
    template: Template,
    channel: Channel,
    campaign: Campaign,
    seen: _Seen | None,
) -> Mapping[str, Any]:
    samples = sample_values(locale=template.locale)
    samples["message"]["purpose"] = campaign.purpose.value
    if seen is None:
        return samples
    own = composing.values(
        replace(seen.message, channel=channel),
        customer=seen.customer,
        order=seen.order,
        campaign=campaign,
        shop=rt.shop,
        locale=template.locale,
        links=replace(_LINKS, coupon=_coupon(rt, campaign)),
        last_bought=seen.last_bought,
        now=seen.now,
    )
    # where this person has no recipe or staple, the sample stands in, so that the page is whole
    return {**samples, **{k: v for k, v in own.items() if v not in ({}, [])}}


def _coupon(rt: Runtime, campaign: Campaign) -> str:
    """What the code will look like; the real one belongs to a message that is on its way."""
    of = rt.shop.coupons.get(campaign.name)
    return f"{of.prefix}-{_SAMPLE[: of.length]}" if of else ""


def _message(
    tx: Tx, rt: Runtime, campaign: Campaign, customer: Customer, now: datetime
) -> tuple[Message, Order | None]:
    send = next(s for s in campaign.steps if isinstance(s, Send))
    recent = orders.of_customer(tx, customer.id, now=now, limit=_RECENT)
    content, order = "", recent[0] if recent else None
    if send.content == "recipes":
        for candidate in recent:
            recipe = choose(rt.shop.recipes, lines=candidate.lines, had=())
            if recipe:
                content, order = recipe.id, candidate
                break
    facts: dict[str, Any] = {"started_at": now.isoformat()}
    if isinstance(campaign.trigger, LateDelivery):
        facts["told"] = (now + timedelta(minutes=40)).isoformat()
    if isinstance(campaign.trigger, RunningLow):
        facts["staples"] = _staples(tx, campaign, campaign.trigger, customer)
    message = Message(
        id="preview",
        campaign=campaign.name,
        version=campaign.version,
        customer_id=customer.id,
        occurrence="preview",
        leg=0,
        channel=send.channel,
        purpose=campaign.purpose,
        template=send.template,
        state=State.SCHEDULED,
        due_at=now,
        expires_at=now + send.expires,
        created_at=now,
        order_id=order.id if order else "",
        content=content,
        facts=facts,
    )
    return message, order


def _staples(
    tx: Tx, campaign: Campaign, trigger: RunningLow, customer: Customer
) -> list[dict[str, str]]:
    known = rhythms.load(tx, campaign.name, [customer.id])
    due = sorted(
        (r for r in known.values() if r.nudge_at),
        key=lambda r: (r.nudge_at, r.category),
    )
    return [
        {
            "category": r.category,
            "name": staple.name
            if (staple := trigger.staple(r.category))
            else r.category,
            "last_at": r.last_at.isoformat(),
        }
        for r in due[:2]
    ]
