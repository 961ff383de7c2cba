"""What did the provider's answer mean for the message? Receipt or SendError become one arrow of the state table."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aftercart.channels.pulse import ASK_ACCOUNT_AFTER
from aftercart.errors import AccountProblem, Refused, SendError, Throttled, Unclear
from aftercart.handover import Outgoing, Receipt
from aftercart.model import State
from aftercart.reasons import Code, Reason, because
from aftercart.store.transitions import Move

#: Where our message may be when a slow answer comes: its lease has lapsed, or a service message waits to be repeated. With
#: our fence still on it, the answer is about the newest attempt, and knowing beats guessing.
_GIVEN_UP = frozenset({State.UNCERTAIN, State.SCHEDULED})

#: The first wait after a message was surely not taken; it doubles with each attempt.
FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(minutes=15)


@dataclass(frozen=True)
class Settled:
    """The move to write, and why the address should be suppressed, if so."""

    move: Move
    provider: str
    suppress: str = ""


def settle(
    outgoing: Outgoing,
    answer: Receipt | SendError,
    *,
    fence: int,
    now: datetime,
    attempts: int,
    actor: str,
) -> Settled:
    """The one place that knows what each kind of answer does to a message. `fence` is that of our claim."""

    def moved(
        after: State,
        reason: Reason | None,
        word: str = "",
        ring_at: datetime | None = None,
        **columns: Any,
    ) -> Move:
        also = _GIVEN_UP if after in (State.ACCEPTED, State.FAILED) else frozenset()
        return Move(
            outgoing.message_id,
            State.SENDING,
            after,
            now,
            actor,
            word=word,
            reason=reason,
            fence=fence,
            also=also,
            ring_at=ring_at,
            columns=columns,
        )

    who = answer.provider
    if isinstance(answer, Receipt):
        taken: dict[str, Any] = {"accepted_at": now, "provider_ref": answer.ref}
        return Settled(moved(State.ACCEPTED, None, provider=who, **taken), who)
    if isinstance(answer, Refused):
        reason = because(Code.REFUSED, words=answer.words)
        return Settled(moved(State.FAILED, reason, provider=who), who, answer.suppress)
    if isinstance(answer, Unclear):
        reason = because(Code.NO_ANSWER, words=answer.words)
        return Settled(moved(State.UNCERTAIN, reason, provider=who), who)
    until, reason = _again_at(answer, now, attempts)
    again = moved(State.SCHEDULED, reason, "again", ring_at=until, due_at=until)
    return Settled(again, who)


def _again_at(
    answer: SendError, now: datetime, attempts: int
) -> tuple[datetime, Reason]:
    code = Code.PROVIDER_BUSY
    if isinstance(answer, Throttled):
        until = max(answer.until, now)
    elif isinstance(answer, AccountProblem):
        until, code = now + ASK_ACCOUNT_AFTER, Code.PROVIDER_ACCOUNT
    else:
        doubled: int = 2 ** min(attempts - 1, 10)
        until = now + min(FIRST_RETRY * doubled, LONGEST_RETRY)
    return until, because(code, until=f"{until:%H:%M:%S} UTC", words=answer.words)
