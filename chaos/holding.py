"""What still goes after somebody has held it, or called it off, in the middle of it?"""

import time
from collections.abc import Collection
from datetime import UTC, datetime

from aftercart import calling_off
from aftercart.calling_off import Scope
from aftercart.store import pauses
from chaos import looking
from chaos.registry import scenario
from chaos.stage import LATENCY, Stage

_LANES = 32
#: In seconds: an act of a person takes effect within it. What was on its way to the provider by then is answered in that time.
_AT_ONCE = 1.0
_HELD = ("all", "channel:email", "campaign:recipe", "all", "campaign:survey")


@scenario(
    "FT-72",
    "everything, a channel, a campaign is held in the middle of it",
)
def held(stage: Stage) -> None:
    """What was claimed may still go; a second after the pause was committed nothing does. A resume lets all of it go."""
    stage.house.environ["AFTERCART_SENDS_IN_FLIGHT"] = str(_LANES // 2)
    stage.open(faults=LATENCY)
    stage.plant(0.2)
    most, last = 0, 0.0
    with stage.planting(seconds=60):
        for scope in _HELD:
            stage.wait(2, 3)
            after = _hold(stage, scope)
            most, last = max(most, len(after)), max(last, *after, 0.0)
    stage.note = f"{len(_HELD)} pauses: {most} went after one at most, the last {last:.2f} s later"
    stage.expect(most <= _LANES, f"at most {_LANES} go after a pause ({most})")
    stage.expect(last < _AT_ONCE, f"none after {_AT_ONCE:.0f} s ({last:.2f} s)")


@scenario("FT-75", "a campaign of thousands is called off in the middle of it")
def called_off(stage: Stage) -> None:
    """Counted from the moment in which it is asked for. What is called off stays so; all others go."""
    stage.open(faults=LATENCY)
    stage.plant(1.0)
    recipes = {one.message for one in stage.due if one.kind.name == "recipe"}
    stage.until(lambda: stage.taken() > len(stage.due) // 10, 60, "a tenth has gone")
    asked = datetime.now(UTC)
    begun = time.monotonic()
    with stage.house.runtime() as rt:
        done = calling_off.call_off(
            rt, Scope("campaign", "recipe"), who="bench", why="it was wrong"
        )
    took = time.monotonic() - begun
    stage.wait(5)
    # whose way ended before a message was planned has its end there
    planned = looking.rows(stage.house)
    unplanned = recipes - planned.keys()
    stage.due[:] = [one for one in stage.due if one.message not in unplanned]
    stage.expect(len(unplanned) == done.ways, "who has no message has a way that ended")
    last = max(_after(stage, asked, recipes), default=0.0)
    stage.note = f"{done.messages:,} called off in {took:.2f} s; the last that went, {last:.2f} s after it was asked for"
    stage.expect(done.messages > len(recipes) // 4, "many were still to go")
    stage.expect(last < _AT_ONCE, f"none after {_AT_ONCE:.0f} s ({last:.2f} s)")


@scenario(
    "FT-75-sqlite",
    "a campaign is called off, with SQLite",
    database="sqlite",
)
def called_off_sqlite(stage: Stage) -> None:
    """One file, and a planner in the way."""
    called_off(stage)


def _hold(stage: Stage, scope: str) -> list[float]:
    """Seconds after its commit, of each that went although a pause held it; then it is lifted."""
    with stage.house.runtime() as rt:
        with rt.store.write() as tx:
            pauses.pause(tx, scope, at=rt.clock(), by="bench")
        committed = datetime.now(UTC)
        stage.wait(8)
        concerned = {
            one.message
            for one in stage.due
            if scope
            in ("all", f"channel:{one.kind.channel}", f"campaign:{one.kind.name}")
        }
        went = _after(stage, committed, concerned)
        with rt.store.write() as tx:
            pauses.resume(tx, scope, now=rt.clock())
    return went


def _after(stage: Stage, moment: datetime, ids: Collection[str]) -> list[float]:
    """Seconds after the moment at which each of these reached its provider, of those that did after it."""
    return [
        (datetime.fromisoformat(entry["at"]) - moment).total_seconds()
        for entry in stage.ledger(moment)
        if entry["accepted"] and entry["message"] in ids
    ]
