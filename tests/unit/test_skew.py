"""Is the clock right? Held against another one, and where there is none, against the time that has passed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from aftercart.skew import Skew

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


class Machine:
    """A machine with a clock that can be set, beside a server whose clock is right and whose answers take a while."""

    def __init__(self) -> None:
        self.here = self.there = NOON
        self.count, self.asked, self.way, self.down = 0.0, 0, 0.0, False

    def live(self, span: float) -> None:
        self.here, self.there = self.here + seconds(span), self.there + seconds(span)
        self.count += span

    def ask(self) -> datetime:
        self.asked += 1
        if self.down:
            raise ConnectionError
        self.live(self.way)
        told = self.there
        self.live(self.way)
        return told

    def beside_a_server(self) -> Skew:
        return Skew(
            lambda: self.here,
            ask=self.ask,
            whose="the database",
            count=lambda: self.count,
        )

    def alone(self) -> Skew:
        return Skew(lambda: self.here, count=lambda: self.count)


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_a_clock_that_is_right_stops_nothing_and_asks_seldom(machine: Machine) -> None:
    skew = machine.beside_a_server()

    for _ in range(100):
        assert skew.off() == seconds(0)
        assert skew.stops() == ""
        machine.live(0.1)

    assert machine.asked == 2


@pytest.mark.parametrize("off", [31, -31, 7200, -7200])
def test_a_clock_that_is_far_off_stops_and_names_both_times(
    machine: Machine, off: float
) -> None:
    machine.here += seconds(off)

    words = machine.beside_a_server().stops()

    assert f"{machine.here:%H:%M:%S}" in words
    assert f"the database {NOON:%Y-%m-%d %H:%M:%S}" in words
    assert ("ahead" if off > 0 else "behind") in words


def test_a_clock_that_is_a_little_off_is_told_once_a_minute_and_stops_nothing(
    machine: Machine,
) -> None:
    machine.here += seconds(3)
    skew = machine.beside_a_server()

    with capture_logs() as told:
        for _ in range(90):
            assert skew.stops() == ""
            machine.live(1)

    assert [line["log_level"] for line in told] == ["warning", "warning"]
    assert "3.0 seconds ahead" in told[0]["event"]


def test_a_jump_is_seen_at_once_and_not_at_the_next_question(machine: Machine) -> None:
    skew = machine.beside_a_server()
    assert skew.stops() == ""

    machine.live(1)
    machine.here += timedelta(hours=2)

    assert skew.off() == timedelta(hours=2)
    assert machine.asked == 1


def test_a_drift_is_seen_when_it_has_come_too_far(machine: Machine) -> None:
    skew = machine.beside_a_server()
    stopped_after = []

    for minute in range(10):
        if skew.stops():
            stopped_after.append(minute)
        machine.live(60)
        machine.here += seconds(5)

    assert stopped_after == [7, 8, 9]


def test_a_slow_answer_is_no_wrong_clock(machine: Machine) -> None:
    machine.way = 40

    skew = machine.beside_a_server()

    assert skew.off() == seconds(0)
    # the answer may have spent its time on the way back: nobody can say that this clock is wrong
    machine.here += seconds(35)
    assert skew.stops() == ""


def test_a_server_that_is_away_leaves_what_was_known(machine: Machine) -> None:
    skew = machine.beside_a_server()
    skew.off()
    machine.down = True

    machine.live(60)
    assert skew.off() == seconds(0)
    machine.here -= seconds(40)

    assert "behind" in skew.stops()


def _never(machine: Machine) -> Skew:
    machine.down = True
    return machine.beside_a_server()


@pytest.mark.parametrize("beside", [Machine.alone, _never])
def test_without_another_clock_a_jump_is_seen_and_one_that_lasts_is_believed(
    machine: Machine, beside: Callable[[Machine], Skew]
) -> None:
    skew = beside(machine)
    skew.off()
    machine.live(599)
    machine.here += timedelta(hours=2)

    held = []
    for minute in range(12):
        if skew.stops():
            held.append(minute)
        machine.live(60)

    assert held == list(range(11))


def test_a_jump_that_is_taken_back_is_over(machine: Machine) -> None:
    skew = machine.alone()
    skew.off()
    machine.here -= timedelta(hours=2)
    assert skew.stops()

    machine.live(60)
    machine.here += timedelta(hours=2)

    assert skew.stops() == ""


def test_small_steps_of_a_time_server_do_not_add_up(machine: Machine) -> None:
    skew = machine.alone()

    for _ in range(60):
        machine.live(700)
        machine.here += seconds(1)
        assert skew.stops() == ""
