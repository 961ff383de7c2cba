"""The machine that was searched and the code that sends are the same: thousands of its steps, taken by both side by side."""

import random
from datetime import timedelta

import pytest

from aftercart.delivering import outcomes
from aftercart.errors import Refused, SendError, Unavailable, Unclear
from aftercart.handover import Outgoing, Receipt, Rendered
from aftercart.model import Purpose, State
from aftercart.store import bells, tables, transitions
from aftercart.store.transitions import Move, Ready
from tests.promises.machine import Machine, Worker, World
from tests.verbs.stage import DAY, HOUR, MINUTE, Stage, due_alert, due_recipe

WALKS, STEPS = 400, 60

#: A walk that went only by luck would be called off, or too late, before anything happened.
_SELDOM = ("decides", "calls it off", "best before", "dies", "forgets", "never came")

_ANSWERS: dict[str, Receipt | SendError] = {
    "taken": Receipt("post", "ref"),
    "lost": Unclear("no answer", provider="post"),
    "again": Unavailable("busy", provider="post"),
    "refused": Refused("no such mailbox", provider="post"),
}


@pytest.mark.parametrize("purpose", [Purpose.MARKETING, Purpose.SERVICE])
def test_the_code_goes_wherever_the_machine_goes(
    stage: Stage, purpose: Purpose
) -> None:
    id_ = due_recipe(stage) if purpose is Purpose.MARKETING else due_alert(stage)
    dice = random.Random(7)
    machine = Machine(purpose)
    taken = set()

    for _ in range(WALKS):
        code = _Code(stage, id_)
        world = World()
        for _ in range(STEPS):
            steps = [s for s in machine.steps(world) if code.can(*s, purpose)]
            if not steps:
                break
            luck = [1 if any(s in words for s in _SELDOM) else 9 for words, _ in steps]
            words, after = dice.choices(steps, luck)[0]
            code.take(words, world, after)
            if code.seen() != (after.state, after.fence, after.repeated):
                raise AssertionError(f"{words}: {world} -> {after}, {code.seen()}")
            taken.add((world.state, after.state))
            world = after

    arrows = {(a, b) for a, b in machine.taken if a is not b}
    # everything that the machine can do from here was done by the code as well
    assert arrows - taken == set()


class _Code:
    """Takes each step of the machine with the functions that send."""

    def __init__(self, stage: Stage, id_: str) -> None:
        self.stage, self.id = stage, id_
        stage.now += MINUTE
        r, b = tables.renditions, tables.bells
        with stage.rt.store.write() as tx:
            tx.execute(r.delete().where(r.c.message_id == id_))
            tx.execute(b.delete().where(b.c.message_id == id_))
            bells.hang(tx, [(id_, stage.now)])
        stage.put(
            id_, state="scheduled", fence=0, resends=0, attempts=0, claims=0,
            due_at=stage.now, expires_at=stage.now + 9 * DAY, lease_until=None,
        )  # fmt: skip

    def seen(self) -> tuple[State, int, bool]:
        message = self.stage.message(self.id)
        return message.state, message.fence, message.resends > 0

    def can(self, words: str, after: World, purpose: Purpose) -> bool:
        """A sweep repeats before it gives up: what could be repeated is never given up without it."""
        late = words == "proof never came" and purpose is Purpose.SERVICE
        return not late or after.stale or after.repeated

    def take(self, words: str, before: World, after: World) -> None:
        """Does what the words say."""
        stage, now = self.stage, self.stage.now
        _, _, act = words.rpartition("worker ")
        match words:
            case "best before passes":
                stage.put(self.id, expires_at=now)
            case "a person calls it off":
                self._decide(State.CANCELLED)
            case "a report proves it":
                stage.report(stage.event_of("delivered", self.id))
            case "the lease lapses":
                stage.put(self.id, lease_until=now, sending_at=now)
                stage.sweep()
            case "it is sent once more":
                stage.put(self.id, sending_at=now - 6 * MINUTE)
                stage.sweep()
            case "proof never came":
                stage.put(self.id, sending_at=now - timedelta(hours=73))
                stage.sweep()
            case _ if " decides: " in words:
                self._decide(State(words.rpartition(" ")[2]))
            case _ if words.endswith(("claims", "finds it taken")):
                assert self._claim() == (before.fence + 1 if "claims" in act else None)
            case _ if words.endswith("settles"):
                self._settle(before.workers[int(act[0]) - 1])

    def _decide(self, end: State) -> None:
        self._move(Move(self.id, State.SCHEDULED, end, self.stage.now, "w"))

    def _claim(self) -> int | None:
        now = self.stage.now
        self.stage.put(self.id, slot_at=now, due_at=now)
        ready = Ready(self.id, "ann@mail.example", "v1", {})
        with self.stage.rt.store.write() as tx:
            got = transitions.claim(
                tx, [ready], now=now, lease_until=now + HOUR, actor="w"
            )
        return got.get(self.id)

    def _settle(self, worker: Worker) -> None:
        m = self.stage.message(self.id)
        sent = Outgoing(
            m.id, m.campaign, m.channel, m.purpose, "ann@mail.example", Rendered("")
        )
        settled = outcomes.settle(
            sent,
            _ANSWERS[worker.answer],
            fence=worker.fence,
            now=self.stage.now,
            attempts=1,
            actor="w",
        )
        self._move(settled.move)

    def _move(self, move: Move) -> None:
        with self.stage.rt.store.write() as tx:
            transitions.move(tx, [move])
