"""Which messages went, wait or stay, and why? The delivery log, with its filters in the address."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from aftercart.model import State
from aftercart.store import records
from aftercart.store.records import LogRow
from aftercart.web import asking, drawing
from aftercart.web.console import asked

_LINES = 100
_PEOPLE = 6
#: The spans that the log offers; any date in the address works as well.
SPANS = {"1d": "last 24 hours", "7d": "last 7 days", "30d": "last 30 days"}
_KEYS = ("q", "state", "campaign", "customer", "order", "since")


def page(request: Request) -> Response:
    """A page of the log."""
    rt = asking.runtime(request)
    query = {key: request.query_params.get(key, "").strip() for key in _KEYS}
    wrong = asked.wrong(request, **_CHECKS)
    with rt.store.read() as tx:
        rows = records.log(
            tx,
            search=query["q"] or None,
            state=query["state"] or None,
            campaign=query["campaign"] or None,
            customer=query["customer"] or None,
            order=query["order"] or None,
            since=since(query["since"], rt.clock()),
            before=_before(request.query_params.get("before", "")),
            limit=_LINES + 1,
        )
        people = records.find_customers(tx, query["q"], limit=_PEOPLE + 1)
    if wrong:
        # the rows of another question would look like an answer to this one
        rows = []
    elif query["campaign"] and not rows:
        # one that left the folder is still in the log
        there = asked.one_of("campaign", rt.campaigns)
        wrong = asked.wrong(request, **{**_CHECKS, "campaign": there})
    return drawing.console_page(
        request,
        "log.html",
        wrong=wrong,
        rows=rows[:_LINES],
        older=_mark(rows[_LINES - 1]) if len(rows) > _LINES else "",
        is_first=not request.query_params.get("before"),
        people=people if query["q"] else [],
        many_people=len(people) > _PEOPLE,
        query=query,
        states=[state.value for state in State],
        spans=SPANS,
        campaigns=sorted(rt.campaigns),
    )


def when(text: str) -> str:
    """What is wrong with a span or a date in the address; empty where nothing is."""
    if text in SPANS or _date(text):
        return ""
    spans = ", ".join(SPANS)
    return f"“{text}” is neither a span nor a date; write one of {spans}, or 2026-03-02"


def since(text: str, now: datetime) -> datetime | None:
    """The moment that a span ("7d") or a date (UTC) in the address means; None where it means none."""
    if text in SPANS:
        return now - timedelta(days=int(text[:-1]))
    return _date(text)


def _date(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _place(mark: str) -> str:
    return (
        ""
        if _before(mark)
        else f"“{mark}” is no place in the log; begin with the newest"
    )


def _mark(row: LogRow) -> str:
    return f"{row.created_at.astimezone(UTC).isoformat()}~{row.id}"


def _before(mark: str) -> tuple[datetime, str] | None:
    at, _, id_ = mark.partition("~")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (moment, id_) if moment.tzinfo else None


_CHECKS: Mapping[str, asked.Check] = {
    "state": asked.one_of("state", [state.value for state in State]),
    "since": when,
    "before": _place,
    **dict.fromkeys(("q", "campaign", "customer", "order"), asked.anything),
}
