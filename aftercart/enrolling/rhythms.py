"""How often does this customer buy it? Purchases move the rhythm, and the rhythm says when a nudge would be in time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any

from aftercart import forecasting, moments
from aftercart.campaigns import Campaign, RunningLow
from aftercart.model import Event, Order
from aftercart.runtime import Runtime
from aftercart.store import Tx, customers, rhythms
from aftercart.store.rhythms import Rhythm

#: Rhythms written at a time while they are built anew.
_PAGE = 2000


def note_purchases(
    tx: Tx,
    rt: Runtime,
    fresh: Sequence[Event],
    bought: Mapping[str, Order],
    *,
    now: datetime,
) -> None:
    """Moves the rhythms of those who have just placed an order."""
    placed = [e for e in fresh if e.type == "order.placed" and e.order_id]
    campaigns = _campaigns(rt)
    if not placed or not campaigns:
        return
    people = {e.customer_id for e in placed}
    zones = customers.clocks(tx, people)
    for campaign in campaigns:
        states = rhythms.load(tx, campaign.name, people)
        changed: dict[tuple[str, str], Rhythm] = {}
        for event in placed:
            order = bought.get(event.order_id)
            for category in sorted(
                {line.category for line in order.lines} if order else ()
            ):
                key = (event.customer_id, category)
                moved = _bought(
                    campaign,
                    changed.get(key) or states.get(key),
                    customer_id=event.customer_id,
                    category=category,
                    zone=zones.get(event.customer_id, "UTC"),
                    at=event.at,
                    now=now,
                )
                if moved:
                    changed[key] = moved
        rhythms.save(tx, list(changed.values()))


def rebuild(rt: Runtime, *, before: datetime | None = None) -> int:
    """Builds all rhythms from the orders placed before a moment (default: now); returns how many there are.

    For an import of history, for a changed campaign, and for a replay, which must not know what came after its first day.
    """
    now = before or rt.clock()
    count = 0
    for campaign in _campaigns(rt):
        trigger = campaign.trigger
        assert isinstance(trigger, RunningLow)  # noqa: S101 - `_campaigns` asks
        staples = [s.category for s in trigger.staples]
        with rt.store.write() as tx:
            spoken_of = (
                rhythms.spoken_of(tx, campaign.name, after=trigger.after)
                if before is None
                else {}
            )
            rhythms.clear(tx, campaign.name)
            page: list[Rhythm] = []
            for state in _from_history(
                campaign, rhythms.histories(tx, categories=staples, before=now), now
            ):
                if spoken_of.get((state.customer_id, state.category)) == state.last_at:
                    # whoever has been nudged about this purchase is not nudged again because a file came twice
                    state = replace(state, nudge_at=None)
                page.append(state)
                count += 1
                if len(page) >= _PAGE:
                    rhythms.save(tx, page)
                    page = []
            rhythms.save(tx, page)
    return count


def _campaigns(rt: Runtime) -> list[Campaign]:
    return [c for c in rt.campaigns.values() if isinstance(c.trigger, RunningLow)]


def _from_history(
    campaign: Campaign, history: Iterator[Mapping[str, Any]], now: datetime
) -> Iterator[Rhythm]:
    for (customer_id, category), purchases in groupby(
        history, key=lambda row: (row["customer_id"], row["category"])
    ):
        gaps: tuple[int, ...] = ()
        last_at: datetime | None = None
        count, zone = 0, "UTC"
        for row in purchases:
            at, zone = row["placed_at"], row["timezone"]
            if last_at is None or (at - last_at).days >= 1:
                count += 1
            if last_at is not None:
                gaps = forecasting.add_purchase(gaps, last_at=last_at, at=at)
            last_at = at
        if last_at is not None:
            rhythm = Rhythm(
                campaign.name, customer_id, category, last_at, count, gaps, None
            )
            yield _with_nudge(campaign, rhythm, zone=zone, now=now)


def _bought(
    campaign: Campaign,
    known: Rhythm | None,
    *,
    customer_id: str,
    category: str,
    zone: str,
    at: datetime,
    now: datetime,
) -> Rhythm | None:
    """The rhythm after a purchase; None where it is no staple, or was counted before."""
    trigger = campaign.trigger
    if not isinstance(trigger, RunningLow) or trigger.staple(category) is None:
        return None
    if known is None:
        first = Rhythm(campaign.name, customer_id, category, at, 1, (), None)
        return _with_nudge(campaign, first, zone=zone, now=now)
    if at <= known.last_at:
        return None
    another = (at - known.last_at).days >= 1
    moved = Rhythm(
        campaign.name,
        customer_id,
        category,
        at,
        known.purchases + (1 if another else 0),
        forecasting.add_purchase(known.gaps, last_at=known.last_at, at=at),
        None,
    )
    return _with_nudge(campaign, moved, zone=zone, now=now)


def _with_nudge(
    campaign: Campaign, rhythm: Rhythm, *, zone: str, now: datetime
) -> Rhythm:
    trigger = campaign.trigger
    assert isinstance(trigger, RunningLow)  # noqa: S101 - both callers have asked
    staple = trigger.staple(rhythm.category)
    if staple is None or rhythm.purchases < trigger.after:
        return rhythm
    nudge_at = forecasting.nudge_at(
        rhythm.last_at,
        gaps=rhythm.gaps,
        typical=staple.lifespan,
        zone=moments.zone(zone),
        at=trigger.at,
        now=now,
    )
    return Rhythm(**{**vars(rhythm), "nudge_at": nudge_at})
