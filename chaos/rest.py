"""What happens after the fault? The drain is measured; then the rest of time is played, so that nothing is left that could still come.

A service message is repeated after minutes and proof is waited for 72 hours. Nobody waits for that here: when the deployment has
drained, its workers are asked to stop, and this process goes on in their place with a clock that is ahead.
"""

import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from aftercart import delivering, planning, sweeping, tracking
from aftercart.model import State
from aftercart.runtime import Runtime
from aftercart.store import Tx
from aftercart.store.tables import inbox, message_events, messages
from chaos.oracle import Row
from chaos.stage import Stage

#: Later than any repeat of a service message, and than the proof of everything.
AHEAD = (timedelta(0), timedelta(minutes=6), timedelta(hours=73))
_MOVING = (State.SCHEDULED, State.SENDING)
_LOOK_SECONDS = 0.5


def recover(stage: Stage, *, limit: float) -> float:
    """Seconds until every message that is due has a row, and no row waits or is on its way; `limit` at most."""
    begun = time.monotonic()
    looks = 0
    while (seconds := time.monotonic() - begun) < limit:
        if _left(stage) == 0:
            return seconds
        if looks % 10 == 0:
            stage.look_for_canaries()
        looks += 1
        time.sleep(_LOOK_SECONDS)
    stage.broken.append(f"{_left(stage)} messages still wait after {limit:.0f} s")
    return seconds


def finish(stage: Stage) -> None:
    """The last reports, then the rest of time."""
    if stage.scenario.reports:
        _reported(stage)
    for name in ("schedules", "workers"):
        for process in stage.running(name):
            process.stop(seconds=60)
    with stage.house.runtime() as rt:
        for ahead in AHEAD:
            rt.clock = lambda ahead=ahead: datetime.now(UTC) + ahead  # type: ignore[misc]
            _live_on(stage, rt)


def rows(stage: Stage) -> dict[str, Row]:
    """What the deployment says about every message."""
    with stage.house.store() as store, store.read() as tx:
        ends = _ends(tx)
        query = select(messages.c.id, messages.c.state, messages.c.reason)
        return {
            id_: Row(State(state), str(reason or ""), ends.get(id_, 0))
            for id_, state, reason in tx.execute(query)
        }


def listed_unknown(stage: Stage) -> set[str]:
    """What `aftercart log --state unknown` lists."""
    return {line["id"] for line in stage.house.log("--state", "unknown")}


def _left(stage: Stage) -> int:
    try:
        with stage.house.store() as store, store.read() as tx:
            here = select(func.count()).select_from(messages)
            moving = here.where(messages.c.state.in_(_MOVING))
            absent = len(stage.due) - int(tx.scalar(here) or 0)
            return max(absent, 0) + int(tx.scalar(moving) or 0)
    except (SQLAlchemyError, OSError):
        return -1


def _reported(stage: Stage) -> None:
    """Every report was taken and read."""

    def told() -> bool:
        return stage.reports_waiting() == 0 and _unread(stage) == 0

    stage.until(told, 120, "the reports of the providers are read")


def _unread(stage: Stage) -> int:
    with stage.house.store() as store, store.read() as tx:
        query = select(func.count()).where(inbox.c.read_at.is_(None))
        return int(tx.scalar(query) or 0)


def _live_on(stage: Stage, rt: Runtime) -> None:
    """Ticks until nothing moves any more."""
    still = 0
    while still < 2:
        swept = sweeping.sweep(rt)
        handed = sum(delivering.deliver(rt, ring.ids) for ring in planning.plan(rt))
        if stage.scenario.reports:
            stage.until(lambda: stage.reports_waiting() == 0, 60, "the last reports")
        read = 0
        while count := tracking.read_inbox(rt):
            read += count
        moved = handed or read or swept.uncertain or swept.resent or swept.unknown
        still = 0 if moved else still + 1


def _ends(tx: Tx) -> dict[str, int]:
    query = (
        select(message_events.c.message_id, func.count())
        .where(message_events.c.word == State.ACCEPTED.value)
        .group_by(message_events.c.message_id)
    )
    return {id_: int(count) for id_, count in tx.execute(query)}
