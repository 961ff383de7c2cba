"""Would they recommend us? The score with the number of answers behind it, how they spread, and what people wrote."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from aftercart.model import Purpose
from aftercart.store import records
from aftercart.web import asking, drawing
from aftercart.web.console import asked

SPANS = {"30d": "30 days", "90d": "90 days", "365d": "a year", "all": "all time"}
#: Fewer answers than this say little; the page says so.
FEW = 30
_HEIGHT = 120.0


@dataclass(frozen=True)
class Bar:
    """One bar of the spread, in the units of the drawing."""

    score: int
    n: int
    x: int
    y: float
    height: float
    group: str


def page(request: Request) -> Response:
    """The score of a span."""
    rt = asking.runtime(request)
    given = request.query_params.get("since", "").strip() or "90d"
    span = given if given in SPANS else "90d"
    since = None if span == "all" else rt.clock() - timedelta(days=int(span[:-1]))
    campaign = request.query_params.get("campaign", "").strip() or None
    surveys = sorted(
        c.name for c in rt.campaigns.values() if c.purpose is Purpose.SURVEY
    )
    with rt.store.read() as tx:
        found = records.nps(tx, since=since, campaign=campaign)
        verdicts = records.verdicts(tx, since=since, campaign=campaign)
    # one that left the folder may have answers
    there = [campaign] if campaign and found.sent else surveys
    return drawing.console_page(
        request,
        "nps.html",
        wrong=asked.wrong(
            request,
            since=asked.one_of("span", SPANS),
            campaign=asked.one_of("survey", there),
        ),
        nps=found,
        bars=bars(found.spread),
        verdicts=verdicts,
        spans=SPANS,
        query={"since": span, "campaign": campaign or ""},
        surveys=surveys,
        few=FEW,
    )


def bars(spread: Sequence[int]) -> list[Bar]:
    """The drawing's bars; the tallest fills the height, and one answer is still seen."""
    tallest = max([*spread, 1])
    drawn = []
    for score, n in enumerate(spread):
        height = max(3.0, round(_HEIGHT * n / tallest, 1)) if n else 0.0
        group = "promoter" if score >= 9 else "passive" if score >= 7 else "detractor"
        drawn.append(Bar(score, n, score * 44, _HEIGHT - height, height, group))
    return drawn
