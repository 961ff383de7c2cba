"""Who answers a survey enters the campaigns that wait for such an answer, and leaves those that waited for another."""

from datetime import datetime

from aftercart import keeping
from aftercart.campaigns import Answered
from aftercart.model import Customer, Message, State, enrollment_id
from aftercart.policy import entering, going_live
from aftercart.reasons import Code, because
from aftercart.runtime import Runtime
from aftercart.store import Tx, enrollments, messages, transitions
from aftercart.store.transitions import Move


def enter(
    tx: Tx, rt: Runtime, asked: Message, who: Customer, *, score: int, now: datetime
) -> None:
    """Takes in an answer, the first or a changed one. For one survey message each campaign is entered once."""
    for campaign in rt.campaigns.values():
        trigger = campaign.trigger
        if not isinstance(trigger, Answered) or trigger.survey != asked.campaign:
            continue
        id_ = enrollment_id(campaign.name, asked.customer_id, asked.id)
        if not trigger.fits(asked.campaign, score):
            _leave(tx, id_, score, now)
            continue
        if going_live.closed(campaign, who, trial=rt.shop.trial):
            continue
        entered = entering.by_answer(
            campaign, asked.customer_id, message_id=asked.id, score=score, at=now
        )
        keeping.enroll(tx, rt, [entered], now=now)


def _leave(tx: Tx, enrollment_id: str, score: int, now: datetime) -> None:
    """What was planned for the earlier answer is called off, unless it is on its way."""
    reason = because(Code.ANSWER_CHANGED, score=score)
    enrollments.end(tx, enrollment_id, at=now, reason=reason)
    planned = messages.scheduled_of(tx, enrollment_id)
    transitions.move(
        tx,
        [
            Move(id_, State.SCHEDULED, State.CANCELLED, now, "customer", reason=reason)
            for id_ in planned
        ],
    )
