"""How a campaign goes live: to nobody, to a list, to more people from day to day, to all."""

from datetime import UTC, datetime, timedelta

import pytest

from aftercart.campaigns import Campaign, EventTrigger, Status
from aftercart.model import Customer, Purpose
from aftercart.policy.going_live import Had, closed, current_round, let_in
from aftercart.reasons import Code

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ANN = Customer(id="ann", email="Ann@mail.example")
CROWD = [f"c-{n}" for n in range(200)]


def campaign(**changes: object) -> Campaign:
    plain = {"name": "spring", "title": "Spring", "purpose": Purpose.MARKETING}
    trigger = EventTrigger("order.placed")
    return Campaign(
        **(plain | {"trigger": trigger, "steps": (), "version": "v"} | changes)
    )  # type: ignore[arg-type]


def test_a_draft_writes_to_nobody_not_even_to_the_trial_list() -> None:
    refused = closed(campaign(status=Status.DRAFT), ANN, trial={"ann"})

    assert refused and refused.reason.code is Code.DRAFT


@pytest.mark.parametrize("listed", ["ann", "ann@mail.example"])
def test_a_trial_writes_to_who_is_listed_by_id_or_by_address(listed: str) -> None:
    trial = campaign(status=Status.TRIAL)

    assert closed(trial, ANN, trial={listed}) is None
    refused = closed(trial, Customer(id="bo"), trial={listed})
    assert refused and refused.reason.code is Code.NOT_ON_TRIAL


def test_who_has_no_address_is_not_on_a_list_of_addresses() -> None:
    assert closed(
        campaign(status=Status.TRIAL), Customer(id="bo"), trial={"x@y.example"}
    )


def test_what_is_live_is_for_all() -> None:
    assert closed(campaign(), ANN, trial=()) is None


def test_a_round_lasts_a_day_from_the_first_person_and_after_the_last_it_is_for_all() -> (
    None
):
    ramp = campaign(ramp=(50, 500))
    had = Had(50, NOW)

    at_first = current_round(ramp, had, NOW + DAY - timedelta(seconds=1))
    later = current_round(ramp, had, NOW + DAY)

    assert at_first and (at_first.most, at_first.until) == (50, NOW + DAY)
    assert later and (later.most, later.until) == (500, NOW + 2 * DAY)
    assert current_round(ramp, had, NOW + 2 * DAY) is None


def test_a_halt_begins_the_rounds_anew() -> None:
    had = Had(50, NOW - 5 * DAY, resumed_at=NOW - timedelta(hours=1))

    again = current_round(campaign(ramp=(50, 500)), had, NOW)

    assert again and again.most == 50


def test_no_more_people_than_the_round_allows_are_let_in_and_the_others_are_told_why() -> (
    None
):
    first, others = let_in(campaign(ramp=(50,)), CROWD, had=Had(20, NOW), now=NOW)

    assert len(first) == 30
    assert others and others.until == NOW + DAY
    assert others.reason.sentence() == (
        "Held until the campaign has been looked at: 50 of 50 people have it. The next may come from 3 Mar 10:00 UTC."
    )


def test_the_lot_is_the_same_every_time_and_another_for_each_campaign() -> None:
    first, _ = let_in(campaign(ramp=(50,)), CROWD, had=Had(), now=NOW)
    again, _ = let_in(campaign(ramp=(50,)), CROWD[::-1], had=Had(), now=NOW)
    more, _ = let_in(campaign(ramp=(100,)), CROWD, had=Had(), now=NOW)
    other, _ = let_in(campaign(name="autumn", ramp=(50,)), CROWD, had=Had(), now=NOW)

    assert first == again
    assert first < more
    assert first != other


def test_nobody_waits_where_there_is_room_for_all() -> None:
    first, others = let_in(campaign(ramp=(500,)), CROWD, had=Had(), now=NOW)

    assert (first, others) == (frozenset(CROWD), None)
