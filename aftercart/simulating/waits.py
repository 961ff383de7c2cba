"""Who goes on because of an event that they wait for? Asked when it happens, and when a wait begins that it has overtaken."""

from collections.abc import Iterable, Iterator, Mapping

from aftercart import conditions
from aftercart.campaigns import Campaign
from aftercart.model import Enrollment, Event
from aftercart.policy import waiting
from aftercart.simulating.person import Person


def woken(
    on_the_way: Iterable[Enrollment],
    *,
    campaigns: Mapping[str, Campaign],
    events: Iterable[Event],
    people: Mapping[str, Person],
) -> Iterator[Enrollment]:
    """The enrollments as they go on because of the first of these events that they wait for; the events are in order of time."""
    happened: dict[str, list[Event]] = {}
    for event in events:
        happened.setdefault(event.customer_id, []).append(event)
    for enrollment in on_the_way:
        campaign = campaigns.get(enrollment.campaign)
        if campaign is None or waiting.begun(enrollment, campaign) is None:
            continue
        person = people[enrollment.customer_id]
        for event in happened.get(enrollment.customer_id, ()):
            scope = conditions.Scope(
                person.customer,
                person.orders.get(event.order_id),
                event.at,
                enrollment.started_at,
                person.last_bought,
                person.life.past,
            )
            if met := waiting.met(enrollment, campaign, event, scope):
                yield met
                break
