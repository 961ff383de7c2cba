"""What does the provider's own list say about a text of which we have heard no end? Twilio reports once, and then has to be asked.

What it says goes into the inbox as if it had been reported, so that a report which comes after all changes nothing.
"""

from datetime import datetime, timedelta

import structlog

from aftercart.channels import Listed, Sender
from aftercart.errors import SendError, TemplateError
from aftercart.model import Channel, Delivery, Message, State
from aftercart.rendering import Template
from aftercart.runtime import Runtime
from aftercart.store import Tx, awaited, inbox, records
from aftercart.store.awaited import Owed

#: When it is asked, counted from the moment in which the text went out: for proof before a service message is repeated, and for its
#: end until a day has passed.
ASK_AFTER = tuple(timedelta(minutes=m) for m in (1, 3, 10, 60, 6 * 60, 24 * 60))
_FINAL = frozenset({Delivery.DELIVERED, Delivery.UNDELIVERED, Delivery.FAILED})
#: The clocks of the provider and of this machine may differ by so much, and a request takes its time.
_BEFORE, _AFTER = timedelta(seconds=10), timedelta(seconds=60)
#: What of a text is compared.
_COMPARED = 160
_PAGE = 50
#: One round takes no longer: who asks is also who plans.
_ROUND = timedelta(seconds=15)

_log = structlog.get_logger(__name__)


def reconcile(rt: Runtime) -> int:
    """Asks about the texts whose time has come; returns of how many something was learned. Safe to run anywhere, any number of times."""
    now = rt.clock()
    with rt.store.read() as tx:
        owed = awaited.due(tx, now=now, limit=_PAGE)
    if not owed:
        return 0
    sender = rt.senders[Channel.SMS]
    learned, later, done = 0, dict[str, datetime](), set[str]()
    for one in owed:
        if _is_settled(one.message):
            done.add(one.message.id)
            continue
        if rt.clock() - now > _ROUND:
            break
        try:
            found = _find(rt, sender, one)
        except SendError as error:
            _log.warning("the provider's list cannot be asked", words=error.words)
            break
        learned += bool(found)
        if found:
            with rt.store.write() as tx:
                _keep(tx, sender.provider, found, one.message, now)
        again = _next(one, now)
        if again is None:
            done.add(one.message.id)
        else:
            later[one.message.id] = again
    asked = {one.message.id: one.asked + 1 for one in owed}
    with rt.store.write() as tx:
        awaited.ask_later(tx, later, asked=asked)
        awaited.forget(tx, done)
    return learned


def _is_settled(message: Message) -> bool:
    over = message.state not in (State.ACCEPTED, State.UNCERTAIN, State.SENDING)
    return over or message.delivery in _FINAL


def _find(rt: Runtime, sender: Sender, one: Owed) -> Listed | None:
    """The line of the provider's list that is about this text."""
    listed = sender.look_up(one.to)
    if not listed:
        return None
    if one.message.provider_ref:
        return next((x for x in listed if x.ref == one.message.provider_ref), None)
    with rt.store.read() as tx:
        others = awaited.refs_of(tx, one.message.customer_id)
        page = records.message_page(tx, one.message.id, now=rt.clock())
    if page is None or not page.sources:
        return None
    try:
        template = Template.from_sources(one.message.template, page.sources)
        text = rt.renderer.render(template, Channel.SMS, page.values).text
    except TemplateError:
        return None
    fitting = [
        x
        for x in listed
        if x.ref not in others
        and one.sent_at - _BEFORE <= x.at <= one.sent_at + _AFTER
        and x.text[:_COMPARED] == text[:_COMPARED]
    ]
    # two that look alike prove neither
    return fitting[0] if len(fitting) == 1 else None


def _keep(
    tx: Tx, provider: str, found: Listed, message: Message, now: datetime
) -> None:
    inbox.keep(
        tx, provider=provider, body=found.report, path=message.id, received_at=now
    )


def _next(one: Owed, now: datetime) -> datetime | None:
    """When it is asked again; None where a day has passed."""
    return next((at for after in ASK_AFTER if (at := one.sent_at + after) > now), None)
