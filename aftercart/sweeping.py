"""What was dropped? Lapsed claims become uncertain; uncertain ones are settled by proof, by one repeat, or listed as unknown.

What its provider took and never reported on is marked so.

Ringing again what a queue lost is the planner's work: a rung row that nobody moved is rung again after a minute.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aftercart import messagelog
from aftercart.channels import callbacks
from aftercart.model import Channel, Delivery, Message, State
from aftercart.reasons import Code, because
from aftercart.runtime import Runtime
from aftercart.store import awaited, messages, transitions, unreported
from aftercart.store.transitions import Move

#: Without proof for this long, an uncertain message is listed as unknown for good.
PROOF_WINDOW = timedelta(hours=72)
#: Without proof for this long, a service message goes out once more: late twice is better than never.
RESEND_AFTER = {
    Channel.EMAIL: timedelta(seconds=120),
    Channel.SMS: timedelta(seconds=300),
}
#: Nobody reports on a message later than this.
REPORT_WINDOW = timedelta(hours=72)
_PAGE = 500
#: Lines of stories that one sweep looks at: more than are written between two.
_LINES = 20_000
_ACTOR = "sweeper"


@dataclass(frozen=True)
class Swept:
    """What one sweep found."""

    uncertain: int = 0
    resent: int = 0
    unknown: int = 0
    no_report: int = 0


def sweep(rt: Runtime) -> Swept:
    """One sweep. Safe to run anywhere, any number of times."""
    now = rt.clock()
    if rt.off_time():
        # by a clock that is ahead, claims would have lapsed whose worker is at work
        return Swept()
    with rt.store.read() as tx:
        # the usual case, and no reason to keep writers waiting
        any_open = messages.any_open(tx, now=now)
    found = _settle(rt, now) if any_open else Swept()
    return replace(found, no_report=_note_silence(rt, now))


def _settle(rt: Runtime, now: datetime) -> Swept:
    """What is open, and has been for too long, goes on."""
    long_enough = {channel: now - after for channel, after in RESEND_AFTER.items()}
    with rt.store.write() as tx:
        lapsed = messages.lapsed(tx, now=now, limit=_PAGE)
        # asked for apart: a thousand that wait for their proof must never hide an alert that has to be repeated
        repeatable = messages.repeatable(tx, now=now, since=long_enough, limit=_PAGE)
        unproved = messages.unproved(tx, since=now - PROOF_WINDOW, limit=_PAGE)
        texts = [m.id for m in lapsed if m.channel is Channel.SMS]
        awaited.await_word(tx, texts, ask_at=now)
        found = Swept(
            uncertain=len(transitions.move(tx, [_lapse(m, now) for m in lapsed])),
            resent=len(transitions.move(tx, [_repeat(m, now) for m in repeatable])),
            unknown=len(transitions.move(tx, [_give_up(m, now) for m in unproved])),
        )
    for word, count in (
        ("uncertain", found.uncertain),
        ("again", found.resent),
        ("unknown", found.unknown),
    ):
        if count:
            messagelog.say(word, count=count, actor=_ACTOR)
    return found


def _note_silence(rt: Runtime, now: datetime) -> int:
    """Marks what was taken long ago and never reported on; a report that comes after all takes the mark's place."""
    before = now - REPORT_WINDOW
    with rt.store.read() as tx:
        if not unreported.any_left(tx, accepted_before=before):
            return 0
    with rt.store.write() as tx:
        silent = unreported.look_on(
            tx,
            accepted_before=before,
            providers=callbacks.REPORTING,
            limit=_LINES,
        )
        messages.report(tx, [(id_, Delivery.NO_REPORT, now) for id_ in silent])
    return len(silent)


def _lapse(m: Message, now: datetime) -> Move:
    reason = because(Code.LEASE_LAPSED)
    # with the fence that we saw: the next worker's claim is not the one that lapsed
    return Move(
        m.id, State.SENDING, State.UNCERTAIN, now, _ACTOR, reason=reason, fence=m.fence
    )


def _repeat(m: Message, now: datetime) -> Move:
    words = "no proof that it arrived"
    reason = because(Code.PROVIDER_BUSY, until=f"{now:%H:%M} UTC", words=words)
    columns = {"due_at": now, "resends": m.resends + 1}
    return Move(
        m.id,
        State.UNCERTAIN,
        State.SCHEDULED,
        now,
        _ACTOR,
        "again",
        reason,
        fence=m.fence,
        ring_at=now,
        columns=columns,
    )


def _give_up(m: Message, now: datetime) -> Move:
    hours = int(PROOF_WINDOW.total_seconds() // 3600)
    reason = because(Code.NO_PROOF, period=f"{hours} hours")
    return Move(m.id, State.UNCERTAIN, State.UNKNOWN, now, _ACTOR, reason=reason)
