"""What keeps a process from planning, claiming and sweeping: a clock that is wrong."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from aftercart import runtime
from aftercart.delivering import LEASE
from aftercart.model import State
from aftercart.runtime import open_runtime
from aftercart.settings import Settings
from aftercart.skew import Skew
from aftercart.sweeping import Swept
from tests.verbs.stage import (
    HOUR,
    MINUTE,
    ROOT,
    Killed,
    Post,
    Stage,
    due_alert,
    due_recipe,
)


def _beside_the_right_time(stage: Stage) -> None:
    """The process's clock is held against another one, which goes on by itself."""
    there = stage.now
    stage.rt.__dict__["skew"] = Skew(
        lambda: stage.now, ask=lambda: there, whose="the database", count=lambda: 0.0
    )


@pytest.mark.parametrize("off", [31, -31])
def test_by_a_clock_that_is_off_nothing_is_claimed_and_nothing_is_lost(
    stage: Stage, off: int
) -> None:
    id_ = due_alert(stage)
    stage.now += MINUTE
    _beside_the_right_time(stage)
    right = stage.now

    stage.now = right + timedelta(seconds=off)
    handed = stage.deliver(id_)
    held = stage.message(id_).state
    stage.now = right + timedelta(seconds=29)

    assert (handed, held) == (0, State.SCHEDULED)
    assert "the clock of this process" not in stage.rt.hindrance()
    assert stage.deliver(id_) == 1


def test_by_a_clock_that_is_ahead_nothing_is_planned_or_rung_before_its_time(
    stage: Stage,
) -> None:
    id_ = due_recipe(stage)
    _beside_the_right_time(stage)
    right = stage.now
    rows = len(stage.messages())

    stage.now = right + HOUR
    early = stage.plan()
    stage.now = right + timedelta(seconds=30)

    assert early == []
    assert len(stage.messages()) == rows
    stage.rt.__dict__["skew"] = None
    stage.now = right + HOUR
    assert stage.plan() == [id_]


def test_by_a_clock_that_is_ahead_no_claim_lapses_whose_worker_is_at_work(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = due_recipe(stage)
    _beside_the_right_time(stage)

    def wait(post: Post, batch: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Post, "send", wait)
        with pytest.raises(Killed):
            stage.deliver(id_)
    stage.now += LEASE
    found = stage.sweep()

    assert found == Swept()
    assert stage.message(id_).state is State.SENDING


def test_a_process_holds_its_clock_against_that_of_the_database(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ahead() -> datetime:
        return datetime.now(UTC) + HOUR

    right = open_runtime(Settings(database_url=database_url, root=str(ROOT)))
    assert right.skew is not None
    assert right.hindrance() == ""
    right.close()

    monkeypatch.setattr(runtime, "wall_clock", ahead)
    wrong = open_runtime(Settings(database_url=database_url, root=str(ROOT)))
    found = wrong.hindrance()
    wrong.close()

    if "postgresql" in database_url:
        assert "and the database" in found
        # a busy machine takes its time between the two clocks
        off = re.search(r"([\d.]+) seconds ahead", found)
        assert off and 3590 < float(off[1]) <= 3601
    else:
        # a clock that was wrong from the start: on one host nobody knows better
        assert found == ""


def test_a_process_without_a_clock_of_its_own_is_not_asked(scene: Stage) -> None:
    assert scene.rt.skew is None
    assert scene.rt.off_time() == ""
