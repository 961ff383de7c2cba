"""Who enters a campaign, and by what? The start of a person's way: by an event, the calendar, a staple, or a late order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from aftercart import conditions, moments
from aftercart.campaigns import (
    Anniversary,
    Calendar,
    Campaign,
    EventTrigger,
    Inactive,
    LateDelivery,
    RunningLow,
    Send,
)
from aftercart.forecasting import Rhythm
from aftercart.model import Customer, Enrollment, Event, Order, enrollment_id
from aftercart.reasons import Code, Reason, because

#: Who has been away for this much longer is not greeted any more: a new campaign does not write to all who ever left.
STILL_TOLD = timedelta(days=7)

#: After these there is nothing more to be late.
_OVER = {"order.delivered": Code.ARRIVED, "order.cancelled": Code.ORDER_CANCELLED}


@dataclass(frozen=True)
class CalledOff:
    """The watches on an order end: all of them, or with `but` those that were set by the event's time, except the one of that occurrence."""

    order_id: str
    at: datetime
    reason: Reason
    but: str | None = None


def by_event(
    campaign: Campaign, trigger: EventTrigger, event: Event, scope: conditions.Scope
) -> Enrollment | None:
    """The way that an event starts, where the trigger's condition holds."""
    if trigger.where and not conditions.predicate(trigger.where)(scope):
        return None
    return enrollment(
        campaign,
        event.customer_id,
        occurrence=event.order_id or event.id,
        started_at=event.at,
        order_id=event.order_id,
        facts={"event": event.id},
    )


def by_lateness(
    campaign: Campaign, trigger: LateDelivery, event: Event, order: Order
) -> list[Enrollment | CalledOff]:
    """A watch on the promise, one on every new estimate, and none once the order is there."""
    if event.type in _OVER:
        why = because(_OVER[event.type], order=order.id, at=f"{event.at:%H:%M} UTC")
        return [CalledOff(order.id, event.at, why)]
    if order.promised_at is None or order.delivered_at or order.cancelled_at:
        return []
    late_from = order.promised_at + trigger.by
    said = event.body.get("order", {})
    by_promise = f"{order.id}:promised"
    found: list[Enrollment | CalledOff] = []

    def watch(occurrence: str, due_at: datetime, **facts: str) -> None:
        found.append(
            enrollment(
                campaign,
                event.customer_id,
                occurrence=occurrence,
                started_at=event.at,
                due_at=due_at,
                order_id=event.order_id,
                facts={"event": event.id, **facts},
            )
        )

    if said.get("promised_at"):
        watch(by_promise, late_from + trigger.confirmed_for)
    eta = datetime.fromisoformat(said["eta"]) if said.get("eta") else None
    if eta and eta >= late_from:
        # the same estimate may come back after it was taken back, and then its two minutes begin anew
        occurrence = f"{order.id}:{eta.isoformat()}@{event.at.isoformat()}"
        watch(occurrence, event.at + trigger.confirmed_for, eta=eta.isoformat())
    elif eta:
        fine = because(Code.NOT_LATE, order=order.id)
        found.append(CalledOff(order.id, event.at, fine, but=by_promise))
    return found


def by_calendar(
    campaign: Campaign,
    trigger: Calendar,
    customer: Customer,
    *,
    today: date,
    at: datetime,
) -> Enrollment:
    """The way of somebody whom the calendar means today."""
    occurrence, facts = today.isoformat(), {}
    if isinstance(trigger, Anniversary):
        occurrence = kept(trigger, today).isoformat()
    elif isinstance(trigger, Inactive) and customer.last_order_at:
        # once until they order again, however often the calendar comes by
        occurrence = f"since {customer.last_order_at:%Y-%m-%d %H:%M}"
        facts = {"last_order_at": customer.last_order_at.isoformat()}
    return enrollment(
        campaign, customer.id, occurrence=occurrence, started_at=at, facts=facts
    )


def by_need(
    campaign: Campaign, trigger: RunningLow, customer_id: str, due: Sequence[Rhythm]
) -> Enrollment:
    """The way of somebody with staples that run low, the first due first."""
    first = due[0]
    names = {r.category: trigger.staple(r.category) for r in due}
    return enrollment(
        campaign,
        customer_id,
        occurrence=f"{first.category}:{first.last_at.date().isoformat()}",
        started_at=first.nudge_at or first.last_at,
        facts={
            "staples": [
                {
                    "category": r.category,
                    "name": staple.name
                    if (staple := names[r.category])
                    else r.category,
                    "last_at": r.last_at.isoformat(),
                }
                for r in due
            ]
        },
    )


def means(trigger: Calendar, customer: Customer, *, today: date, at: datetime) -> bool:
    """Whether the calendar means this customer today, apart from the audience: what the store asks in SQL, for one person."""
    match trigger:
        case Anniversary():
            day = kept(trigger, today)
            days = moments.celebrated(day)
            if trigger.day == "birthday":
                return customer.birthday in days
            return (
                customer.since[5:] in days and "" < customer.since < f"{day.year}-01-01"
            )
        case Inactive(days=away):
            last, by = customer.last_order_at, at - timedelta(days=away)
            return last is not None and by - STILL_TOLD < last <= by
    return True


def kept(trigger: Anniversary, today: date) -> date:
    """The day that is kept, as seen from today."""
    return today - timedelta(days=trigger.days)


def agreed(campaign: Campaign, customer: Customer) -> bool:
    """Whether any channel of the campaign is open. Who has refused is not enrolled week after week; `explain` says why.

    A campaign that sends nothing needs no channel.
    """
    sends = [step for step in campaign.steps if isinstance(step, Send)]
    open_ = (customer.agreed(campaign.purpose, step.channel) for step in sends)
    return not sends or any(open_)


def free_at(campaign: Campaign, had: Sequence[datetime]) -> datetime | None:
    """From when on the campaign's limit allows another message after those of its period, oldest first; None: now."""
    limit = campaign.limit
    if limit is None or len(had) < limit.count:
        return None
    return had[-limit.count] + limit.period


def by_answer(
    campaign: Campaign, customer_id: str, *, message_id: str, score: int, at: datetime
) -> Enrollment:
    """The way that an answer to a survey message starts."""
    return enrollment(
        campaign,
        customer_id,
        occurrence=message_id,
        started_at=at,
        facts={"score": score},
    )


def enrollment(
    campaign: Campaign,
    customer_id: str,
    *,
    occurrence: str,
    started_at: datetime,
    due_at: datetime | None = None,
    order_id: str = "",
    facts: Mapping[str, Any] | None = None,
) -> Enrollment:
    """The first moment of a person's way through a campaign."""
    return Enrollment(
        id=enrollment_id(campaign.name, customer_id, occurrence),
        campaign=campaign.name,
        version=campaign.version,
        customer_id=customer_id,
        occurrence=occurrence,
        started_at=started_at,
        step=0,
        due_at=due_at or started_at,
        order_id=order_id,
        facts=facts or {},
    )
