"""What was dropped? Lapsed claims become uncertain; uncertain ones are settled by proof, by one repeat, or listed as unknown.

Ringing again what a queue lost is the planner's work: a rung row that nobody moved is rung again after a minute.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from aftercart import messagelog
from aftercart.model import Channel, Message, Purpose, State
from aftercart.reasons import Code, because
from aftercart.runtime import Runtime
from aftercart.store import messages, transitions
from aftercart.store.transitions import Move

#: Without proof for this long, an uncertain message is listed as unknown for good.
PROOF_WINDOW = timedelta(hours=72)
#: Without proof for this long, a service message goes out once more: late twice is better than never.
RESEND_AFTER = {
    Channel.EMAIL: timedelta(seconds=120),
    Channel.SMS: timedelta(seconds=300),
}
_PAGE = 500
_ACTOR = "sweeper"


@dataclass(frozen=True)
class Swept:
    """What one sweep found."""

    uncertain: int = 0
    resent: int = 0
    unknown: int = 0


def sweep(rt: Runtime) -> Swept:
    """One sweep. Safe to run anywhere, any number of times."""
    now = rt.clock()
    with rt.store.write() as tx:
        lapsed = [_lapse(m, now) for m in messages.lapsed(tx, now=now, limit=_PAGE)]
        uncertain = len(transitions.move(tx, lapsed))
        moves = [
            move
            for m, since in messages.uncertain(tx, limit=_PAGE)
            if (move := _resolve(m, since, now))
        ]
        done = transitions.move(tx, moves)
        unknown = sum(m.after is State.UNKNOWN for m in moves if m.message_id in done)
    found = Swept(uncertain, len(done) - unknown, unknown)
    for word, count in (
        ("uncertain", uncertain),
        ("again", found.resent),
        ("unknown", unknown),
    ):
        if count:
            messagelog.say(word, count=count, actor=_ACTOR)
    return found


def _lapse(m: Message, now: datetime) -> Move:
    return Move(
        m.id,
        State.SENDING,
        State.UNCERTAIN,
        now,
        _ACTOR,
        reason=because(Code.LEASE_LAPSED),
    )


def _resolve(m: Message, since: datetime, now: datetime) -> Move | None:
    """What to do about an uncertain message; None while there is hope for proof. `since` is when it was being sent."""
    repeat = (
        m.purpose is Purpose.SERVICE
        and m.resends == 0
        and now >= since + RESEND_AFTER[m.channel]
        and now < m.expires_at
    )
    if repeat:
        reason = because(
            Code.PROVIDER_BUSY,
            until=f"{now:%H:%M} UTC",
            words="no proof that it arrived",
        )
        columns = {"due_at": now, "ring_at": now, "resends": m.resends + 1}
        return Move(
            m.id,
            State.UNCERTAIN,
            State.SCHEDULED,
            now,
            _ACTOR,
            "again",
            reason,
            columns=columns,
        )
    if now >= since + PROOF_WINDOW:
        hours = int(PROOF_WINDOW.total_seconds() // 3600)
        reason = because(Code.NO_PROOF, period=f"{hours} hours")
        return Move(m.id, State.UNCERTAIN, State.UNKNOWN, now, _ACTOR, reason=reason)
    return None
