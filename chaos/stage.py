"""Where does it happen? One deployment with its servers and processes, and the hands that break them.

A scenario is given a stage. What it plants is told to the engine as the shop's call would tell it, again and again until it
was taken; everything else is done by the processes of the deployment.
"""

import json
import os
import random
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from sqlalchemy.exc import SQLAlchemyError

from aftercart import addresses, enrolling, intake
from aftercart.runtime import Runtime
from aftercart.store.permissions import Suppression, suppress
from chaos import workload
from chaos.registry import Scenario
from chaos.servers import Postgres, Redis
from chaos.workload import Due
from tests.scenes.house import House, Process

#: Events in one call of the shop.
_CALL = 50
#: People who say no before anything is due, out of a hundred.
_SILENT = 1
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
    silent: set[str] = field(default_factory=set)  #: messages of people who said no
    planted: int = 0

    def __post_init__(self) -> None:
        self.lot = random.Random(f"{self.scenario.name} {self.seed}")

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
        with self.house.runtime() as rt:
            self._settle_in(rt)
        if self.scenario.reports:
            self.house.web()
        for _ in range(schedules):
            self.house.schedules()
        if workers:
            self.workers(processes=workers, threads=threads)

    def workers(self, *, processes: int = 2, threads: int = 2) -> Process:
        """`dramatiq workers`, ready."""
        return self.house.workers(processes=processes, threads=threads)

    def _settle_in(self, rt: Runtime) -> None:
        """Everybody agrees; then some say no."""
        at = workload.early(rt.clock())
        _take_in(rt, [one.consent(at) for one in self.due])
        quiet = [one for one in self.due if one.kind.channel == "email"]
        quiet = quiet[: max(1, len(quiet) * _SILENT // 100)]
        self.silent = {one.message for one in quiet}
        secret = rt.settings.secret_key
        with rt.store.write() as tx:
            suppress(
                tx,
                [
                    Suppression(
                        addresses.key(one.email, secret=secret),
                        "all",
                        "complained",
                        "chaos",
                        at,
                    )
                    for one in quiet
                ],
            )

    # What is due.

    def plant(self, share: float) -> None:
        """So much of all that is due is told at once; 1.0 is all that is left."""
        upto = min(len(self.due), self.planted + round(share * len(self.due)))
        with self.house.runtime() as rt:
            while self.planted < upto:
                self._tell(rt, min(_CALL * 4, upto - self.planted))

    @contextmanager
    def planting(self, *, seconds: float) -> Iterator[None]:
        """What is left is told evenly over so many seconds, while the block runs; what could not be told is told after it."""
        over = threading.Event()
        teller = threading.Thread(target=self._tell_evenly, args=(seconds, over))
        teller.start()
        try:
            yield
        finally:
            over.set()
            teller.join()
        self.plant(1.0)

    def _tell_evenly(self, seconds: float, over: threading.Event) -> None:
        begun, first = time.monotonic(), self.planted
        left = len(self.due) - first
        while self.planted < len(self.due) and not over.wait(0.2):
            part = min(1.0, (time.monotonic() - begun) / seconds)
            target = first + round(part * left)
            if target > self.planted:
                self._try_to_tell(target, over)

    def _try_to_tell(self, target: int, over: threading.Event) -> None:
        # as a shop whose call was not answered with yes: it calls again
        try:
            with self.house.runtime() as rt:
                while self.planted < target and not over.is_set():
                    self._tell(rt, min(_CALL, target - self.planted))
        except (SQLAlchemyError, OSError):
            over.wait(0.5)

    def _tell(self, rt: Runtime, count: int) -> None:
        some = self.due[self.planted : self.planted + count]
        now = datetime.now(UTC)
        _take_in(rt, [one.event(now) for one in some])
        self.planted += count

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
            children = process.children()
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


def _take_in(rt: Runtime, events: list[dict[str, Any]]) -> None:
    for start in range(0, len(events), 500):
        good, bad = intake.parse_events(events[start : start + 500])
        assert not bad, bad
        enrolling.take_in(rt, good)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


#: How late an answer may come that was on its way.
ON_ITS_WAY = timedelta(seconds=2)
