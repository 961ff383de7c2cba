"""How many, and how well? Messages per campaign and state, and the answers to surveys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from typing import Any

from sqlalchemy import ColumnElement, case, func, select

from aftercart.model import DETRACTOR, PROMOTER, REACHED, Purpose, State
from aftercart.reasons import Code
from aftercart.store import Tx
from aftercart.store.tables import answers, customers, messages

#: The normal quantile of a 95 % interval.
_Z = 1.959964


@dataclass(frozen=True)
class Count:
    """So many messages of a campaign are in this state, for this reason where there is one."""

    campaign: str
    state: State
    reason: Code | None
    n: int


@dataclass(frozen=True)
class Nps:
    """The answers to a survey. `spread` counts each score from 0 to 10."""

    promoters: int
    passives: int
    detractors: int
    sent: int
    spread: tuple[int, ...]

    @property
    def answers(self) -> int:
        return self.promoters + self.passives + self.detractors

    @property
    def score(self) -> int | None:
        """100 (P - D) / n, rounded half away from zero; None when nobody answered."""
        n, lead = self.answers, self.promoters - self.detractors
        if not n:
            return None
        size = (2 * 100 * abs(lead) + n) // (2 * n)
        return size if lead >= 0 else -size

    @property
    def interval(self) -> tuple[int, int] | None:
        """The 95 % interval of the score by adjusted Wald, which stays honest where all answers agree."""
        if not self.answers:
            return None
        n = self.answers + 3
        up, down = (self.promoters + 0.75) / n, (self.detractors + 0.75) / n
        middle = up - down
        reach = _Z * sqrt((up + down - middle**2) / n)
        low, high = 100 * (middle - reach), 100 * (middle + reach)
        return max(-100, round(low)), min(100, round(high))


@dataclass(frozen=True)
class Verdict:
    """One answer with its words."""

    message_id: str
    campaign: str
    customer: str
    first_name: str
    timezone: str
    score: int
    comment: str
    at: datetime


def counts(
    tx: Tx, *, since: datetime | None = None, until: datetime | None = None
) -> list[Count]:
    """Messages per campaign, state and reason, of those planned in [since, until)."""
    m = messages.c
    code = m.reason["code"].as_string()
    query = (
        select(m.campaign, m.state, code, func.count())
        .group_by(m.campaign, m.state, code)
        .order_by(m.campaign, m.state, func.count().desc())
    )
    if since is not None:
        query = query.where(m.created_at >= since)
    if until is not None:
        query = query.where(m.created_at < until)
    return [
        Count(campaign, State(state), Code(why) if why else None, n)
        for campaign, state, why, n in tx.execute(query)
    ]


def nps(tx: Tx, *, since: datetime | None = None, campaign: str | None = None) -> Nps:
    """Promoters, passives and detractors among the answers since a moment, and how many were asked in that time."""
    a, m = answers.c, messages.c
    spread = dict.fromkeys(range(11), 0)
    given = _within(select(a.score, func.count()), a.answered_at, since, a, campaign)
    for score, n in tx.execute(given.group_by(a.score)):
        spread[score] += n
    asked = _within(select(func.count()), m.created_at, since, m, campaign).where(
        m.purpose == Purpose.SURVEY, m.state.in_(REACHED)
    )
    return Nps(
        promoters=sum(n for score, n in spread.items() if score >= PROMOTER),
        passives=sum(n for s, n in spread.items() if DETRACTOR < s < PROMOTER),
        detractors=sum(n for score, n in spread.items() if score <= DETRACTOR),
        sent=tx.scalar(asked) or 0,
        spread=tuple(spread[score] for score in range(11)),
    )


def verdicts(
    tx: Tx,
    *,
    since: datetime | None = None,
    campaign: str | None = None,
    customer: str | None = None,
    limit: int = 100,
) -> Sequence[Verdict]:
    """The newest answers; those with words first, because they are what one reads."""
    a, c = answers.c, customers.c
    at: ColumnElement[Any] = func.coalesce(
        a.revised_at, a.answered_at, type_=a.answered_at.type
    )
    query = (
        select(
            a.message_id,
            a.campaign,
            a.customer_id,
            func.coalesce(c.first_name, ""),
            func.coalesce(c.timezone, "UTC"),
            a.score,
            a.comment,
            at,
        )
        .join(customers, c.id == a.customer_id, isouter=True)
        .order_by(case((a.comment != "", 0), else_=1), at.desc(), a.message_id)
        .limit(limit)
    )
    query = _within(query, a.answered_at, since, a, campaign)
    if customer is not None:
        query = query.where(a.customer_id == customer)
    return [Verdict(*row) for row in tx.execute(query)]


def _within(
    query: Any, moment: Any, since: datetime | None, columns: Any, campaign: str | None
) -> Any:
    if since is not None:
        query = query.where(moment >= since)
    if campaign is not None:
        query = query.where(columns.campaign == campaign)
    return query
