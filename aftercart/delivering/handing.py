"""Claim, send, settle, in turns: no more at once than may be in doubt when this process dies, or its provider does."""

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from aftercart import messagelog
from aftercart.channels import Sender, Stop
from aftercart.delivering import doubting, outcomes
from aftercart.delivering.preparing import Prepared
from aftercart.errors import SendError, Unclear
from aftercart.handover import Outgoing, Receipt
from aftercart.model import Channel, Purpose, State
from aftercart.runtime import Runtime
from aftercart.store import Tx, awaited, bells, pauses, permissions, transitions
from aftercart.store.awaited import ASK_FIRST
from aftercart.store.pauses import provider_scope
from aftercart.store.permissions import Suppression
from aftercart.store.transitions import Ready

#: How long a claim is believed to be alive; longer than any request may take (30 s).
LEASE = timedelta(seconds=60)
#: What a provider answered is kept for so long while the database is away. With the request itself that is within the lease.
_PATIENCE = timedelta(seconds=25)
#: For so long a decision is as good as new; what was not claimed by then is rung, and decided on, again.
_FRESH = timedelta(seconds=60)

_log = structlog.get_logger(__name__)

_Results = Sequence[tuple[Outgoing, Receipt | SendError]]


class Handing:
    """The messages of a batch on their way to the provider of one channel."""

    def __init__(self, rt: Runtime, prepared: Prepared, channel: Channel) -> None:
        self._rt, self._prepared, self._channel = rt, prepared, channel
        self._sender, self._pulse = rt.senders[channel], rt.pulses[channel]
        self._waiting = deque(o for o in prepared.outgoing if o.channel is channel)
        self._until = rt.clock() + _FRESH

    def all(self) -> int:
        """Hands them over, as many at once as the provider has taken well, and no faster than it may be; returns how many went.

        What is too fast is rung again when its turn comes. Where the provider is held, the rest stays as it is.
        """
        handed = 0
        while self._waiting and self._rt.clock() < self._until:
            turn = self._turn()
            fences = self._claim(turn)
            claimed = [one for one in turn if one.message_id in fences]
            sent = doubting.set_aside(self._rt, claimed, fences)
            if sent:
                self._settle(_send(self._sender, sent), fences)
                if self._rt.identity:
                    self._rt.identity.sent()
            handed += len(sent)
        return handed

    def _turn(self) -> list[Outgoing]:
        """Takes the next ones off; puts off those that would be too fast."""
        wanted = min(self._pulse.room, len(self._waiting))
        urgent = self._waiting[0].purpose is Purpose.SERVICE
        grant = self._rt.pace.take(self._channel, wanted, urgent=urgent)
        turn = [self._waiting.popleft() for _ in range(grant.now)]
        if grant.now < wanted:
            now, each = self._rt.clock(), 1 / grant.rate
            later = {
                one.message_id: now + timedelta(seconds=grant.wait + n * each)
                for n, one in enumerate(self._waiting)
            }
            self._waiting.clear()
            self._put_off(later)
        return turn

    def _claim(self, turn: Sequence[Outgoing]) -> Mapping[str, int]:
        """Message -> fence of those that are ours now; durable when this returns."""
        if not turn:
            return {}
        now, prepared = self._rt.clock(), self._prepared
        ready = [
            Ready(
                one.message_id,
                one.to,
                prepared.versions[one.message_id],
                prepared.values[one.message_id],
            )
            for one in turn
        ]
        with self._rt.store.write() as tx:
            return transitions.claim(
                tx, ready, now=now, lease_until=now + LEASE, actor=self._rt.actor
            )

    def _settle(self, results: _Results, fences: Mapping[str, int]) -> None:
        now = self._rt.clock()
        settled = [
            outcomes.settle(
                outgoing,
                answer,
                fence=fences[outgoing.message_id],
                now=now,
                attempts=self._prepared.attempts[outgoing.message_id],
                actor=self._rt.actor,
            )
            for outgoing, answer in results
        ]
        listed = [
            Suppression(
                self._prepared.address_keys[s.move.message_id],
                "all",
                s.suppress,
                s.provider,
                now,
            )
            for s in settled
            if s.suppress
        ]
        stops = self._pulse.heard(results, now=now)

        def write(tx: Tx) -> list[tuple[str, str]]:
            transitions.move(tx, [s.move for s in settled])
            permissions.suppress(tx, listed)
            self._await_word(tx, results, now)
            return [new for stop in stops for new in self._hold(tx, stop)]

        held = self._rt.store.insist(write, patience=_PATIENCE)
        for stop in stops:
            self._leave(stop)
        if any(stop.too_fast for stop in stops):
            self._rt.pace.slow_down(self._channel)
        taken = sum(isinstance(answer, Receipt) for _, answer in results)
        messagelog.say("accepted", count=taken, of=len(results), actor=self._rt.actor)
        for scope, words in held:
            _log.error("held", scope=scope, reason=words)

    def _await_word(self, tx: Tx, results: _Results, now: datetime) -> None:
        """What is, or may be, at a provider that keeps a list is looked up in there, should it never report how it ended."""
        if not self._sender.keeps_list:
            return
        for kind, state in ((Receipt, State.ACCEPTED), (Unclear, State.UNCERTAIN)):
            ids = [
                one.message_id for one, answer in results if isinstance(answer, kind)
            ]
            awaited.await_word(tx, ids, ask_at=now + ASK_FIRST[state])

    def _leave(self, stop: Stop) -> None:
        """What is held stays scheduled, and is rung when it may be over. A resume rings it before."""
        until = stop.ask_at or self._rt.clock() + _FRESH
        going, left = deque[Outgoing](), dict[str, datetime]()
        for one in self._waiting:
            if stop.campaign and one.campaign != stop.campaign:
                going.append(one)
            else:
                left[one.message_id] = until
        self._waiting = going
        if left:
            self._put_off(left)

    def _put_off(self, until: Mapping[str, datetime]) -> None:
        with self._rt.store.write() as tx:
            bells.put_off(tx, until)

    def _hold(self, tx: Tx, stop: Stop) -> list[tuple[str, str]]:
        """Holds what should be held, for all processes; its scope and why, where it was not held yet."""
        scope = (
            f"campaign:{stop.campaign}"
            if stop.campaign
            else provider_scope(self._channel)
        )
        new = pauses.pause(
            tx,
            scope,
            at=self._rt.clock(),
            by=self._sender.provider,
            words=stop.words,
            ask_at=stop.ask_at,
        )
        return [(scope, stop.words)] if new else []


def _send(sender: Sender, batch: Sequence[Outgoing]) -> _Results:
    try:
        return list(zip(batch, sender.send(batch), strict=True))
    except Exception as error:
        # a sender raises for no message; should one do so, nobody knows how far it came, and the other channel's answers count
        _log.exception("a sender broke", provider=sender.provider)
        words = f"the sender broke ({type(error).__name__}: {error})"
        return [(one, Unclear(words, provider=sender.provider)) for one in batch]
