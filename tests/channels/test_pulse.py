"""When a process stops to send: what it hears from a provider, turn by turn."""

from datetime import UTC, datetime, timedelta

import pytest

from aftercart.channels import Pulse, Stop
from aftercart.channels.pulse import Answer
from aftercart.errors import AccountProblem, Refused, Throttled, Unavailable, Unclear
from aftercart.handover import Outgoing, Receipt, Rendered
from aftercart.model import Channel, Purpose

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)

TAKEN = Receipt("post")
LOST = Unclear("the answer was lost", provider="post")
DOWN = Unavailable("not there", provider="post")
BAD = Refused("no such template", provider="post")
GONE = Refused("no such mailbox", provider="post", suppress="bounce")
KEY = AccountProblem("wrong key", provider="post")
BUSY = Throttled("too many", provider="post", until=NOW + 7 * SECOND)


def turn(*answers: Answer, campaign: str = "nudge") -> list[tuple[Outgoing, Answer]]:
    return [
        (
            Outgoing(
                f"m-{n}",
                campaign,
                Channel.EMAIL,
                Purpose.MARKETING,
                "ann@shop.example",
                Rendered("Hello"),
            ),
            answer,
        )
        for n, answer in enumerate(answers)
    ]


@pytest.mark.parametrize("failure", [LOST, DOWN], ids=["lost", "down"])
def test_five_failures_in_a_row_stop_it_and_four_do_not(failure: Answer) -> None:
    pulse = Pulse(100)

    assert pulse.heard(turn(TAKEN, *[failure] * 4), now=NOW) == []
    stops = pulse.heard(turn(failure), now=NOW)

    assert [stop.ask_at for stop in stops] == [NOW + 15 * SECOND]


def test_a_message_that_is_taken_or_refused_shows_that_the_provider_is_there() -> None:
    pulse = Pulse(100)
    answers = [*[LOST] * 4, TAKEN, *[LOST] * 4, GONE, *[TAKEN] * 9]

    assert pulse.heard(turn(*answers), now=NOW) == []


def test_half_of_twenty_within_half_a_minute_stop_it_and_not_half_of_eighteen() -> None:
    pulse = Pulse(100)

    assert pulse.heard(turn(*[TAKEN, LOST] * 9), now=NOW) == []
    stops = pulse.heard(turn(TAKEN, LOST), now=NOW + 29 * SECOND)

    assert len(stops) == 1


def test_what_failed_long_ago_does_not_count() -> None:
    pulse = Pulse(100)
    pulse.heard(turn(*[TAKEN, LOST] * 9), now=NOW)

    assert pulse.heard(turn(TAKEN, LOST), now=NOW + 31 * SECOND) == []


def test_two_in_a_hundred_are_no_outage() -> None:
    pulse = Pulse(100)
    answers = [LOST if n % 50 == 0 else TAKEN for n in range(1_000)]

    assert pulse.heard(turn(*answers), now=NOW) == []


def test_a_provider_that_is_back_in_name_only_is_stopped_at_its_first_failure() -> None:
    pulse = Pulse(100)
    pulse.heard(turn(*[LOST] * 5), now=NOW)

    assert pulse.heard(turn(LOST), now=NOW + 20 * SECOND) != []


def test_a_refused_account_stops_it_at_once() -> None:
    assert Pulse(100).heard(turn(TAKEN, KEY), now=NOW) == [
        Stop("wrong key", NOW + 60 * SECOND)
    ]


def test_a_provider_that_is_too_busy_says_when_to_come_back() -> None:
    assert Pulse(100).heard(turn(TAKEN, BUSY), now=NOW) == [
        Stop("too many", NOW + 7 * SECOND, too_fast=True)
    ]


def test_it_begins_with_one_and_goes_up_to_what_the_sender_can_do() -> None:
    pulse = Pulse(5)
    rooms = []
    for _ in range(4):
        rooms.append(pulse.room)
        pulse.heard(turn(*[TAKEN] * pulse.room), now=NOW)

    assert rooms == [1, 2, 4, 5]


def test_it_begins_again_with_one_after_a_stop_and_goes_on_after_a_stray_failure() -> (
    None
):
    pulse = Pulse(8)
    for _ in range(4):
        pulse.heard(turn(*[TAKEN] * pulse.room), now=NOW)
    pulse.heard(turn(LOST, *[TAKEN] * 7), now=NOW)
    stray = pulse.room
    pulse.heard(turn(*[LOST] * 8), now=NOW)

    assert (stray, pulse.room) == (8, 1)


def test_a_campaign_whose_messages_are_refused_is_halted_and_the_provider_is_not() -> (
    None
):
    pulse = Pulse(100)
    pulse.heard(turn(*[TAKEN] * 30, campaign="other"), now=NOW)

    stops = pulse.heard(turn(BAD, BAD, TAKEN, BAD), now=NOW)

    assert [(stop.campaign, stop.ask_at) for stop in stops] == [("nudge", None)]
    assert "no such template" in stops[0].words


@pytest.mark.parametrize(
    "answers",
    [
        [BAD, BAD, *[TAKEN] * 5],
        [GONE] * 9,
        [BAD if n % 50 == 0 else TAKEN for n in range(1_000)],
    ],
    ids=["two", "bad addresses", "two in a hundred"],
)
def test_a_few_that_are_refused_halt_nothing(answers: list[Answer]) -> None:
    assert Pulse(100).heard(turn(*answers), now=NOW) == []


def test_refusals_of_different_minutes_do_not_add_up() -> None:
    pulse = Pulse(100)
    pulse.heard(turn(BAD, BAD), now=NOW)

    assert pulse.heard(turn(BAD), now=NOW + 61 * SECOND) == []
