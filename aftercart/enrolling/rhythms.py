"""How often does this customer buy it? Purchases move the rhythm, and the rhythm says when a nudge would be in time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any

from aftercart import forecasting
from aftercart.campaigns import Campaign, RunningLow
from aftercart.forecasting import Buyer, Rhythm
from aftercart.model import Event, Order
from aftercart.runtime import Runtime
from aftercart.store import Tx, customers, rhythms

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
    for campaign, trigger in campaigns:
        states = rhythms.load(tx, campaign.name, people)
        changed: dict[tuple[str, str], Rhythm] = {}
        for event in placed:
            order = bought.get(event.order_id)
            zone = zones.get(event.customer_id, "UTC")
            buyer = Buyer(campaign.name, event.customer_id, zone)
            for category in sorted(
                {line.category for line in order.lines} if order else ()
            ):
                key = (event.customer_id, category)
                moved = forecasting.bought(
                    changed.get(key) or states.get(key),
                    trigger=trigger,
                    buyer=buyer,
                    category=category,
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
    for campaign, trigger in _campaigns(rt):
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
                campaign,
                trigger,
                rhythms.histories(tx, categories=staples, before=now),
                now,
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


def _campaigns(rt: Runtime) -> list[tuple[Campaign, RunningLow]]:
    return [
        (c, c.trigger)
        for c in rt.campaigns.values()
        if isinstance(c.trigger, RunningLow)
    ]


def _from_history(
    campaign: Campaign,
    trigger: RunningLow,
    history: Iterator[Mapping[str, Any]],
    now: datetime,
) -> Iterator[Rhythm]:
    for (customer_id, zone, category), purchases in groupby(
        history, key=lambda row: (row["customer_id"], row["timezone"], row["category"])
    ):
        rhythm = forecasting.from_purchases(
            (row["placed_at"] for row in purchases),
            trigger=trigger,
            buyer=Buyer(campaign.name, customer_id, zone),
            category=category,
            now=now,
        )
        if rhythm:
            yield rhythm
