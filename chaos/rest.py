"""What happens after the fault? The drain is measured; then the rest of time is played, so that nothing is left that could still come.

A service message is repeated after minutes and proof is waited for 72 hours. Nobody waits for that here: when the deployment has
drained, its workers are asked to stop, and this process goes on in their place with a clock that is ahead.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aftercart import delivering, planning, settings, sweeping, tracking
from aftercart.runtime import Runtime, open_runtime
from chaos import looking
from chaos.stage import Stage

#: Later than any repeat of a service message, and than the proof of everything.
AHEAD = (timedelta(0), timedelta(minutes=6), timedelta(hours=73))
_LOOK_SECONDS = 0.5


@dataclass
class _Ahead:
    """The real time, and some."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def recover(stage: Stage, *, limit: float) -> float:
    """Seconds until every message that is due has a row, and no row waits or is on its way; `limit` at most."""
    begun = time.monotonic()
    looks = 0
    while (seconds := time.monotonic() - begun) < limit:
        if looking.left(stage.house, len(stage.due)) == 0:
            return seconds
        if looks % 10 == 0:
            stage.look_for_canaries()
        looks += 1
        time.sleep(_LOOK_SECONDS)
    if not stage.scenario.caught:
        stage.broken.append(
            f"{looking.left(stage.house, len(stage.due))} messages still wait after {limit:.0f} s"
        )
    return seconds


def finish(stage: Stage) -> None:
    """The last reports, then the rest of time."""
    if stage.scenario.reports:
        _reported(stage)
    for name in ("schedules", "workers"):
        for process in stage.running(name):
            process.stop(seconds=60)
    # a clock of its own: this process is ahead on purpose, and no other
    clock = _Ahead()
    rt = open_runtime(settings.read(stage.house._settings()), clock=clock)
    for clock.ahead in AHEAD:
        _live_on(stage, rt)
    rt.close()


def listed_unknown(stage: Stage) -> set[str]:
    """What `aftercart log --state unknown` lists."""
    return {line["id"] for line in stage.house.log("--state", "unknown")}


def _reported(stage: Stage) -> None:
    """Every report was taken and read."""

    def told() -> bool:
        return stage.reports_waiting() == 0 and looking.unread(stage.house) == 0

    stage.until(told, 120, "the reports of the providers are read")


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
