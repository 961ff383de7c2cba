"""Campaigns of the calendar: for each time zone, once per local date, all enter whom it concerns."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from aftercart import keeping, moments
from aftercart.campaigns import Anniversary, Calendar, Campaign, Inactive, Status
from aftercart.model import Customer
from aftercart.policy import entering, going_live
from aftercart.runtime import Runtime
from aftercart.store import (
    Tx,
    customers,
    past,
    recurrences,
    selecting,
)

#: An occurrence that nobody planned for this long is over: no burst after an outage.
GRACE = timedelta(hours=24)
_PAGE = 1000


def names(rt: Runtime) -> list[str]:
    """The campaigns of the calendar."""
    return [campaign.name for campaign, _ in _recurring(rt)]


def enroll(tx: Tx, rt: Runtime, *, now: datetime) -> int:
    """Enrolls the audience of every occurrence that has come; returns how many people."""
    count = 0
    for campaign, trigger, zone, at in list(_unplanned(tx, rt, now)):
        first_look = zone not in recurrences.planned_until(tx, campaign.name)
        # a campaign that is new, or a zone that is, starts with its next occurrence and not with the last one
        # the dates of a draft go by, so that it starts with the next one when it goes live
        silent = first_look or campaign.status is Status.DRAFT
        if not silent and now - at <= GRACE:
            count += _enroll_zone(tx, rt, campaign, trigger, zone=zone, at=at, now=now)
        next_at = moments.next_occurrence(
            at, moments.zone(zone), trigger.on, trigger.at
        )
        recurrences.mark_planned(tx, campaign.name, zone=zone, at=at, next_at=next_at)
    return count


def _recurring(rt: Runtime) -> Iterator[tuple[Campaign, Calendar]]:
    for campaign in rt.campaigns.values():
        if isinstance(campaign.trigger, Calendar):
            yield campaign, campaign.trigger


def _unplanned(
    tx: Tx, rt: Runtime, now: datetime
) -> Iterator[tuple[Campaign, Calendar, str, datetime]]:
    for campaign, trigger in _recurring(rt):
        planned = recurrences.planned_until(tx, campaign.name)
        for name in customers.zones(tx):
            at = moments.last_occurrence(
                now, moments.zone(name), trigger.on, trigger.at
            )
            if name not in planned or at > planned[name]:
                yield campaign, trigger, name, at


def _enroll_zone(
    tx: Tx,
    rt: Runtime,
    campaign: Campaign,
    trigger: Calendar,
    *,
    zone: str,
    at: datetime,
    now: datetime,
) -> int:
    today = moments.local(at, moments.zone(zone)).date()
    where = _concerned(trigger, today, at, now)
    if campaign.audience:
        audience = selecting.where_clause(campaign.audience, now=now, started_at=at)
        where = where & audience
    count, after = 0, ""
    while page := customers.audience(
        tx, zone=zone, where=where, now=now, after=after, limit=_PAGE
    ):
        after = page[-1].id
        willing = [
            c
            for c in page
            if entering.agreed(campaign, c)
            and not going_live.closed(campaign, c, trial=rt.shop.trial)
        ]
        people = _not_too_soon(tx, campaign, willing, now=now)
        count += len(
            keeping.enroll(
                tx,
                rt,
                [
                    entering.by_calendar(campaign, trigger, c, today=today, at=at)
                    for c in people
                ],
                now=now,
            )
        )
    return count


def _concerned(
    trigger: Calendar, today: date, at: datetime, now: datetime
) -> selecting.Clause:
    """Whom the calendar means on this day, apart from the audience."""
    match trigger:
        case Anniversary():
            kept = entering.kept(trigger, today)
            return selecting.keeps(trigger.day, moments.celebrated(kept), by=kept)
        case Inactive(days=days):
            return selecting.last_ordered(
                after=at - timedelta(days=days) - entering.STILL_TOLD,
                by=at - timedelta(days=days),
                now=now,
            )
    return selecting.everybody()


def _not_too_soon(
    tx: Tx, campaign: Campaign, page: list[Customer], *, now: datetime
) -> list[Customer]:
    """Who has not had the campaign within its limit. The others are not enrolled at all: `explain` says until when."""
    if campaign.limit is None:
        return page
    had = past.reached(
        tx, campaign.name, [c.id for c in page], since=now - campaign.limit.period
    )
    return [c for c in page if entering.free_at(campaign, had.get(c.id, ())) is None]
