"""Was a message claimed once before, in a time that the database has forgotten? Asked between the claim and the first byte.

A standby that was behind takes over, or a backup is put back: then the claim is good, and the customer has the message. Newsletters
and surveys of which that is known or may be do not go; an alert goes, late twice being better than never.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from aftercart.handover import Outgoing
from aftercart.model import Purpose, State
from aftercart.reasons import Code, because
from aftercart.runtime import Runtime
from aftercart.store import transitions
from aftercart.store.transitions import Move

#: What was put back is rung again after this; safe mode holds it, and who ends that rings it at once.
_LATER = timedelta(seconds=60)

_FORGOTTEN = (
    "the database has forgotten messages that were claimed: it went back in time"
)


def set_aside(
    rt: Runtime, claimed: Sequence[Outgoing], fences: Mapping[str, int]
) -> list[Outgoing]:
    """Those of the claimed messages that may go. Of the others it is written down why not, and safe mode is entered."""
    if rt.identity is None:
        return list(claimed)
    held = [one for one in claimed if one.purpose is not Purpose.SERVICE]
    # the claim itself may have been the first to go through a connection to another server
    odd = {one.message_id for one in held} if rt.identity.look() else set()
    before = rt.witness.note(
        {one.message_id: fences[one.message_id] for one in claimed}
    )
    again = {one.message_id for one in held if one.message_id in before}
    moves = [_in_doubt(rt, id_, fences[id_]) for id_ in sorted(again)]
    moves += [_put_back(rt, id_, fences[id_]) for id_ in sorted(odd - again)]
    if moves:
        with rt.store.write() as tx:
            transitions.move(tx, moves)
            # one after the other they turn up, and each would ask for the same look again
            if again and not rt.identity.is_reviewed(tx):
                rt.identity.enter_safe_mode(tx, _FORGOTTEN)
    return [one for one in claimed if one.message_id not in again | odd]


def _in_doubt(rt: Runtime, message_id: str, fence: int) -> Move:
    return Move(
        message_id,
        State.SENDING,
        State.UNCERTAIN,
        rt.clock(),
        rt.actor,
        reason=because(Code.CLAIMED_BEFORE),
        fence=fence,
    )


def _put_back(rt: Runtime, message_id: str, fence: int) -> Move:
    """It was not sent with this claim, and nobody knows of another: a person decides."""
    now = rt.clock()
    why = "the database is not the one that it was"
    return Move(
        message_id,
        State.SENDING,
        State.SCHEDULED,
        now,
        rt.actor,
        "held",
        because(Code.SAFE_MODE, since=f"{now:%H:%M} UTC", why=why),
        fence=fence,
        ring_at=now + _LATER,
    )
