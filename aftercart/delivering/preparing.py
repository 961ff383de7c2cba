"""Which messages of the batch go, and with what text? Decisions and rendering; no transaction is open while this runs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from aftercart import codes, composing, gathering, keeping, links
from aftercart.errors import TemplateError
from aftercart.gathering import People
from aftercart.handover import Outgoing
from aftercart.keeping import Versions
from aftercart.model import Channel, Message, Purpose, State
from aftercart.policy import Facts, Send, Skip, Wait, decide
from aftercart.reasons import HOLDS, Code, Reason, because
from aftercart.rendering import Template
from aftercart.runtime import Runtime
from aftercart.store import Tx
from aftercart.store.transitions import Move

#: Noted starts that never reached the provider before a message is given up: the first together with others, the second alone.
#: Its rendering may be what kills the worker; with the start that nobody noted it costs three of them.
MAX_CLAIMS = 2

#: How long until a message whose template cannot be used is looked at again.
BROKEN_LOOK = timedelta(minutes=1)

_log = structlog.get_logger(__name__)


@dataclass
class Prepared:
    """What became of a batch before anything is sent."""

    moves: list[Move] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)  #: could not be decided on
    outgoing: list[Outgoing] = field(default_factory=list)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    address_keys: dict[str, str] = field(default_factory=dict)
    kept: dict[tuple[str, str], Template] = field(default_factory=dict)

    @property
    def channels(self) -> list[Channel]:
        """The channels of what goes, each once."""
        return [c for c in Channel if any(o.channel is c for o in self.outgoing)]

    @property
    def templates(self) -> list[Template]:
        """What was used, each version once."""
        return list({t.version: t for t in self.kept.values()}.values())

    def template(self, rt: Runtime, name: str, locale: str) -> Template:
        """The template as it is now: looked up once for the batch, so that a batch never mixes two versions."""
        if (name, locale) not in self.kept:
            self.kept[name, locale] = rt.renderer.template(name, locale)
        return self.kept[name, locale]


@dataclass(frozen=True)
class Gathered:
    """What the decisions on a batch look at."""

    people: People
    versions: Versions


def gather(tx: Tx, rt: Runtime, batch: Sequence[Message], *, now: datetime) -> Gathered:
    """Loads it, for all of the batch at once."""
    versions = keeping.of(tx, rt, {(m.campaign, m.version) for m in batch})
    known = gathering.people(
        tx,
        customer_ids={m.customer_id for m in batch},
        order_ids={m.order_id for m in batch},
        campaigns=keeping.campaigns(versions),
        now=now,
    )
    return Gathered(known, versions)


def prepare(
    rt: Runtime, batch: Sequence[Message], known: Gathered, *, now: datetime
) -> Prepared:
    """Decides on every message and renders those that go."""
    prepared = Prepared()
    for message in batch:
        try:
            _prepare(rt, message, known, prepared, now)
        except Exception:
            # It is rung again, alone, and given up when that fails too. The others go.
            _log.exception("a message could not be prepared", message=message.id)
            prepared.broken.append(message.id)
    return prepared


def _prepare(
    rt: Runtime, message: Message, known: Gathered, prepared: Prepared, now: datetime
) -> None:
    facts = gathering.facts(rt, message, known.people, known.versions)
    if isinstance(facts, Reason):
        gone = Skip(facts, State.CANCELLED)
        prepared.moves.append(_end(rt, message, gone, now))
    elif message.claims >= MAX_CLAIMS:
        poison = Skip(because(Code.POISON, count=MAX_CLAIMS), State.FAILED)
        prepared.moves.append(_end(rt, message, poison, now))
    else:
        _decide(rt, facts, prepared, now)


def _decide(rt: Runtime, facts: Facts, prepared: Prepared, now: datetime) -> None:
    match decide(facts, now):
        case Skip() as skip:
            prepared.moves.append(_end(rt, facts.message, skip, now))
        case Wait() as wait:
            prepared.moves.append(_hold(rt, facts.message, wait, now))
        case Send():
            _render_or_say_why(rt, facts, prepared, now)


def _render_or_say_why(
    rt: Runtime, facts: Facts, prepared: Prepared, now: datetime
) -> None:
    try:
        prepared.template(rt, facts.message.template, facts.customer.locale)
    except TemplateError as error:
        # not this message's fault: who mends the template in time has lost none
        until = now + BROKEN_LOOK
        told = f"{until:%H:%M} UTC"
        why = because(Code.TEMPLATE_BROKEN, until=told, words=_first(error))
        prepared.moves.append(_hold(rt, facts.message, Wait(until, why), now))
        return
    try:
        _render(rt, facts, prepared, now)
    except TemplateError as error:
        reason = because(Code.RENDER_FAILED, words=_first(error))
        failed = Skip(reason, State.FAILED)
        prepared.moves.append(_end(rt, facts.message, failed, now))


def _first(error: TemplateError) -> str:
    return str(error.problems[0] if error.problems else error)


def _render(rt: Runtime, facts: Facts, prepared: Prepared, now: datetime) -> None:
    message, customer = facts.message, facts.customer
    template = prepared.template(rt, message.template, customer.locale)
    token_links = _links(rt, message)
    values = composing.values(
        message,
        customer=customer,
        order=facts.order,
        campaign=facts.campaign,
        shop=rt.shop,
        locale=template.locale,
        links=token_links,
        last_bought=facts.last_bought,
        now=now,
    )
    rendered = rt.renderer.render(template, message.channel, values)
    prepared.outgoing.append(
        Outgoing(
            message_id=message.id,
            campaign=message.campaign,
            channel=message.channel,
            purpose=message.purpose,
            to=customer.address(message.channel),
            to_name=customer.first_name,
            rendered=rendered,
            headers=_headers(message, token_links),
        )
    )
    prepared.values[message.id] = values
    prepared.versions[message.id] = template.version
    prepared.attempts[message.id] = message.attempts + 1
    prepared.address_keys[message.id] = (
        customer.email_key if message.channel is Channel.EMAIL else customer.phone_key
    )


def _links(rt: Runtime, message: Message) -> composing.Links:
    secret, public = rt.settings.secret_key, rt.settings.public_url
    referral = codes.referral(message.customer_id, secret=secret)
    coupon = codes.of_message(rt.shop.coupons, message, secret=secret)
    if message.purpose is Purpose.SERVICE:
        return composing.Links("", "", "", referral, coupon)
    leave = links.unsubscribe_url(
        public, links.sign(links.UNSUBSCRIBE, message.id, secret=secret)
    )
    survey = ""
    if message.purpose is Purpose.SURVEY:
        token = links.sign(links.SURVEY, message.id, secret=secret)
        survey = links.survey_url(public, token)
    return composing.Links(leave, leave, survey, referral, coupon)


def _headers(message: Message, token_links: composing.Links) -> dict[str, str]:
    """RFC 8058: one click in the mailbox ends marketing and surveys. A service message has nothing to unsubscribe from."""
    if not token_links.unsubscribe or message.channel is not Channel.EMAIL:
        return {}
    return {
        "List-Unsubscribe": f"<{token_links.unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _end(rt: Runtime, message: Message, skip: Skip, now: datetime) -> Move:
    return Move(
        message.id, State.SCHEDULED, skip.state, now, rt.actor, reason=skip.reason
    )


def _hold(rt: Runtime, message: Message, wait: Wait, now: datetime) -> Move:
    paused = wait.reason.code in HOLDS
    # what a person holds stays due, so that a resume finds it; what waits for its hour gives its slot back until then
    until = min(wait.until, message.expires_at)
    columns: dict[str, Any] = {"claims": 0}
    if not paused:
        columns |= {"due_at": until, "slot_at": None}
    return Move(
        message.id,
        State.SCHEDULED,
        State.SCHEDULED,
        now,
        rt.actor,
        word="held",
        reason=wait.reason,
        # a pause is looked at every five minutes; a week of it is one line and not two thousand
        quiet=message.reason == wait.reason,
        ring_at=until,
        columns=columns,
    )
