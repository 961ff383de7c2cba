"""Staples that run low: those of one customer that fall due together are told together, once per cycle."""

from datetime import datetime
from itertools import groupby

from aftercart import keeping
from aftercart.campaigns import Campaign, RunningLow, Status
from aftercart.forecasting import Rhythm, together
from aftercart.policy import entering, going_live
from aftercart.runtime import Runtime
from aftercart.store import Tx, customers, past, rhythms

_PAGE = 1000


def enroll(tx: Tx, rt: Runtime, *, now: datetime) -> int:
    """Enrolls the customers who have a staple due, unless they had a nudge lately; returns how many."""
    count = 0
    for campaign in rt.campaigns.values():
        if isinstance(campaign.trigger, RunningLow):
            while found := rhythms.due(tx, campaign.name, now=now, limit=_PAGE):
                count += _enroll(tx, rt, campaign, campaign.trigger, found, now=now)
    return count


def _enroll(
    tx: Tx,
    rt: Runtime,
    campaign: Campaign,
    trigger: RunningLow,
    found: list[Rhythm],
    *,
    now: datetime,
) -> int:
    people = sorted({r.customer_id for r in found})
    states = sorted(
        rhythms.load(tx, campaign.name, people).values(), key=lambda r: r.customer_id
    )
    free_at = _free_at(tx, campaign, people, now)
    closed = _closed(tx, rt, campaign, people, now)
    new = []
    for customer_id, theirs in groupby(states, key=lambda r: r.customer_id):
        due = together(trigger, list(theirs), now=now)
        told = [r.category for r in due]
        if customer_id in closed:
            # this cycle goes by without a word; the next purchase begins another
            rhythms.told(tx, campaign.name, customer_id, told)
            continue
        if customer_id in free_at:
            # too soon after the last nudge: it waits, and what else runs low meanwhile goes with it
            later = free_at[customer_id]
            rhythms.postpone(tx, campaign.name, customer_id, told, to=later)
            continue
        new.append(entering.by_need(campaign, trigger, customer_id, due))
        rhythms.told(tx, campaign.name, customer_id, told)
    return len(keeping.enroll(tx, rt, new, now=now))


def _closed(
    tx: Tx, rt: Runtime, campaign: Campaign, people: list[str], now: datetime
) -> set[str]:
    """For whom the campaign is not yet."""
    if campaign.status is Status.LIVE:
        return set()
    known = customers.load(tx, people, now=now)
    return {
        id_
        for id_, c in known.items()
        if going_live.closed(campaign, c, trial=rt.shop.trial)
    }


def _free_at(
    tx: Tx, campaign: Campaign, people: list[str], now: datetime
) -> dict[str, datetime]:
    """Who has had as many nudges as the campaign's limit allows, and when the next one may come."""
    limit = campaign.limit
    if limit is None:
        return {}
    had = past.reached(tx, campaign.name, people, since=now - limit.period)
    return {
        customer_id: until
        for customer_id, times in had.items()
        if (until := entering.free_at(campaign, times))
    }
