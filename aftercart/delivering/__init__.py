"""Deliver a batch: load, decide, render, claim, send, settle. Each step once for the batch, never once for each message.

The claim is the last act before the first byte and is committed durably; the provider is called outside any transaction; what
became of it is written after. A process that dies in between leaves messages in `sending`, which the sweeper makes uncertain.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from aftercart import messagelog
from aftercart.channels import Sender
from aftercart.delivering import outcomes, preparing
from aftercart.delivering.preparing import Prepared
from aftercart.errors import SendError, Unclear
from aftercart.model import Channel, Outgoing, Receipt
from aftercart.runtime import Runtime
from aftercart.store import Tx, messages, permissions, starts, transitions, versions
from aftercart.store.permissions import Suppression
from aftercart.store.transitions import Ready

__all__ = ["LEASE", "deliver"]

#: How long a claim is believed to be alive; longer than any request may take (30 s).
LEASE = timedelta(seconds=60)

_log = structlog.get_logger(__name__)


def deliver(rt: Runtime, ids: Sequence[str]) -> int:
    """Delivers the due messages among these ids; returns how many were handed to a provider."""
    now = rt.clock()
    # before anything is claimed: a set-up that cannot send must cost no message
    senders = rt.senders
    if lacking := rt.store.lacks_room():
        _log.error("nothing is claimed", reason=lacking)
        return 0
    with rt.store.read() as tx:
        due, in_vain = messages.due(tx, ids, now=now)
        if not due:
            return 0
        known = preparing.gather(tx, rt, due, now=now)
    note = _note(rt, in_vain, now=now)
    prepared = preparing.prepare(rt, due, known, now=now)
    with rt.store.write() as tx:
        if note is not None:
            starts.cross_out(tx, note)
        starts.count(tx, prepared.broken)
        transitions.move(tx, prepared.moves)
        fences = _claim(tx, rt, prepared)
    rt.kept_templates.update(t.version for t in prepared.templates.values())
    _say(prepared)
    sent = [p for p in prepared.outgoing if p.message_id in fences]
    results = []
    for channel in Channel:
        batch = [p for p in sent if p.channel is channel]
        if batch:
            results += _send(senders[channel], batch)
    if results:
        _settle(rt, prepared, results, fences)
    return len(results)


def _note(rt: Runtime, ids: Sequence[str], *, now: datetime) -> int | None:
    if not ids:
        return None
    with rt.store.write() as tx:
        return starts.note(tx, ids, now=now)


def _settle(
    rt: Runtime,
    prepared: Prepared,
    results: Sequence[tuple[Outgoing, Receipt | SendError]],
    fences: Mapping[str, int],
) -> None:
    now = rt.clock()
    settled = [
        outcomes.settle(
            outgoing,
            answer,
            fence=fences[outgoing.message_id],
            now=now,
            attempts=prepared.attempts[outgoing.message_id],
            actor=rt.actor,
        )
        for outgoing, answer in results
    ]
    listed = [
        Suppression(
            prepared.address_keys[s.move.message_id], "all", s.suppress, s.provider, now
        )
        for s in settled
        if s.suppress
    ]
    with rt.store.write() as tx:
        transitions.move(tx, [s.move for s in settled])
        permissions.suppress(tx, listed)
    taken = sum(isinstance(answer, Receipt) for _, answer in results)
    messagelog.say("accepted", count=taken, of=len(results), actor=rt.actor)


def _send(
    sender: Sender, batch: Sequence[Outgoing]
) -> list[tuple[Outgoing, Receipt | SendError]]:
    try:
        return list(zip(batch, sender.send(batch), strict=True))
    except Exception as error:
        # a sender raises for no message; should one do so, nobody knows how far it came, and the other channel's answers count
        _log.exception("a sender broke", provider=sender.provider)
        words = f"the sender broke ({type(error).__name__}: {error})"
        return [(one, Unclear(words, provider=sender.provider)) for one in batch]


def _claim(tx: Tx, rt: Runtime, prepared: Prepared) -> dict[str, int]:
    now = rt.clock()
    for template in prepared.templates.values():
        if template.version in rt.kept_templates:
            continue
        versions.keep(
            tx, template.version, name=template.name, sources=template.sources, now=now
        )
    ready = [
        Ready(
            p.message_id,
            p.to,
            prepared.versions[p.message_id],
            prepared.values[p.message_id],
        )
        for p in prepared.outgoing
    ]
    return transitions.claim(
        tx, ready, now=now, lease_until=now + LEASE, actor=rt.actor
    )


def _say(prepared: Prepared) -> None:
    for word in sorted({m.word or m.after.value for m in prepared.moves}):
        count = sum((m.word or m.after.value) == word for m in prepared.moves)
        messagelog.say(word, count=count)
