"""Who is held back: the same people every time, so many as the file says, and others for each campaign."""

from dataclasses import replace
from datetime import time, timedelta
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercart.campaigns import Campaign, Recurring, Send
from aftercart.model import Channel, Customer, Purpose
from aftercart.policy import held_out
from aftercart.recurrence import Days

PEOPLE = [Customer(id=f"c-{n}") for n in range(20_000)]


def campaign(name: str = "nudge", share: float = 0.05) -> Campaign:
    return Campaign(
        name=name,
        title=name,
        purpose=Purpose.MARKETING,
        trigger=Recurring(Days((0,)), time(10)),
        steps=(Send(Channel.EMAIL, name, expires=timedelta(days=1)),),
        version="1",
        holdout=share,
    )


def out(of: Campaign) -> set[str]:
    return {person.id for person in PEOPLE if held_out(of, person)}


@pytest.mark.parametrize("share", [0.001, 0.05, 0.1, 0.5])
def test_so_many_are_held_back_as_the_file_says(share: float) -> None:
    count = len(out(campaign(share=share)))

    # four standard deviations of a fair lot
    spread = 4 * sqrt(len(PEOPLE) * share * (1 - share))
    assert abs(count - share * len(PEOPLE)) < spread


def test_without_a_holdout_nobody_is() -> None:
    assert out(campaign(share=0.0)) == set()


def test_two_campaigns_hold_back_different_people() -> None:
    both = out(campaign("a", 0.1)) & out(campaign("b", 0.1))

    assert abs(len(both) - 0.01 * len(PEOPLE)) < 4 * sqrt(0.0099 * len(PEOPLE))


@given(st.text(min_size=1), st.floats(0.001, 0.5), st.floats(0.001, 0.5))
def test_who_is_held_out_of_few_is_held_out_of_many(
    name: str, one: float, other: float
) -> None:
    few, many = sorted((one, other))
    person = Customer(id=name)

    assert not held_out(campaign(share=few), person) or held_out(
        campaign(share=many), person
    )


@given(st.text(min_size=1), st.text(), st.sampled_from(["UTC", "Asia/Tokyo"]))
def test_nothing_about_a_person_but_who_they_are_decides(
    name: str, first_name: str, zone: str
) -> None:
    half = campaign(share=0.5)
    person = Customer(id=name)
    changed = replace(person, first_name=first_name, timezone=zone, orders=7)

    assert held_out(replace(half, version="2"), changed) == held_out(half, person)
