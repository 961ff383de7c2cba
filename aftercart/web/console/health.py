"""Is anything stuck? Each measure with what it means and what to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from aftercart.store import pauses, records
from aftercart.store.records import Health
from aftercart.web import asking, clocks, drawing
from aftercart.web.health import CALLBACK_OLD, DUE_LATE, UNCERTAIN_OLD


@dataclass(frozen=True)
class Measure:
    """One line: how much, whether that is well, and what to do when it is not."""

    name: str
    value: str
    note: str
    is_well: bool = True
    mend: str = ""
    href: str = ""


def page(request: Request) -> Response:
    """All measures."""
    rt = asking.runtime(request)
    now = rt.clock()
    with rt.store.read() as tx:
        health = records.health(tx, now=now)
        paused = pauses.paused(tx)
    measures = list(_measures(health, now))
    return drawing.console_page(
        request,
        "health.html",
        measures=measures,
        troubles=sum(not m.is_well for m in measures),
        paused=[paused[scope] for scope in sorted(paused)],
        settings=sorted(rt.settings.masked().items()),
    )


def _measures(h: Health, now: datetime) -> Iterator[Measure]:
    yield Measure(
        "Due, not yet sent",
        f"{h.due:,}",
        _oldest(h.oldest_due, now),
        not h.oldest_due or now - h.oldest_due <= DUE_LATE,
        "Is the scheduler running, and a worker for this queue? Look also under paused, below. Nothing is lost: "
        "what is late is sent when they run, or expires.",
        "/console/log?state=scheduled",
    )
    yield Measure("Scheduled", f"{h.scheduled:,}", "waiting for their time")
    yield Measure("Being sent", f"{h.sending:,}", "in a worker's hands now")
    yield Measure(
        "Uncertain",
        f"{h.uncertain:,}",
        _oldest(h.oldest_uncertain, now),
        not h.oldest_uncertain or now - h.oldest_uncertain <= UNCERTAIN_OLD,
        "The provider may have them, and its report is missing. Do callbacks arrive? They are never sent again by guess.",
        "/console/log?state=uncertain",
    )
    yield Measure(
        "Unknown, last 24 hours",
        f"{h.unknown_today:,}",
        "proof never came",
        h.unknown_today == 0,
        "Each may or may not have reached its customer. Ask the provider with the ids in the log.",
        "/console/log?state=unknown",
    )
    yield Measure(
        "Callbacks not yet read",
        f"{h.inbox:,}",
        _oldest(h.oldest_callback, now),
        not h.oldest_callback or now - h.oldest_callback <= CALLBACK_OLD,
        "Is a worker running? They are kept as they came and will be read.",
    )
    yield Measure(
        "Open cases", f"{h.open_cases:,}", "wait for a person", href="/console/cases"
    )


def _oldest(at: datetime | None, now: datetime) -> str:
    return f"the oldest for {clocks.span(now - at)}" if at else "none"
