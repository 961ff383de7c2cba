"""Does this process live, can it serve, and how late is the work? For load balancers and for Prometheus."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import structlog
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import BaseRoute, Route

from aftercart.model import Purpose
from aftercart.web import asking
from aftercart.web.access import DeskOnly
from aftercart.web.signals import Lookout, Signals, warnings

log = structlog.get_logger(__name__)

#: Name, what it is, and its values by their labels.
_Gauge = tuple[str, str, Mapping[str, float]]


def routes() -> list[BaseRoute]:
    """/healthz, /readyz, /metrics."""
    return [
        Route("/healthz", alive),
        Route("/readyz", ready),
        # volumes are the shop's business: figures are for those who may open the console
        Route("/metrics", metrics, middleware=[Middleware(DeskOnly)]),
    ]


async def alive(_: Request) -> PlainTextResponse:
    """The process answers; nothing else is asked."""
    return PlainTextResponse("ok\n")


def ready(request: Request) -> JSONResponse:
    """200 when the database answers, 503 when not; what is late is listed either way."""
    try:
        reasons = warnings(_lookout(request).look())
    except Exception:  # whatever keeps the database from answering, the balancer only needs to know that it does
        log.exception("the database does not answer")
        reason = "the database does not answer; see the log of this process"
        return JSONResponse({"ready": False, "reasons": [reason]}, 503)
    return JSONResponse({"ready": True, "reasons": reasons})


def metrics(request: Request) -> PlainTextResponse:
    """All figures as text for Prometheus."""
    found = _lookout(request).look()
    lines = (
        line
        for each in (_messages(found), _process(found))
        for gauge in each
        for line in _lines(*gauge)
    )
    return PlainTextResponse("".join(lines), media_type="text/plain; version=0.0.4")


def _lookout(request: Request) -> Lookout:
    state = request.app.state
    if not hasattr(state, "lookout"):
        state.lookout = Lookout(asking.runtime(request))
    lookout: Lookout = state.lookout
    return lookout


def _messages(s: Signals) -> Iterator[_Gauge]:
    h, now = s.health, s.now
    yield "messages_due", "Scheduled messages that are due.", _one(h.due)
    yield "messages_scheduled", "Messages that are scheduled.", _one(h.scheduled)
    yield "messages_sending", "Messages in a worker's hands.", _one(h.sending)
    yield "messages_uncertain", "Messages waiting for proof.", _one(h.uncertain)
    oldest = _one(_age(h.oldest_uncertain, now))
    yield "oldest_uncertain_seconds", "Age of the oldest of those.", oldest
    yield "messages_unknown_day", "Messages lost in a day.", _one(h.unknown_today)
    oldest = _one(_age(h.oldest_due, now))
    yield "oldest_due_seconds", "Age of the oldest.", oldest
    late = {f'purpose="{p}"': _age(h.late.get(p), now) for p in Purpose}
    yield "late_seconds", "Age of the oldest due that nobody holds.", late
    yield "callbacks_unread", "Callbacks nobody has read.", _one(h.inbox)
    oldest = _one(_age(h.oldest_callback, now))
    yield "oldest_callback_seconds", "Age of the oldest unread callback.", oldest
    silence = _one(s.silence.total_seconds())
    yield "silence_seconds", "Messages go out, and nobody reports.", silence
    yield "cases_open", "Cases that wait for a person.", _one(h.open_cases)
    for word, counts in (
        ("accepted", s.lately.accepted),
        ("failed", s.lately.failed),
    ):
        by_channel = {f'channel="{c}"': float(n) for c, n in counts.items()}
        what = f"Messages that were planned within a day and {word}."
        yield f"messages_{word}_day", what, by_channel
    poison = _one(s.lately.poison)
    yield "messages_poison_day", "Messages of a day that were given up.", poison


def _process(s: Signals) -> Iterator[_Gauge]:
    held = {f'scope="{scope}"': 1.0 for scope in sorted(s.held)}
    yield "held", "What is held, by whom ever.", held
    off = _one(round(s.off.total_seconds(), 3))
    yield "clock_skew_seconds", "How far this process's clock is ahead.", off
    unwritable = _one(1 if s.unwritable else 0)
    yield "database_read_only", "Whether the database takes no writes.", unwritable
    stopped = _one(1 if s.hindrance else 0)
    yield "stopped", "Whether this process would claim nothing.", stopped
    if s.room is not None:
        yield "disk_free_bytes", "Left on the disk of the database.", _one(s.room)
    away = _one(1 if s.redis_away else 0)
    yield "redis_away", "Whether Redis is the broker and does not answer.", away
    gone = _one(s.abandoned)
    yield "batches_abandoned", "In the hands of workers that are gone.", gone
    if s.redis is not None:
        part = _one(round(s.redis, 4))
        yield "redis_memory_used_ratio", "How full Redis is.", part


def _one(value: float) -> Mapping[str, float]:
    return {"": value}


def _lines(name: str, words: str, values: Mapping[str, float]) -> Iterator[str]:
    yield f"# HELP aftercart_{name} {words}\n# TYPE aftercart_{name} gauge\n"
    for labels, value in values.items():
        yield (
            f"aftercart_{name}{{{labels}}} {value}\n"
            if labels
            else f"aftercart_{name} {value}\n"
        )


def _age(at: datetime | None, now: datetime) -> float:
    return round(max(0.0, (now - at).total_seconds()), 3) if at else 0.0
