"""Whose wait for an event is over? Those on their way are asked together, however many events there are."""

from collections.abc import Collection, Sequence
from datetime import datetime

from aftercart import conditions, gathering, keeping
from aftercart.campaigns import Campaign
from aftercart.model import Enrollment, Event
from aftercart.policy import waiting
from aftercart.runtime import Runtime
from aftercart.store import Tx, customers, enrollments, orders
from aftercart.store import events as event_store

#: An enrollment with its campaign.
OnTheWay = tuple[Enrollment, Campaign]


def tell(tx: Tx, rt: Runtime, fresh: Sequence[Event], *, now: datetime) -> int:
    """Those who wait for one of these new events become due; returns how many."""
    people = {e.customer_id for e in fresh}
    found = enrollments.awaiting(tx, people, {e.type for e in fresh})
    versions = keeping.of(tx, rt, {(e.campaign, e.version) for e in found})
    known = [
        (e, c)
        for e in found
        if isinstance(c := versions[e.campaign, e.version], Campaign)
    ]
    met = meet(tx, known, fresh, now=now)
    enrollments.wake(tx, met)
    return len(met)


def overtaken(
    tx: Tx, waits: Sequence[OnTheWay], *, now: datetime
) -> dict[str, Enrollment]:
    """Those for whom it happened before anybody knew that they wait, by id: a planner may be late, or look while it is being told."""
    begun = [(e, c, w) for e, c in waits if (w := waiting.begun(e, c)) and not w.met]
    past = [(e, c, w) for e, c, w in begun if w.since < now]
    if not past:
        return {}
    told = event_store.since(
        tx,
        {e.customer_id for e, _, _ in past},
        {w.step.event for _, _, w in past},
        after=min(w.since for _, _, w in past),
    )
    known = [e for e in told if e.at <= now]
    return {e.id: e for e in meet(tx, [(e, c) for e, c, _ in past], known, now=now)}


def meet(
    tx: Tx, waits: Sequence[OnTheWay], events: Sequence[Event], *, now: datetime
) -> list[Enrollment]:
    """The enrollments as they go on because of these events, which are in order of time."""
    if not waits or not events:
        return []
    known = _Seen(tx, [c for _, c in waits], events, now)
    done: dict[str, list[Event]] = {}
    for event in events:
        done.setdefault(event.customer_id, []).append(event)
    met = []
    for enrollment, campaign in waits:
        for event in done.get(enrollment.customer_id, ()):
            scope = known.scope(enrollment, event)
            if scope and (over := waiting.met(enrollment, campaign, event, scope)):
                met.append(over)
                break
    return met


class _Seen:
    """What the conditions of the waits look at, loaded once for all of them."""

    def __init__(
        self,
        tx: Tx,
        campaigns: Collection[Campaign],
        events: Sequence[Event],
        now: datetime,
    ) -> None:
        people = {e.customer_id for e in events}
        unique = {id(c): c for c in campaigns}.values()
        asked = {name for c in unique for name in gathering.categories(c)}
        self.customers = customers.load(tx, people, now=now)
        self.orders = orders.load(tx, {e.order_id for e in events if e.order_id})
        self.bought = orders.last_bought(tx, people, categories=asked, now=now)
        self.past = gathering.past(tx, people, campaigns=list(unique), now=now)

    def scope(self, e: Enrollment, event: Event) -> conditions.Scope | None:
        customer = self.customers.get(event.customer_id)
        if customer is None:
            return None
        return conditions.Scope(
            customer,
            self.orders.get(event.order_id),
            event.at,
            e.started_at,
            self.bought.get(customer.id, {}),
            self.past.get(customer.id, {}),
        )
