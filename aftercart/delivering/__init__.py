"""Deliver a batch: load, decide, render, claim, send, settle. Each step once for the batch, never once for each message.

The claim is the last act before the first byte and is committed durably; the provider is called outside any transaction; what
became of it is written after. A process that dies in between leaves messages in `sending`, which the sweeper makes uncertain.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from aftercart import messagelog
from aftercart.delivering import preparing
from aftercart.delivering.handing import LEASE, Handing
from aftercart.delivering.preparing import Prepared
from aftercart.delivering.quiet import Quiet
from aftercart.reasons import HOLDS
from aftercart.runtime import Runtime
from aftercart.store import messages, pauses, starts, transitions, versions
from aftercart.store.pauses import provider_scope
from aftercart.store.transitions import Move

__all__ = ["LEASE", "deliver"]

#: Of this process.
_quiet = Quiet()

_log = structlog.get_logger(__name__)


def deliver(rt: Runtime, ids: Sequence[str]) -> int:
    """Delivers the due messages among these ids; returns how many were handed to a provider."""
    now = rt.clock()
    # before anything is claimed: a set-up that cannot send must cost no message
    pulses = rt.pulses
    if hindrance := rt.guard():
        _log.error("nothing is claimed", reason=hindrance)
        return 0
    with rt.store.read() as tx:
        due, in_vain = messages.due(tx, ids, now=now)
        if not due:
            return 0
        known = preparing.gather(tx, rt, due, now=now)
    for channel, pulse in pulses.items():
        if provider_scope(channel) in known.people.pauses:
            pulse.slow_down()
    with _quiet.alone() if in_vain else _quiet.together() as had:
        if not had:
            return 0  # rung again in a minute; nothing is noted
        note = _note(rt, in_vain, now=now)
        prepared = preparing.prepare(rt, due, known, now=now)
        _put_down(rt, prepared, note, decided_under=set(known.people.pauses))
    _say(prepared)
    return sum(Handing(rt, prepared, channel).all() for channel in prepared.channels)


def _put_down(
    rt: Runtime, prepared: Prepared, note: int | None, *, decided_under: set[str]
) -> None:
    """Writes what became of the batch before anything is claimed, where there is something to write.

    `decided_under` are the pauses that were seen. Where one of them is over by now, whom it holds is rung again at once.
    """
    fresh = [t for t in prepared.templates if t.version not in rt.kept_templates]
    if not (note is not None or prepared.broken or prepared.moves or fresh):
        return
    now = rt.clock()
    with rt.store.write() as tx:
        if note is not None:
            starts.cross_out(tx, note)
        starts.count(tx, prepared.broken)
        moves = prepared.moves
        if any(_is_held(m) for m in moves) and decided_under - pauses.kept(tx):
            moves = [replace(m, ring_at=now) if _is_held(m) else m for m in moves]
        transitions.move(tx, moves)
        for t in fresh:
            versions.keep(tx, t.version, name=t.name, sources=t.sources, now=now)
    rt.kept_templates.update(t.version for t in fresh)


def _is_held(move: Move) -> bool:
    return move.reason is not None and move.reason.code in HOLDS


def _note(rt: Runtime, ids: Sequence[str], *, now: datetime) -> int | None:
    if not ids:
        return None
    with rt.store.write() as tx:
        return starts.note(tx, ids, now=now)


def _say(prepared: Prepared) -> None:
    for word in sorted({m.word or m.after.value for m in prepared.moves}):
        count = sum((m.word or m.after.value) == word for m in prepared.moves)
        messagelog.say(word, count=count)
