"""Campaigns of the calendar: for each time zone, once per local date, the whole audience enters."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from aftercart import moments
from aftercart.campaigns import Campaign, Recurring
from aftercart.model import Customer, Enrollment
from aftercart.runtime import Runtime
from aftercart.store import (
    Tx,
    customers,
    enrollments,
    messages,
    recurrences,
    selecting,
)

#: An occurrence that nobody planned for this long is over: no burst after an outage.
GRACE = timedelta(hours=24)
_PAGE = 1000


def pending(rt: Runtime, now: datetime) -> bool:
    """Whether an occurrence has come that is not planned, in any zone."""
    with rt.store.read() as tx:
        return any(True for _ in _unplanned(tx, rt, now))


def next_due(tx: Tx, rt: Runtime) -> datetime | None:
    """The next occurrence of any recurring campaign in any zone."""
    upcoming = []
    for campaign, trigger in _recurring(rt):
        planned = recurrences.planned_until(tx, campaign.name)
        for name in customers.zones(tx):
            if name in planned:
                zone = moments.zone(name)
                upcoming.append(
                    moments.next_occurrence(
                        planned[name], zone, trigger.weekdays, trigger.at
                    )
                )
    return min(upcoming, default=None)


def enroll(tx: Tx, rt: Runtime, *, now: datetime) -> int:
    """Enrolls the audience of every occurrence that has come; returns how many people."""
    count = 0
    for campaign, zone, at in list(_unplanned(tx, rt, now)):
        first_look = zone not in recurrences.planned_until(tx, campaign.name)
        # a campaign that is new, or a zone that is, starts with its next occurrence and not with the last one
        if not first_look and now - at <= GRACE:
            count += _enroll_zone(tx, campaign, zone=zone, at=at, now=now)
        recurrences.mark_planned(tx, campaign.name, zone=zone, at=at)
    return count


def _recurring(rt: Runtime) -> Iterator[tuple[Campaign, Recurring]]:
    for campaign in rt.campaigns.values():
        if isinstance(campaign.trigger, Recurring):
            yield campaign, campaign.trigger


def _unplanned(
    tx: Tx, rt: Runtime, now: datetime
) -> Iterator[tuple[Campaign, str, datetime]]:
    for campaign, trigger in _recurring(rt):
        planned = recurrences.planned_until(tx, campaign.name)
        for name in customers.zones(tx):
            at = moments.last_occurrence(
                now, moments.zone(name), trigger.weekdays, trigger.at
            )
            if name not in planned or at > planned[name]:
                yield campaign, name, at


def _enroll_zone(
    tx: Tx, campaign: Campaign, *, zone: str, at: datetime, now: datetime
) -> int:
    where = (
        selecting.where_clause(campaign.audience, now=now, started_at=at)
        if campaign.audience
        else None
    )
    date = moments.local(at, moments.zone(zone)).date().isoformat()
    count, after = 0, ""
    while page := customers.audience(
        tx, zone=zone, where=where, now=now, after=after, limit=_PAGE
    ):
        after = page[-1].id
        people = _not_too_soon(tx, campaign, page, now=now)
        count += len(
            enrollments.add(tx, [_enrollment(campaign, c, date, at) for c in people])
        )
    return count


def _not_too_soon(
    tx: Tx, campaign: Campaign, page: list[Customer], *, now: datetime
) -> list[Customer]:
    """Who has not had the campaign within its limit. The others are not enrolled at all: `explain` says until when."""
    if campaign.limit is None:
        return page
    had = messages.reached(
        tx, campaign.name, [c.id for c in page], since=now - campaign.limit.period
    )
    return [c for c in page if len(had.get(c.id, ())) < campaign.limit.count]


def _enrollment(
    campaign: Campaign, customer: Customer, date: str, at: datetime
) -> Enrollment:
    return Enrollment(
        id=enrollments.enrollment_id(campaign.name, customer.id, date),
        campaign=campaign.name,
        version=campaign.version,
        customer_id=customer.id,
        occurrence=date,
        started_at=at,
        step=0,
        due_at=at,
    )
