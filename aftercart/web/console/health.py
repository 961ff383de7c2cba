"""Is anything stuck? Each measure with what it means and what to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from aftercart.store.pauses import SAFE_MODE
from aftercart.web import asking, clocks, drawing, signals
from aftercart.web.signals import Lookout, Signals


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
    found = Lookout(rt).look()
    measures = [*_measures(found), *_surroundings(found)]
    return drawing.console_page(
        request,
        "health.html",
        measures=measures,
        troubles=sum(not m.is_well for m in measures),
        paused=[found.held[scope] for scope in sorted(found.held)],
        safe_mode=SAFE_MODE,
        settings=sorted(rt.settings.masked().items()),
    )


def _measures(s: Signals) -> Iterator[Measure]:
    h, now = s.health, s.now
    yield Measure(
        "Due, not yet sent",
        f"{h.due:,}",
        _oldest(h.oldest_due, now),
        not signals.late(h, now),
        "Is the scheduler running, and a worker for this queue? Nothing is lost: what is late is sent when they run, or "
        "expires.",
        "/console/log?state=scheduled",
    )
    yield Measure("Scheduled", f"{h.scheduled:,}", "waiting for their time")
    yield Measure("Being sent", f"{h.sending:,}", "in a worker's hands now")
    yield Measure(
        "Uncertain",
        f"{h.uncertain:,}",
        _oldest(h.oldest_uncertain, now),
        not signals.doubtful(h, now),
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
        "Given up, last 24 hours",
        f"{s.lately.poison:,}",
        "whatever prepared them ended",
        s.lately.poison == 0,
        "Something in them ends a worker: its template, or its facts. Each is in the log as failed.",
        "/console/log?state=failed",
    )
    yield Measure(
        "Callbacks not yet read",
        f"{h.inbox:,}",
        _oldest(h.oldest_callback, now),
        not signals.unread(h, now),
        "Is a worker running? They are kept as they came and will be read.",
    )
    yield Measure(
        "Open cases", f"{h.open_cases:,}", "wait for a person", href="/console/cases"
    )


def _surroundings(s: Signals) -> Iterator[Measure]:
    """What is not about messages, where it is wrong: nobody wants to read every day that the clock is right."""
    if s.silence > signals.SILENCE:
        yield Measure(
            "Reports of providers",
            "none",
            f"for {clocks.span(s.silence)}, while messages go out",
            False,
            "Does the provider post to AFTERCART_PUBLIC_URL, and does the signature fit?",
        )
    for scope, pause in sorted(s.held.items()):
        if pause.words:
            since = f"for {clocks.span(s.now - pause.since)}"
            yield Measure(
                f"Held: {scope}", "1", since, False, f"{pause.words.rstrip('.')}."
            )
    if s.unwritable:
        yield Measure("The database", "read-only", "", False, f"{s.unwritable}.")
    if s.hindrance:
        yield Measure("This process", "stopped", "", False, f"{s.hindrance}.")
    if s.off_words:
        yield Measure("This clock", "off", "", False, f"{s.off_words}.")
    if s.others_off:
        yield Measure("Another process", "stopped", "", False, f"{s.others_off}.")
    if s.redis_away:
        words = "It does not answer. What is due waits for it, and nothing is lost."
        yield Measure("Redis", "away", "", False, words)
    elif s.redis is not None and s.redis >= signals.REDIS_FULL:
        words = "At its limit it takes no more ids. Give it more memory, or a database of its own."
        yield Measure("Redis", f"{s.redis:.0%}", "of its memory", False, words)


def _oldest(at: datetime | None, now: datetime) -> str:
    return f"the oldest for {clocks.span(now - at)}" if at else "none"
