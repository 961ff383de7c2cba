"""What is planned and shall not go any more: messages and ways are ended at once, by a person and with their reason."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from aftercart.errors import InputError
from aftercart.model import State
from aftercart.reasons import Code, because
from aftercart.runtime import Runtime
from aftercart.spelling import did_you_mean
from aftercart.store import Tx, planned, transitions
from aftercart.store.transitions import Move

#: What can be called off, beside everything.
KINDS = ("campaign", "order", "customer", "message")
#: How long somebody who plans is waited for. A tick of the planner takes a second at the most.
_PATIENCE = timedelta(seconds=30)
_AGAIN = timedelta(milliseconds=20)
_PAGE = 5000


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
        # one whose file is gone may still have messages; but a slip is likelier
        if id_ not in rt.campaigns:
            raise InputError(
                f'there is no campaign "{id_}"; {did_you_mean(id_, list(rt.campaigns))}'
            )
        return Scope(kind, id_)
    with rt.store.read() as tx:
        if not planned.is_known(tx, kind, id_):
            raise InputError(f'there is no {kind} "{id_}"; ids stand in the log')
    return Scope(kind, id_)


def call_off(rt: Runtime, scope: Scope, *, who: str, why: str) -> CalledOff:
    """Ends what is planned. When this returns, nothing of it will be claimed any more; to do it again changes nothing.

    Raises:
        InputError: when somebody has been planning for so long that it was not possible.
    """
    now = rt.clock()
    reason = because(Code.CALLED_OFF, who=who, at=f"{now:%-d %b %H:%M} UTC", why=why)
    with _nobody_plans(rt) as tx:
        ways = planned.end_ways(tx, scope.kind, scope.id, at=now, reason=reason)
        count = 0
        while ids := planned.scheduled(tx, scope.kind, scope.id, limit=_PAGE):
            moves = [
                Move(id_, State.SCHEDULED, State.CANCELLED, now, who, reason=reason)
                for id_ in ids
            ]
            count += len(transitions.move(tx, moves))
        # after the messages: whoever took one of them in the meantime has it
        gone = planned.under_way(tx, scope.kind, scope.id)
    return CalledOff(count, ways, gone)


@contextmanager
def _nobody_plans(rt: Runtime) -> Iterator[Tx]:
    """A transaction while nobody plans: a step that is just being taken would bring its message after all."""
    until = time.monotonic() + _PATIENCE.total_seconds()
    while time.monotonic() < until:
        with rt.store.write_alone() as tx:
            if tx is not None:
                yield tx
                return
        time.sleep(_AGAIN.total_seconds())
    raise InputError("somebody is planning and does not end; nothing was called off")
