"""What does the invented customer do with a message? Through the verbs that the pages and the reports of a provider use."""

from datetime import timedelta

from aftercart import tracking
from aftercart.errors import InputError
from aftercart.examples import Reaction
from aftercart.handover import ProviderEvent
from aftercart.model import Channel, Message, Purpose, Signal, State, message_id
from aftercart.runtime import Runtime
from aftercart.store import Tx, inbox, messages, records

#: Whose message it was, where the campaign of the test has sent none.
_ANOTHER = "another-campaign"
_EARLIER = timedelta(minutes=1)


def react(rt: Runtime, reaction: Reaction, *, customer_id: str) -> None:
    """Lets the customer open, follow a link, leave or answer.

    Raises:
        InputError: when a survey is answered that had not been sent by then, or was too long ago.
    """
    try:
        _react(rt, reaction, customer_id)
    except InputError as error:
        raise InputError(f"{reaction.place}: {error}") from error


def _react(rt: Runtime, reaction: Reaction, customer_id: str) -> None:
    with rt.store.write() as tx:
        id_ = records.newest(tx, campaign=reaction.survey)
        if not id_ and reaction.survey in rt.campaigns:
            raise InputError("nobody had been asked by then")
        id_ = id_ or _sent_before(tx, reaction, customer_id)
        if reaction.signal in (Signal.OPENED, Signal.CLICKED):
            _report(tx, reaction, id_)
    if reaction.signal is Signal.ANSWERED:
        tracking.answer(rt, id_, score=reaction.score, comment="")
    elif reaction.signal is Signal.UNSUBSCRIBED:
        tracking.unsubscribe(rt, id_, everything=False, source="test")


def _sent_before(tx: Tx, reaction: Reaction, customer_id: str) -> str:
    """A message of another campaign, which counts under no cap."""
    campaign, at = reaction.survey or _ANOTHER, reaction.at - _EARLIER
    id_ = message_id(campaign, customer_id, str(reaction.place), 0)
    message = Message(
        id=id_,
        campaign=campaign,
        version="",
        customer_id=customer_id,
        occurrence=str(reaction.place),
        leg=0,
        channel=Channel.EMAIL,
        purpose=Purpose.SURVEY if reaction.survey else Purpose.MARKETING,
        template=campaign,
        state=State.ACCEPTED,
        due_at=at,
        expires_at=reaction.at,
        created_at=at,
    )
    messages.plan(tx, [(message, {"enrollment_id": "", "priority": 0})])
    return id_


def _report(tx: Tx, reaction: Reaction, id_: str) -> None:
    key = f"{reaction.place} {reaction.signal}"
    told = ProviderEvent(
        key, "test", reaction.at, message_id=id_, signal=reaction.signal
    )
    inbox.add_events(tx, [told])
