"""What is planned and shall not go any more: messages and ways are ended at once, by a person and with their reason."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from aftercart import loading
from aftercart.errors import InputError
from aftercart.model import State
from aftercart.reasons import Code, Reason, because
from aftercart.runtime import Runtime
from aftercart.spelling import did_you_mean
from aftercart.store import Tx, pauses, planned, transitions
from aftercart.store.pauses import ENDING
from aftercart.store.transitions import Move

#: What can be called off, beside everything.
KINDS = ("campaign", "order", "customer", "message")
#: How long somebody who plans is waited for. One transaction of the planner takes seconds at the most.
_PATIENCE = timedelta(seconds=60)
_PAGE = 2000
_IN_VAIN = "somebody is planning and does not end: {count} messages were called off; what they bring is not. Call it off again"


@dataclass(frozen=True)
class Scope:
    """What is called off: a campaign, an order, a customer, a message, or all; `id` of all is empty."""

    kind: str
    id: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}" if self.id else self.kind


@dataclass(frozen=True)
class CalledOff:
    """How many messages will not go, how many people's ways end, and how many messages nobody can call back."""

    messages: int
    ways: int
    at_provider: int


def read_scope(rt: Runtime, text: str) -> Scope:
    """What somebody means by "campaign:spring" or "order:o-1".

    Raises:
        InputError: when there is no such thing.
    """
    kind, colon, id_ = text.partition(":")
    if kind not in KINDS or not colon or not id_:
        forms = ", ".join(f"{one}:ID" for one in KINDS)
        guess = did_you_mean(kind, list(KINDS)) if colon else ""
        raise InputError(f'"{text}" can not be called off; {guess or f"write {forms}"}')
    if kind == "campaign":
        # by its file, whatever stands in it: a mistake there must not be in the way of who calls something off
        known = loading.names(rt.settings.folder / "campaigns")
        if id_ not in known:
            raise InputError(
                f'there is no campaign "{id_}"; {did_you_mean(id_, known)}'
            )
        return Scope(kind, id_)
    with rt.store.read() as tx:
        if not planned.is_known(tx, kind, id_):
            raise InputError(f'there is no {kind} "{id_}"; ids stand in the log')
    return Scope(kind, id_)


def call_off(rt: Runtime, scope: Scope, *, who: str, why: str) -> CalledOff:
    """Ends what is planned; from its first moment on nothing of a campaign, or of all, is claimed any more.

    To do it again changes nothing, and ends what broke off.

    Raises:
        InputError: when somebody has been planning for so long that it could not be done to the end.
    """
    now = rt.clock()
    reason = because(Code.CALLED_OFF, who=who, at=f"{now:%-d %b %H:%M} UTC", why=why)
    ending = _Ending(scope, reason, now, who)
    with rt.store.write() as tx:
        ending.hold(tx)
    # what is there, at once and whoever plans meanwhile; then what they brought, in a moment in which nobody does
    messages = 0
    while True:
        asked, ended = rt.store.insist(ending.some_messages, patience=_PATIENCE)
        messages += ended
        if asked < _PAGE:
            break
    with rt.store.write_alone(patience=_PATIENCE) as tx:
        if tx is None:
            raise InputError(_IN_VAIN.format(count=f"{messages:,}"))
        ways = planned.end_ways(tx, scope.kind, scope.id, at=now, reason=reason)
        while True:
            asked, ended = ending.some_messages(tx)
            messages += ended
            if not asked:
                break
        # after the messages: whoever took one of them in the meantime has it
        gone = planned.under_way(tx, scope.kind, scope.id)
        ending.let_go(tx)
    return CalledOff(messages, ways, gone)


@dataclass(frozen=True)
class _Ending:
    """One calling off: what it does in a transaction."""

    scope: Scope
    reason: Reason
    at: datetime
    who: str

    def hold(self, tx: Tx) -> None:
        """Lets nothing of it be claimed from now on. Of a customer, an order or a message there is so little that it ends at once."""
        if self._hold:
            words = f"called off by {self.who}; if that broke off, call it off again"
            pauses.pause(tx, self._hold, at=self.at, by=self.who, words=words)

    def let_go(self, tx: Tx) -> None:
        """What is planned from now on is something else."""
        if self._hold:
            pauses.resume(tx, self._hold, now=self.at)

    def some_messages(self, tx: Tx) -> tuple[int, int]:
        """Ends some of the messages: how many it found, and how many of these nobody had taken before it."""
        ids = planned.scheduled(tx, self.scope.kind, self.scope.id, limit=_PAGE)
        before, after = State.SCHEDULED, State.CANCELLED
        moves = [
            Move(id_, before, after, self.at, self.who, reason=self.reason)
            for id_ in ids
        ]
        return len(ids), len(transitions.move(tx, moves))

    @property
    def _hold(self) -> str:
        return f"{ENDING}{self.scope}" if self.scope.kind in ("campaign", "all") else ""
