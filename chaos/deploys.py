"""What does a new version cost? Workers that are asked to stop, one after the other, while they send."""

import time

from chaos.crashes import SLOW
from chaos.registry import scenario
from chaos.stage import Stage


@scenario(
    "FT-06",
    "workers are asked to stop, one after the other, as by a deploy",
    unknown=0.0,
    again=0.0,
)
def rolling(stage: Stage) -> None:
    """Each finishes what it holds within 30 s, and leaves nothing in doubt."""
    stage.open(faults=SLOW, workers=1)
    stage.workers(processes=1)
    slowest, count = 0.0, 0
    stage.plant(0.3)
    with stage.planting(seconds=30):
        for _ in stage.rounds(6):
            stage.wait(2, 4)
            oldest = stage.running("workers")[0]
            stage.workers(processes=1)
            begun = time.monotonic()
            oldest.stop(seconds=60)
            slowest, count = max(slowest, time.monotonic() - begun), count + 1
    stage.until(stage.drained, 90, "all are sent")
    unclear = [s for s in stage.states().values() if s in ("uncertain", "unknown")]
    stage.expect(not unclear, f"nothing is in doubt ({len(unclear)})")
    stage.expect(slowest <= 30, f"each stops within 30 s ({slowest:.0f} s)")
    stage.note = f"{count} workers replaced, the slowest took {slowest:.1f} s to stop"
