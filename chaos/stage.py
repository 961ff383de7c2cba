"""Where does it happen? One deployment with its servers and processes, and the hands that break them.

A scenario is given a stage. What it plants is told by the `shop`; everything else is done by the processes of the deployment.
"""

import json
import os
import random
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import redis

from chaos import looking, workload
from chaos.registry import Scenario
from chaos.servers import Postgres, Redis
from chaos.shop import Shop
from chaos.workload import Due
from tests.scenes.house import House, Process

#: As a provider far away takes its time.
LATENCY = "latency: {sendgrid: 80 ms, twilio: 80 ms, spread: 40 ms}\n"


@dataclass
class Stage:
    """What a scenario works with. `redis` and `postgres` are its servers; `house` has the processes."""

    scenario: Scenario
    house: House
    redis: Redis
    postgres: Postgres
    due: list[Due]
    seed: int
    lot: random.Random = field(init=False)
    broken: list[str] = field(default_factory=list)  #: what did not hold
    shop: Shop = field(init=False)
    expected_unknown: set[str] | None = None  #: exactly these, where it can be said
    miscounted: int = 0
    note: str = ""  #: figures for the table that have no column

    def __post_init__(self) -> None:
        self.lot = random.Random(f"{self.scenario.name} {self.seed}")
        self.shop = Shop(self.house, self.due)

    # Building up.

    def open(
        self,
        *,
        faults: str = LATENCY,
        workers: int = 2,
        threads: int = 2,
        schedules: int = 1,
    ) -> None:
        """Furnishes the deployment and starts everything: sandbox, web, workers, schedules."""
        workload.furnish(self.house)
        self.house.sandbox()
        self.faults(faults)
        self.shop.open()
        if self.scenario.reports:
            self.house.web()
        for _ in range(schedules):
            self.house.schedules()
        if workers:
            self.workers(processes=workers, threads=threads)

    def workers(self, *, processes: int = 2, threads: int = 2) -> Process:
        """`dramatiq workers`, ready."""
        return self.house.workers(processes=processes, threads=threads)

    # What is due.

    def plant(self, share: float) -> None:
        """So much of all that is due is told at once; 1.0 is all that is left."""
        self.shop.tell(share)

    @contextmanager
    def planting(self, *, seconds: float) -> Iterator[None]:
        """What is left is told evenly over so many seconds, while the block runs; what could not be told is told after it."""
        with self.shop.telling(seconds=seconds):
            yield
        self.plant(1.0)

    # Breaking it.

    def rounds(self, few: int) -> range:
        """So many rounds at the usual size; more at a greater one."""
        return range(max(few, few * len(self.due) // 4000))

    def wait(self, least: float, most: float = 0.0) -> None:
        """Some seconds, chosen by the seed."""
        time.sleep(self.lot.uniform(least, max(least, most)))

    def faults(self, script: str) -> None:
        """From now on the providers do this; an empty text calms them."""
        if not self.scenario.reports:
            script += "webhooks: {hold: true}\n"
        self._sandbox("PUT", script.encode())

    def calm(self) -> None:
        """The providers take what they are given, after the usual time."""
        self.faults(LATENCY)

    def reports_waiting(self) -> int:
        """How many reports of the providers have not been taken yet."""
        return int(json.loads(self._sandbox("GET", None))["reports_waiting"])

    def _sandbox(self, method: str, body: bytes | None) -> bytes:
        base = self.house.environ["AFTERCART_SENDGRID_BASE_URL"]
        request = urllib.request.Request(f"{base}/sandbox/faults", body, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return bytes(answer.read())

    def running(self, name: str) -> list[Process]:
        """The processes of this name that run."""
        return [p for p in self.house.processes if p.name == name and p.running]

    def kill_workers(self, *, all_at_once: bool | None = None) -> None:
        """The worker processes die: all at once as with the power, or one, after which dramatiq ends the others."""
        for master in self.running("workers"):
            together = self.lot.random() < 0.5 if all_at_once is None else all_at_once
            children = master.children()
            if together:
                master.kill()
            elif children:
                children = [self.lot.choice(children)]
            for pid in children:
                _signal(pid, signal.SIGKILL)
            if not together:
                self.until(lambda m=master: not m.running, 30, "dramatiq gives up")  # type: ignore[misc]

    def kill(self, name: str) -> None:
        """Every process of this name dies, with its children."""
        for process in self.running(name):
            self.kill_one(process)

    def kill_one(self, process: Process) -> None:
        """This process and those that it started die."""
        children = process.children() if process.running else []
        process.kill()
        for pid in children:
            _signal(pid, signal.SIGKILL)

    @contextmanager
    def frozen(self, process: Process) -> Iterator[None]:
        """The process and its children stand still, as a machine that is moved does."""
        family = [process.popen.pid, *process.children()]
        for pid in family:
            _signal(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in family:
                _signal(pid, signal.SIGCONT)

    def until(self, true: Callable[[], Any], seconds: float, what: str) -> bool:
        """Waits until it is true; after so many seconds it is noted as broken."""
        deadline = time.monotonic() + seconds
        while not true():
            if time.monotonic() > deadline:
                self.broken.append(f"waited {seconds:.0f} s in vain: {what}")
                return False
            time.sleep(0.1)
        return True

    def expect(self, holds: object, what: str) -> None:
        """Notes it as broken where it does not hold."""
        if not holds:
            self.broken.append(f"does not hold: {what}")

    # Looking.

    def ledger(self, since: datetime | None = None) -> list[dict[str, Any]]:
        """What reached the providers, from a moment on."""
        return [
            entry
            for entry in self.house.ledger()
            if since is None or datetime.fromisoformat(entry["at"]) >= since
        ]

    def taken(self, since: datetime | None = None) -> int:
        """How much of it they took."""
        return sum(entry["accepted"] for entry in self.ledger(since))

    def states(self) -> dict[str, str]:
        """message -> state."""
        return {id_: row.state.value for id_, row in looking.rows(self.house).items()}

    def drained(self) -> bool:
        """Whether everything that is due has a row, and none waits or is on its way."""
        return looking.left(self.house, len(self.due)) == 0

    def until_quiet(self, seconds: float) -> None:
        """Until the providers have not been asked for so many seconds."""
        before, since = -1, time.monotonic()
        while time.monotonic() - since < seconds:
            time.sleep(0.1)
            if (size := self.house.ledger_file.stat().st_size) != before:
                before, since = size, time.monotonic()

    def late(
        self, provider: str, since: datetime, until: datetime, part: float = 0.95
    ) -> float:
        """Seconds from due to taken, for what became due in between: so great a part, 95 in 100, was no later."""
        taken = {
            e["message"]: datetime.fromisoformat(e["at"])
            for e in reversed(self.house.ledger())
            if e["accepted"] and e["provider"] == provider
        }
        channel = "sms" if provider == "twilio" else "email"
        waits = sorted(
            (taken.get(one.message, datetime.now(UTC)) - at).total_seconds()
            for one in self.due
            if one.kind.channel == channel
            and (at := self.shop.at.get(one.message))
            and since <= at < until
            and one.message not in self.shop.silent
        )
        return waits[int(len(waits) * part)] if waits else 0.0

    def web_answers(self, path: str = "/healthz") -> int:
        """The status of an answer of the web, or 0."""
        url = f"{self.house.environ['AFTERCART_PUBLIC_URL']}{path}"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def reasons(self) -> list[str]:
        """What is wrong, in the words of /readyz."""
        url = f"{self.house.environ['AFTERCART_PUBLIC_URL']}/readyz"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                said = answer.read()
        except urllib.error.HTTPError as error:
            said = error.read()
        return list(json.loads(said)["reasons"])

    def look_for_canaries(self) -> None:
        """Nothing personal may be in Redis."""
        try:
            text = self.redis.texts().lower()
        except redis.RedisError:
            return
        for canary in workload.CANARIES:
            self._leak(canary in text, canary, "Redis")

    def look_into_logs(self) -> None:
        """Nothing personal may be in what the processes wrote."""
        for process in self.house.processes:
            words = process.words.lower()
            for canary in workload.CANARIES:
                self._leak(canary in words, canary, f"the log of {process.name}")

    def _leak(self, found: bool, canary: str, where: str) -> None:
        words = f"personal data ({canary}) in {where}"
        if found and words not in self.broken:
            self.broken.append(words)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
