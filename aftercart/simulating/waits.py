"""Who goes on because of an event that they wait for? Asked when it happens, and when a wait begins that it has overtaken."""

from collections.abc import Iterable, Iterator, Mapping

from aftercart.model import Enrollment, Event
from aftercart.policy import waiting
from aftercart.simulating.lives import World
from aftercart.simulating.person import Person


def woken(
    on_the_way: Iterable[Enrollment],
    *,
    world: World,
    events: Iterable[Event],
    people: Mapping[str, Person],
) -> Iterator[Enrollment]:
    """The enrollments as they go on because of the first of these events that they wait for; the events are in order of time."""
    happened: dict[str, list[Event]] = {}
    for event in events:
        happened.setdefault(event.customer_id, []).append(event)
    for enrollment in on_the_way:
        campaign = world.version(enrollment.campaign, enrollment.version)
        if campaign is None or waiting.begun(enrollment, campaign) is None:
            continue
        person = people[enrollment.customer_id]
        for event in happened.get(enrollment.customer_id, ()):
            started = enrollment.started_at
            scope = person.scope(event.order_id, now=event.at, started_at=started)
            if met := waiting.met(enrollment, campaign, event, scope):
                yield met
                break
