"""Does a provider that took nothing take messages again? It is asked, with a request that sends nothing, before anything goes."""

from datetime import datetime, timedelta

import structlog

from aftercart.channels.pulse import ASK_ACCOUNT_AFTER, ASK_AFTER
from aftercart.errors import AccountProblem, SendError, Throttled
from aftercart.model import Channel
from aftercart.runtime import Runtime
from aftercart.store import pauses
from aftercart.store.pauses import Pause, provider_scope

#: Who takes the turn has so long to ask; then it is somebody else's. Longer than a request may take.
_TURN = timedelta(seconds=60)

_log = structlog.get_logger(__name__)


def probe(rt: Runtime) -> list[str]:
    """Asks each provider whose time has come; returns the scopes that go on. Safe to run anywhere, any number of times."""
    now = rt.clock()
    with rt.store.read() as tx:
        # the usual case, and no reason to keep writers waiting
        if not any(p.ask_at and p.ask_at <= now for p in pauses.paused(tx).values()):
            return []
    with rt.store.write() as tx:
        held = pauses.to_ask(tx, now=now, again_at=now + _TURN)
    return [pause.scope for pause in held if _ask(rt, pause)]


def _ask(rt: Runtime, pause: Pause) -> bool:
    channel = next(c for c in Channel if provider_scope(c) == pause.scope)
    trouble = rt.senders[channel].ask()
    now = rt.clock()
    with rt.store.write() as tx:
        if trouble is None:
            pauses.resume(tx, pause.scope, now=now)
        else:
            words, again = trouble.words[:200], _again_at(trouble, now)
            pauses.still_out(tx, pause.scope, words=words, ask_at=again)
    if trouble is None:
        _log.warning("goes on", scope=pause.scope, held_for=str(now - pause.since))
    return trouble is None


def _again_at(trouble: SendError, now: datetime) -> datetime:
    if isinstance(trouble, Throttled):
        return max(trouble.until, now + timedelta(seconds=1))
    wait = ASK_ACCOUNT_AFTER if isinstance(trouble, AccountProblem) else ASK_AFTER
    return now + wait
