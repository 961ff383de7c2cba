"""A simulation takes the same ways as the planner: waits for events, and events that overtake a wait."""

from datetime import timedelta

from aftercart.campaigns import Stop, WaitFor
from aftercart.model import Event
from aftercart.policy import entering
from aftercart.simulating import Household, Life, World, live
from aftercart.simulating.lives import Begun
from tests.people import ANN
from tests.unit.policy.cases import DAY, HOUR, MONDAY, SHOP, TEXT, campaign, order

WAY = campaign(WaitFor("order.placed", 3 * DAY, otherwise=2), Stop("back"), TEXT)


def _sent(*events: Event, started: timedelta = timedelta(0)) -> list[str]:
    begun = entering.enrollment(
        WAY, ANN.id, occurrence="o-1", started_at=MONDAY + started, order_id="o-1"
    )
    life = Life(ANN.customer, orders=(order(),), events=events, begun=Begun((begun,)))
    world = World({WAY.name: WAY}, SHOP)
    outcomes, _ = live(
        Household((life,)), world=world, start=MONDAY, end=MONDAY + 9 * DAY
    )
    return [f"{one.at - MONDAY}" for one in outcomes]


def _event(at: timedelta) -> Event:
    return Event("e", "article.viewed", MONDAY + at, ANN.id)


def _placed(at: timedelta) -> Event:
    return Event("e-2", "order.placed", MONDAY + at, ANN.id, "o-2", {})


def test_who_does_nothing_gets_the_message_when_the_time_is_over() -> None:
    assert _sent(_event(DAY)) == ["3 days, 0:00:00"]


def test_who_does_it_in_time_does_not() -> None:
    assert _sent(_placed(DAY)) == []


def test_an_event_within_the_minute_in_which_the_wait_begins_counts() -> None:
    start = HOUR + timedelta(seconds=20)

    assert _sent(_placed(HOUR + timedelta(seconds=40)), started=start) == []
    assert _sent(_placed(HOUR + timedelta(seconds=10)), started=start) == [
        "3 days, 1:01:00"
    ]
