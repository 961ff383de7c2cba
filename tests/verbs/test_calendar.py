"""Days of the customer: birthdays, the day since which they are with us, and the day on which they have been away for long."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from aftercart import enrolling
from aftercart.campaigns import Anniversary, Campaign, Inactive, Send
from aftercart.explaining import explain
from aftercart.model import Channel, Event, Purpose, State
from aftercart.reasons import Code
from tests.people import ANN
from tests.verbs.stage import DAY, HOUR, MINUTE, Stage

NINE = time(9)


def campaign(trigger: Anniversary | Inactive) -> Campaign:
    return Campaign(
        name="greeting",
        title="Greeting",
        purpose=Purpose.SURVEY,
        trigger=trigger,
        steps=(Send(Channel.EMAIL, "nps-survey", expires=DAY),),
        version="1",
    )


def greets(stage: Stage, trigger: Anniversary | Inactive, start: datetime) -> None:
    stage.rt.campaigns = {}
    stage.add(campaign(trigger))
    stage.now = start
    stage.plan()


def knows(stage: Stage, **said: str) -> None:
    body = {"customer": {"id": ANN.id, **said}}
    event = Event(f"said-{said}", "customer.updated", stage.now, ANN.id, "", body)
    enrolling.take_in(stage.rt, [event])


def times(stage: Stage) -> list[str]:
    return [f"{row.due_at:%Y-%m-%d %H:%M}" for row in stage.messages("greeting")]


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", "2026-03-08 09:00"),
        ("Pacific/Auckland", "2026-03-07 20:00"),
        # the clocks of New York go forward in that night
        ("America/New_York", "2026-03-08 13:00"),
    ],
)
def test_a_birthday_is_greeted_once_on_the_customers_own_clock(
    stage: Stage, zone: str, expected: str
) -> None:
    stage.move_in(replace(ANN, customer=replace(ANN.customer, timezone=zone)))
    greets(stage, Anniversary("birthday", NINE), datetime(2026, 3, 1, tzinfo=UTC))
    knows(stage, birthday="03-08")

    stage.run(datetime(2026, 3, 20, tzinfo=UTC))

    assert times(stage) == [expected]


def test_a_birthday_comes_every_year(stage: Stage) -> None:
    stage.move_in(ANN)
    greets(stage, Anniversary("birthday", NINE), datetime(2026, 3, 1, tzinfo=UTC))
    knows(stage, birthday="03-08")

    stage.run(datetime(2026, 3, 9, tzinfo=UTC))
    stage.now = datetime(2027, 3, 7, 10, tzinfo=UTC)
    stage.run(datetime(2027, 3, 9, tzinfo=UTC))

    occurrences = [row.occurrence for row in stage.messages("greeting")]
    assert occurrences == ["2026-03-08", "2027-03-08"]


@pytest.mark.parametrize(
    ("days", "expected"), [(-3, "2026-03-05 09:00"), (2, "2026-03-10 09:00")]
)
def test_it_may_come_some_days_before_or_after(
    stage: Stage, days: int, expected: str
) -> None:
    stage.move_in(ANN)
    greets(stage, Anniversary("birthday", NINE, days), datetime(2026, 3, 1, tzinfo=UTC))
    knows(stage, birthday="03-08")

    stage.run(datetime(2026, 3, 20, tzinfo=UTC))

    assert times(stage) == [expected]


@pytest.mark.parametrize(("year", "day"), [(2026, 28), (2028, 29)])
def test_who_was_born_on_the_29th_of_february_is_greeted_every_year(
    stage: Stage, year: int, day: int
) -> None:
    stage.move_in(ANN)
    greets(stage, Anniversary("birthday", NINE), datetime(year, 2, 20, tzinfo=UTC))
    knows(stage, birthday="02-29")

    stage.run(datetime(year, 3, 5, tzinfo=UTC))

    assert times(stage) == [f"{year}-02-{day} 09:00"]


def test_the_day_on_which_somebody_became_a_customer_counts_from_the_next_year_on(
    stage: Stage,
) -> None:
    stage.move_in(ANN)
    greets(stage, Anniversary("since", NINE), datetime(2026, 3, 1, tzinfo=UTC))
    knows(stage, since="2026-03-08")

    stage.run(datetime(2026, 3, 20, tzinfo=UTC))
    assert times(stage) == []

    stage.now = datetime(2027, 3, 7, 10, tzinfo=UTC)
    stage.run(datetime(2027, 3, 20, tzinfo=UTC))
    assert times(stage) == ["2027-03-08 09:00"]


def test_only_the_day_and_the_month_of_a_birthday_are_kept(stage: Stage) -> None:
    stage.move_in(ANN)
    stage.rt.campaigns = {}
    stage.now = datetime(2026, 3, 1, tzinfo=UTC)
    knows(stage, birthday="03-08", since="2021-05-01")

    (ann,) = stage.customers(ANN)

    assert (ann.birthday, ann.since) == ("03-08", "2021-05-01")


# --- who has been away ----------------------------------------------------------------------------------------------------

PLACED = datetime(2026, 1, 1, 12, tzinfo=UTC)


def _away(stage: Stage) -> None:
    stage.move_in(ANN)
    greets(stage, Inactive(60, NINE), PLACED - DAY)
    stage.tell("order.placed", ANN, at=PLACED, order="o-1", items=["eggs"])


def test_who_has_been_away_for_sixty_days_is_asked_back_once(stage: Stage) -> None:
    _away(stage)

    stage.run(PLACED + 200 * DAY)

    # sixty days are over at noon, and the next nine o'clock is tomorrow's
    assert times(stage) == ["2026-03-03 09:00"]


def test_who_orders_in_time_is_left_alone_and_is_away_anew_from_then_on(
    stage: Stage,
) -> None:
    _away(stage)
    stage.run(PLACED + 40 * DAY)
    stage.tell("order.placed", ANN, at=PLACED + 40 * DAY, order="o-2", items=["eggs"])

    stage.run(PLACED + 200 * DAY)

    # nine in London, in summer
    assert times(stage) == ["2026-04-12 08:00"]


def test_who_orders_in_the_last_minute_is_not_asked_back(stage: Stage) -> None:
    _away(stage)
    stage.run(datetime(2026, 3, 3, 8, 59, tzinfo=UTC))
    stage.now = datetime(2026, 3, 3, 9, tzinfo=UTC)
    (id_,) = stage.plan()
    stage.tell("order.placed", ANN, at=stage.now, order="o-2", items=["eggs"])
    stage.now += MINUTE

    stage.deliver(id_)

    message = stage.message(id_)
    assert message.state is State.SKIPPED
    assert message.reason is not None and message.reason.code is Code.CAME_BACK


def test_a_new_campaign_does_not_write_to_all_who_ever_left(stage: Stage) -> None:
    stage.move_in(ANN)
    stage.rt.campaigns = {}
    stage.tell("order.placed", ANN, at=PLACED, order="o-1", items=["eggs"])
    greets(stage, Inactive(60, NINE), PLACED + 100 * DAY)

    stage.run(PLACED + 200 * DAY)

    assert times(stage) == []


def test_who_never_ordered_is_not_away(stage: Stage) -> None:
    stage.move_in(ANN)
    greets(stage, Inactive(60, NINE), PLACED)

    stage.run(PLACED + 100 * DAY)

    assert times(stage) == []


# --- why not --------------------------------------------------------------------------------------------------------------


def test_explain_says_when_the_next_birthday_is_greeted(stage: Stage) -> None:
    stage.move_in(ANN)
    greets(stage, Anniversary("birthday", NINE, -3), datetime(2026, 3, 6, tzinfo=UTC))
    (unknown,) = explain(stage.rt, ANN.id)
    knows(stage, birthday="03-08")

    (told,) = explain(stage.rt, ANN.id)

    assert (unknown.entry[0].seen, unknown.entry[0].outcome) == ("not known", "no")
    line = told.entry[0]
    assert (line.seen, line.needed) == ("03-08", "next on Fri 5 Mar 09:00")


def test_explain_says_how_long_somebody_has_been_away(stage: Stage) -> None:
    _away(stage)
    stage.now = PLACED + 59 * DAY + HOUR

    (told,) = explain(stage.rt, ANN.id)

    line = told.entry[0]
    assert (line.seen, line.needed, line.outcome) == (
        "Thu 1 Jan 12:00, 59 days ago",
        "none for 60 days",
        "wait",
    )
    assert timedelta(days=60) > stage.now - PLACED
