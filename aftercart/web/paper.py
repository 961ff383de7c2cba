"""The report of a back-test as one page that stands alone: charts, reasons, collisions and messages as people would get them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from aftercart import backtesting
from aftercart.backtesting import Backtest, Tally
from aftercart.model import Channel
from aftercart.web.drawing import PAGES

_WIDTH, _HEIGHT = 880.0, 64.0


@dataclass(frozen=True)
class Line:
    """One campaign's messages by day, as a filled line."""

    campaign: str
    area: str  #: points of an SVG polygon
    most: int
    total: int


@dataclass(frozen=True)
class Bar:
    """One bar of a histogram: from 0 to 100."""

    label: str
    n: int
    height: float


def page(found: Backtest) -> str:
    """The page; needs nothing beside it."""
    tally, plan = found.tally, found.plan
    days = list(_days(plan.start.date(), (plan.end - timedelta(minutes=1)).date()))
    sent = sum(tally.sent.values())
    html: str = _template().render(
        shop=found.shop.name,
        first=days[0],
        last=days[-1],
        orders=found.orders,
        people=tally.people,
        touched=tally.people - tally.per_person[0],
        sent=sent,
        stayed=sum(tally.ended.values()),
        most=max(tally.per_week, default=0),
        lines=[_line(tally, c.name, days) for c in found.campaigns],
        months=list(_months(days)),
        campaigns=[_campaign(tally, c.name) for c in found.campaigns],
        per_person=_bars(_grouped(tally.per_person)),
        per_week=_bars({str(n): p for n, p in sorted(tally.per_week.items())}),
        collisions=tally.collisions.most_common(12),
        texts=list(_texts(found)),
        currency=found.shop.currency,
        tasks=tally.tasks.most_common(),
        samples=found.samples,
        width=_WIDTH,
        height=_HEIGHT,
    )
    return html


@lru_cache(maxsize=1)
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["thousands"] = lambda n: f"{n:,}"
    environment.filters["words"] = lambda code: str(code).replace("_", " ")
    return environment.get_template("backtest.html")


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _line(tally: Tally, campaign: str, days: Sequence[date]) -> Line:
    """A week's mean for long stretches, so that the shape is seen and not the weekdays."""
    counts = [tally.days[day.isoformat(), campaign] for day in days]
    wide = 7 if len(days) > 120 else 1
    smooth = [
        sum(part) / len(part)
        for i in range(len(counts))
        if (part := counts[max(0, i - wide + 1) : i + 1])
    ]
    top = max(smooth, default=0) or 1
    step = _WIDTH / max(1, len(smooth) - 1)
    points = [
        f"{i * step:.1f},{_HEIGHT - value / top * (_HEIGHT - 6):.1f}"
        for i, value in enumerate(smooth)
    ]
    area = " ".join([f"0,{_HEIGHT}", *points, f"{_WIDTH},{_HEIGHT}"])
    return Line(campaign, area, max(counts, default=0), sum(counts))


def _months(days: Sequence[date]) -> Iterator[tuple[float, str]]:
    """Where the months begin, from 0 to the width; days of the week for a short stretch."""
    step = _WIDTH / max(1, len(days) - 1)
    for number, day in enumerate(days):
        if len(days) <= 45:
            if day.weekday() == 0:
                yield number * step, f"{day:%-d %b}"
        elif day.day == 1:
            yield number * step, f"{day:%b}"


def _campaign(tally: Tally, name: str) -> dict[str, Any]:
    sent = {c: tally.sent[name, c] for c in Channel}
    ended = backtesting.why_not(tally, name)
    total = sum(sent.values()) + sum(n for _, n in ended)
    return {
        "name": name,
        "people": tally.reached[name],
        "email": sent[Channel.EMAIL],
        "sms": sent[Channel.SMS],
        "share": 100 * sum(sent.values()) / total if total else 0,
        "why": [(code, n, tally.examples.get((name, code), "")) for code, n in ended],
        "waited": [
            (code, n, tally.examples[name, code])
            for (campaign, code), n in tally.held.most_common()
            if campaign == name
        ],
    }


def _grouped(per_person: Mapping[int, int]) -> dict[str, int]:
    """Messages in the stretch by person, in at most a dozen groups."""
    most = max(per_person, default=0)
    size = max(1, -(-most // 12))
    grouped = Counter[int]()
    for n, people in per_person.items():
        grouped[-(-n // size)] += people
    labels: dict[str, int] = {}
    for group in range(max(grouped, default=0) + 1):
        low, high = (group - 1) * size + 1, group * size
        label = "0" if not group else f"{low}" if size == 1 else f"{low}–{high}"
        labels[label] = grouped[group]
    return labels


def _bars(counts: Mapping[str, int]) -> list[Bar]:
    most = max(counts.values(), default=0) or 1
    return [Bar(label, n, 100 * n / most) for label, n in counts.items()]


def _texts(found: Backtest) -> Iterator[tuple[str, int, int, Any]]:
    tally = found.tally
    cost = tally.cost(found.shop.sms_prices)
    for country in sorted({country for _, country in tally.parts}):
        texts = sum(n for (_, to), n in tally.texts.items() if to == country)
        parts = sum(n for (_, to), n in tally.parts.items() if to == country)
        yield country, texts, parts, cost.get(country)
