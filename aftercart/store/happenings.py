"""What has each of these people done so far? The past that conditions count in: orders, clicks, opens, events, answers.

One SELECT for each kind, and only as far back as somebody asks.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, literal, or_, select, true

from aftercart.model import Signal
from aftercart.store import Tx
from aftercart.store.among import among
from aftercart.store.tables import answers, events, messages, orders, provider_events

#: What a person did by now, oldest first: when, and its value.
Past = Sequence[tuple[datetime, Decimal]]

_SIGNALS = {"clicks": Signal.CLICKED, "opens": Signal.OPENED}
_SCORE = "score:"


@dataclass(frozen=True)
class Rows:
    """Where a source's happenings stand: the rows, whose they are, when, of which value, and what tells two of one moment apart."""

    table: FromClause
    customer: ColumnElement[str]
    at: ColumnElement[datetime]
    value: ColumnElement[Any]
    key: ColumnElement[str]
    name: ColumnElement[str]  #: what the rows of this source have in this column …
    named: str  #: … is this
    only: ColumnElement[bool]

    @property
    def mine(self) -> ColumnElement[bool]:
        """Which rows are of the source."""
        return and_(self.name == self.named, self.only)


def rows_of(source: str) -> Rows:
    """Where the happenings of a source stand."""
    one = literal(1)
    if source == "orders":
        o = orders.c
        name: ColumnElement[str] = literal("orders")
        return Rows(
            orders, o.customer_id, o.placed_at, o.total, o.id, name, "orders", true()
        )
    if source in _SIGNALS:
        m, p = messages.c, provider_events.c
        both = messages.join(provider_events, p.message_id == m.id)
        # what a mailbox's scanner opens, nobody has read
        human, word = p.machine.is_(False), _SIGNALS[source]
        return Rows(both, m.customer_id, p.at, one, p.key, p.signal, word, human)
    if source.startswith(_SCORE):
        a, survey = answers.c, source.removeprefix(_SCORE)
        return Rows(
            answers,
            a.customer_id,
            a.answered_at,
            a.score,
            a.message_id,
            a.campaign,
            survey,
            true(),
        )
    e = events.c
    return Rows(events, e.customer_id, e.at, one, e.id, e.type, source, true())


def load(
    tx: Tx,
    customer_ids: Collection[str],
    *,
    reach: Mapping[str, timedelta | None],
    now: datetime,
) -> dict[str, dict[str, Past]]:
    """Per customer and source what happened by `now`, as far back as `reach` says of the source (None: to the beginning)."""
    found: dict[str, dict[str, list[tuple[datetime, Decimal]]]] = {}
    for kind in _kinds(reach):
        first = next(iter(kind.values()))
        asked = [rows.mine & _span(rows, reach[s], now) for s, rows in kind.items()]
        source = {rows.named: s for s, rows in kind.items()}
        query = (
            select(first.customer, first.name, first.at, first.value)
            .select_from(first.table)
            .where(among(first.customer), or_(*asked))
            .order_by(first.at, first.key)
        )
        for customer_id, name, at, value in tx.execute(query, {"ids": customer_ids}):
            theirs = found.setdefault(customer_id, {})
            theirs.setdefault(source[name], []).append((at, Decimal(value)))
    return {customer_id: dict(past) for customer_id, past in found.items()}


def _kinds(sources: Collection[str]) -> Iterator[dict[str, Rows]]:
    """The sources that stand in the same rows, together."""
    known = {source: rows_of(source) for source in sorted(sources)}

    def column(source: str) -> str:
        return str(known[source].at)

    for _, together in groupby(sorted(known, key=column), key=column):
        yield {source: known[source] for source in together}


def _span(rows: Rows, back: timedelta | None, now: datetime) -> ColumnElement[bool]:
    until = rows.at <= now
    return until if back is None else until & (rows.at > now - back)
