"""What may have killed a worker is prepared while its process prepares nothing else: so nobody is blamed for another's deed."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from aftercart.delivering import preparing
from aftercart.delivering.quiet import Quiet
from aftercart.store import tables
from tests.people import ANN, another
from tests.verbs.stage import MINUTE, MONDAY, Killed, Stage, due_recipe

SOON = 10.0
#: Long enough for a thread that is not held up to have gone on.
A_MOMENT = 0.3


class Held:
    """Keeps a batch in its preparation until it is let go; `entered` says who has come there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, who: str) -> None:
        self.entered: list[str] = []
        self.there, self.go = threading.Event(), threading.Event()
        prepare = preparing.prepare

        def held(rt: Any, batch: Sequence[Any], *args: Any, **more: Any) -> Any:
            self.entered.extend(message.id for message in batch)
            if who in self.entered and not self.there.is_set():
                self.there.set()
                assert self.go.wait(SOON)
            return prepare(rt, batch, *args, **more)

        monkeypatch.setattr(preparing, "prepare", held)


@contextmanager
def at_once(*acts: Any) -> Iterator[list[threading.Thread]]:
    threads = [threading.Thread(target=act) for act in acts]
    yield threads
    for thread in threads:
        thread.join(SOON)
        assert not thread.is_alive()


def _suspect_and_other(stage: Stage) -> tuple[str, str]:
    """A message that has already cost a worker, and one of which nobody thinks ill."""
    suspect = due_recipe(stage, ANN, order="o-1")
    with stage.rendering_kills("o-1"), pytest.raises(Killed):
        stage.deliver(suspect)
    stage.now += MINUTE
    assert stage.plan() == [suspect]
    guest = another("guest")
    stage.move_in(guest)
    for verb in ("placed", "delivered"):
        stage.tell(f"order.{verb}", guest, at=MONDAY, order="o-2", items=["chicken"])
    (other,) = stage.plan()
    return suspect, other


def test_a_suspect_is_not_noted_while_others_are_being_prepared(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspect, other = _suspect_and_other(stage)
    held = Held(monkeypatch, other)

    with at_once(lambda: stage.deliver(other), lambda: stage.deliver(suspect)) as (
        first,
        second,
    ):
        first.start()
        assert held.there.wait(SOON)
        second.start()
        second.join(A_MOMENT)
        # should the process die now, of the other, nothing speaks against the suspect
        assert stage.rows(tables.starts) == []
        assert held.entered == [other]
        held.go.set()

    assert held.entered == [other, suspect]
    assert len(stage.post.sent) == 2


def test_others_wait_while_a_suspect_is_being_prepared(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspect, other = _suspect_and_other(stage)
    held = Held(monkeypatch, suspect)

    with at_once(lambda: stage.deliver(suspect), lambda: stage.deliver(other)) as (
        first,
        second,
    ):
        first.start()
        assert held.there.wait(SOON)
        second.start()
        second.join(A_MOMENT)
        assert held.entered == [suspect]
        held.go.set()

    assert held.entered == [suspect, other]
    assert len(stage.post.sent) == 2


def test_what_hangs_holds_nobody_up_for_long() -> None:
    quiet = Quiet(patience=0.05)

    with quiet.alone() as had, quiet.together() as beside:
        assert (had, beside) == (True, True)
        with quiet.alone() as again:
            assert not again
    with quiet.together(), quiet.alone() as had:
        assert not had
    with quiet.alone() as had:
        assert had


def test_many_are_here_together_and_who_wants_to_be_alone_goes_first() -> None:
    quiet, order = Quiet(patience=SOON), []
    waits = threading.Event()

    def alone() -> None:
        waits.set()
        with quiet.alone():
            order.append("alone")

    def later() -> None:
        with quiet.together():
            order.append("together")

    with at_once(alone, later) as (one, two), quiet.together(), quiet.together():
        one.start()
        assert waits.wait(SOON)
        one.join(A_MOMENT)
        two.start()
        two.join(A_MOMENT)
        assert order == []

    assert order == ["alone", "together"]
