"""Does this process live, can it serve, and how late is the work? For load balancers and for Prometheus."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import BaseRoute, Route

from aftercart.store import records
from aftercart.store.records import Health
from aftercart.web import asking
from aftercart.web.access import DeskOnly

log = structlog.get_logger(__name__)

#: How late a due message, and how old a callback, may be before somebody should look.
DUE_LATE = timedelta(minutes=2)
UNCERTAIN_OLD = timedelta(minutes=15)
CALLBACK_OLD = timedelta(minutes=10)


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
    rt = asking.runtime(request)
    try:
        with rt.store.read() as tx:
            late = warnings(records.health(tx, now=rt.clock()), rt.clock())
    except Exception:  # whatever keeps the database from answering, the balancer only needs to know that it does
        log.exception("the database does not answer")
        reason = "the database does not answer; see the log of this process"
        return JSONResponse({"ready": False, "reasons": [reason]}, 503)
    held = rt.hindrance()
    return JSONResponse({"ready": True, "reasons": [held, *late] if held else late})


def warnings(health: Health, now: datetime) -> list[str]:
    """What is late, as sentences; empty when all is well."""
    found = []
    if _older(health.oldest_due, now, DUE_LATE):
        found.append(
            "messages are due and not sent: are the scheduler and a worker running?"
        )
    if _older(health.oldest_uncertain, now, UNCERTAIN_OLD):
        found.append("uncertain messages wait for proof: do callbacks arrive?")
    if _older(health.oldest_callback, now, CALLBACK_OLD):
        found.append("callbacks are not being read: is a worker running?")
    if health.unknown_today:
        found.append(f"{health.unknown_today} messages became unknown within a day")
    return found


def metrics(request: Request) -> PlainTextResponse:
    """The same figures as text for Prometheus."""
    rt = asking.runtime(request)
    now = rt.clock()
    with rt.store.read() as tx:
        health = records.health(tx, now=now)
    text = "".join(_lines(health, now))
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4")


def _lines(health: Health, now: datetime) -> Iterator[str]:
    gauges = (
        ("messages_due", "Scheduled messages that are due.", health.due),
        ("messages_scheduled", "Messages that are scheduled.", health.scheduled),
        ("messages_sending", "Messages in a worker's hands.", health.sending),
        ("messages_uncertain", "Messages waiting for proof.", health.uncertain),
        ("messages_unknown_day", "Messages lost in a day.", health.unknown_today),
        ("oldest_due_seconds", "Age of the oldest.", _age(health.oldest_due, now)),
        ("callbacks_unread", "Callbacks nobody has read.", health.inbox),
        (
            "oldest_callback_seconds",
            "Age of the oldest unread callback.",
            _age(health.oldest_callback, now),
        ),
        ("cases_open", "Cases that wait for a person.", health.open_cases),
    )
    for name, words, value in gauges:
        yield f"# HELP aftercart_{name} {words}\n# TYPE aftercart_{name} gauge\n"
        yield f"aftercart_{name} {value}\n"


def _age(at: datetime | None, now: datetime) -> float:
    return round(max(0.0, (now - at).total_seconds()), 3) if at else 0.0


def _older(at: datetime | None, now: datetime, limit: timedelta) -> bool:
    return at is not None and now - at > limit
