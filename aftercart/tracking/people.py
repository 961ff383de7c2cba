"""What customers tell us through the pages behind a message's links: leave me alone, and how likely they would recommend us."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from aftercart.errors import InputError
from aftercart.model import DETRACTOR, Channel, Customer, Message, Purpose
from aftercart.policy.halting import Trouble
from aftercart.runtime import Runtime
from aftercart.store import (
    Tx,
    customers,
    desk,
    messages,
    permissions,
    stories,
    troubles,
)
from aftercart.store.permissions import Consent, Suppression
from aftercart.store.stories import Line
from aftercart.tracking import answering

#: How long an answer may be changed.
EDITABLE = timedelta(days=14)
#: The longest comment, in characters.
LONGEST_COMMENT = 2000


@dataclass(frozen=True)
class Survey:
    """A survey message and the person whom it asked; `score` is what they have answered so far, None before."""

    message: Message
    customer: Customer
    score: int | None
    comment: str
    open: bool  #: whether it may still be answered or changed


def unsubscribe(rt: Runtime, message_id: str, *, everything: bool, source: str) -> bool:
    """Ends what this message was an example of (marketing by its channel, surveys), or all of both.

    Takes effect for every claim that begins after it returns. Returns False where there is no such message.
    """
    now = rt.clock()
    with rt.store.write() as tx:
        found = _find(tx, rt, message_id)
        if found is None:
            return False
        message, customer = found
        for purpose, channel in _leaving(message, everything):
            _leave(tx, customer, purpose, channel, source=source, at=now)
        what = {"words": "everything" if everything else "this kind of message"}
        stories.tell(tx, [Line(message.id, now, "unsubscribed", source, what)])
        left = troubles.Told(message.id, Trouble.UNSUBSCRIBE, message.campaign, now)
        troubles.note(tx, [left])
    return True


def survey(rt: Runtime, message_id: str) -> Survey | None:
    """What the survey page shows; None where there is no such survey. Changes nothing."""
    now = rt.clock()
    with rt.store.read() as tx:
        found = _find(tx, rt, message_id)
        if found is None or found[0].purpose is not Purpose.SURVEY:
            return None
        message, customer = found
        given = desk.answer_of(tx, message_id)
    score, comment, since = given or (None, "", now)
    return Survey(message, customer, score, comment, now <= since + EDITABLE)


def answer(rt: Runtime, message_id: str, *, score: int, comment: str) -> None:
    """Stores an answer, or replaces it; a detractor's opens a case, once.

    Raises:
        InputError: when there is no such survey, it is closed, the score is not 0 to 10, or the comment is too long.
    """
    asked = survey(rt, message_id)
    if asked is None:
        raise InputError("there is no such survey")
    if not asked.open:
        raise InputError("this answer can no longer be changed")
    if not 0 <= score <= 10:
        raise InputError(f"a score is a whole number from 0 to 10, not {score}")
    if len(comment) > LONGEST_COMMENT:
        raise InputError(f"a comment has at most {LONGEST_COMMENT:,} characters")
    now = rt.clock()
    with rt.store.write() as tx:
        given = {
            "message_id": message_id,
            "campaign": asked.message.campaign,
            "customer_id": asked.customer.id,
            "score": score,
            "comment": comment.strip(),
        }
        desk.answer(tx, given, at=now)
        answering.enter(tx, rt, asked.message, asked.customer, score=score, now=now)
        words = {"words": f"{score} of 10"}
        stories.tell(tx, [Line(message_id, now, "answered", "customer", words)])
        if score <= DETRACTOR:
            desk.open_case(
                tx,
                "detractor",
                about=message_id,
                customer_id=asked.customer.id,
                message_id=message_id,
                at=now,
                note=f"Answered {score} of 10. {comment.strip()}".strip(),
            )


def _find(tx: Tx, rt: Runtime, message_id: str) -> tuple[Message, Customer] | None:
    message = messages.load(tx, [message_id]).get(message_id)
    if message is None:
        return None
    person = customers.load(tx, [message.customer_id], now=rt.clock())
    customer = person.get(message.customer_id)
    return (message, customer) if customer else None


def _leaving(message: Message, everything: bool) -> list[tuple[Purpose, Channel]]:
    if everything:
        return [(p, c) for p in (Purpose.MARKETING, Purpose.SURVEY) for c in Channel]
    if message.purpose is Purpose.SURVEY:
        return [(Purpose.SURVEY, c) for c in Channel]
    return [(Purpose.MARKETING, message.channel)]


def _leave(
    tx: Tx,
    customer: Customer,
    purpose: Purpose,
    channel: Channel,
    *,
    source: str,
    at: datetime,
) -> None:
    kind = permissions.kind(purpose, channel)
    permissions.record(tx, [Consent(customer.id, kind, False, source, at)])
    key = customer.email_key if channel is Channel.EMAIL else customer.phone_key
    permissions.suppress(tx, [Suppression(key, purpose, "unsubscribe", source, at)])
