"""What grows in an hour in which something fails every half minute?

`python -m chaos --scenario FT-82 --size 100000`, and MINUTES=60 in the environment: it is not among those that are played by themselves. One group of
workers, the web and the scheduler live through all of it, and are measured; the other group, and everything around them, is broken.
"""

import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis

from chaos.registry import scenario
from chaos.stage import LATENCY, Stage
from tests.scenes.house import Process

MINUTES = float(os.environ.get("MINUTES", "60"))
_LOOK_SECONDS = 15.0
#: A process that has grown by more than this part, or this much, between the second sixth of the time and the last one leaks.
_PART, _MEGABYTES, _FILES = 0.25, 25.0, 12


@dataclass
class Growth:
    """What one process has held, look by look: megabytes and open files."""

    name: str
    memory: list[float] = field(default_factory=list)
    files: list[float] = field(default_factory=list)

    def look(self, pid: int) -> None:
        """One more look."""
        status = Path(f"/proc/{pid}/status").read_text()
        self.memory.append(int(status.split("VmRSS:")[1].split()[0]) / 1024)
        self.files.append(len(list(Path(f"/proc/{pid}/fd").iterdir())))

    def grown(self) -> str:
        """How it leaks, or nothing."""
        memory, files = _ends(self.memory), _ends(self.files)
        if memory[1] > memory[0] * (1 + _PART) and memory[1] > memory[0] + _MEGABYTES:
            return f"{self.name} grew from {memory[0]:.0f} to {memory[1]:.0f} MB"
        if files[1] > files[0] + _FILES:
            return f"{self.name} had {files[0]:.0f} files open, and then {files[1]:.0f}"
        return ""

    def line(self) -> str:
        """Its figures."""
        (m0, m1), (f0, f1) = _ends(self.memory), _ends(self.files)
        return f"{self.name}: {m0:.0f} -> {m1:.0f} MB, {f0:.0f} -> {f1:.0f} files, {len(self.memory)} looks"


@scenario(
    "FT-82",
    "something fails every half minute, for an hour",
    alone=True,
    recovery=120,
    unknown=0.005,
)
def soak(stage: Stage) -> None:
    """Workers die and stand still, Redis forgets and dies, PostgreSQL dies, both providers do everything that they can do."""
    stage.open(workers=1, threads=2)
    (steady,) = stage.running("workers")
    stage.plant(0.02)
    broken = _Breaking(stage, stage.workers(processes=1))
    watch = _watched(stage, steady)
    with watch as growths, stage.planting(seconds=MINUTES * 60):
        until = time.monotonic() + MINUTES * 60
        while time.monotonic() < until:
            stage.wait(15, 30)
            stage.lot.choice(broken.ways)()
            stage.expect(steady.running, "the steady workers run")
    for growth in growths:
        print(f"    {growth.line()}", flush=True)
        stage.expect(not growth.grown(), growth.grown() or "nothing grows")
    stage.until(lambda: _unacknowledged(stage) == 0, 120, "all words are acknowledged")


class _Breaking:
    def __init__(self, stage: Stage, workers: Process) -> None:
        self._stage, self._workers = stage, workers
        self.ways: list[Callable[[], None]] = [
            self.workers_die,
            self.workers_stand_still,
            self.scheduler_dies,
            self.redis_forgets,
            self.redis_dies,
            self.postgres_hangs_up,
            self.postgres_dies,
            lambda: self.provider("faults: [{do: answer-500}]", 10),
            lambda: self.provider("faults: [{do: answer-429, after: 3 s}]", 10),
            lambda: self.provider("faults: [{do: answer-401}]", 5),
            lambda: self.provider("faults: [{share: 2%, do: take-and-reset}]", 15),
            lambda: self.provider(
                "webhooks: {copies: 1-9, shuffle: true, delay: 1-20 s}", 15
            ),
        ]

    def workers_die(self) -> None:
        self._stage.kill_one(self._workers)
        self._workers = self._stage.workers(processes=1)

    def workers_stand_still(self) -> None:
        with self._stage.frozen(self._workers):
            self._stage.wait(70)

    def scheduler_dies(self) -> None:
        self._stage.kill("schedules")
        self._stage.house.schedules()

    def redis_forgets(self) -> None:
        self._stage.redis.client.flushall()

    def redis_dies(self) -> None:
        self._stage.redis.stop()
        self._stage.wait(1, 15)
        self._stage.redis.start()

    def postgres_hangs_up(self) -> None:
        self._stage.postgres.hang_up()

    def postgres_dies(self) -> None:
        self._stage.postgres.crash()
        self._stage.wait(0.5, 5)
        self._stage.postgres.back()

    def provider(self, script: str, seconds: float) -> None:
        self._stage.faults(LATENCY + script)
        self._stage.wait(seconds)
        self._stage.calm()


@contextmanager
def _watched(stage: Stage, steady: Process) -> Iterator[list[Growth]]:
    """Looks at those that live through it until the block ends."""
    (web,) = stage.running("web")
    pids = {"a worker": steady.children()[0], "the web": web.popen.pid}
    growths = {name: Growth(name) for name in pids}
    over = threading.Event()

    def look() -> None:
        while not over.wait(_LOOK_SECONDS):
            for name, pid in pids.items():
                growths[name].look(pid)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield list(growths.values())
    finally:
        over.set()
        looking.join()


def _unacknowledged(stage: Stage) -> int:
    client = stage.redis.client
    try:
        return sum(
            int(client.scard(key)) for key in client.scan_iter("dramatiq:__acks__*")
        )
    except redis.RedisError:
        return -1


def _ends(looks: list[float]) -> tuple[float, float]:
    """What was held in the second sixth of the time, and in the last: the first is for growing up."""
    sixth = max(1, len(looks) // 6)
    return statistics.median(looks[sixth : 2 * sixth] or [0.0]), statistics.median(
        looks[-sixth:] or [0.0]
    )
