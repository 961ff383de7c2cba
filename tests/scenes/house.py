"""A deployment in a folder of its own, started as real processes: what every scene is played in."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aftercart import settings
from aftercart.runtime import PushedClock, Runtime, open_runtime
from aftercart.sandbox import read_ledger
from aftercart.store import Store, open_store, records
from tests.servers import free_port

REPOSITORY = Path(__file__).parents[2]
COMMAND = str(Path(sys.executable).with_name("aftercart"))
TOKEN = "the token of a scene"
#: Where it is daytime now, whatever the hour at which the scenes are played.
_ZONES = [f"Etc/GMT{shift:+d}" for shift in range(-12, 13)]


def git(folder: Path, *arguments: str) -> None:
    """Runs git there, as somebody who has a name."""
    author = ("-c", "user.name=Ann", "-c", "user.email=ann@shop.example")
    subprocess.run(
        ["git", "-C", folder, *author, *arguments], check=True, capture_output=True
    )


def wait_until(true: Callable[[], Any], *, seconds: float = 60.0, what: str) -> None:
    """Returns once it is true; the failure says what was waited for. A machine may be busy: this is no measurement."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain: {what}"
        time.sleep(0.05)


def daytime(now: datetime) -> str:
    """A time zone in which it is early afternoon, so that quiet hours keep out of a scene that is not about them."""
    shift = round(13.5 - now.hour - now.minute / 60)
    shift = (shift + 12) % 24 - 12
    return _ZONES[-shift + 12]


@dataclass
class Process:
    """One process of a scene; its words are in `log`."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """As a power cut does."""
        self.popen.kill()
        self.popen.wait()

    def stop(self, *, seconds: float = 15.0) -> int:
        """As an orchestrator does: asks, and waits."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGCONT)
            self.popen.send_signal(signal.SIGTERM)
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            raise AssertionError(f"{self.name} did not stop:\n{self.words}") from None

    def children(self) -> list[int]:
        """The processes that it has started and that run."""
        tasks = Path(f"/proc/{self.popen.pid}/task/{self.popen.pid}/children")
        return [int(pid) for pid in tasks.read_text().split()]

    def ready(self, asked: Callable[[], bool]) -> bool:
        """Whether it is; one that has ended never will be."""
        assert self.running, f"{self.name} has ended:\n{self.words}"
        return asked()

    @property
    def running(self) -> bool:
        return self.popen.poll() is None

    @property
    def words(self) -> str:
        return self.log.read_text()


@dataclass
class House:
    """A folder with campaigns, templates, workers and schedules; its settings; its processes."""

    folder: Path
    environ: dict[str, str]
    processes: list[Process] = field(default_factory=list)

    @property
    def ledger_file(self) -> Path:
        return self.folder / "ledger.ndjson"

    @property
    def _environ(self) -> Mapping[str, str]:
        outside = {
            k: v for k, v in os.environ.items() if not k.startswith("AFTERCART_")
        }
        return outside | self.environ

    def command(
        self, *arguments: object, expect: int = 0, seconds: float = 120.0
    ) -> subprocess.CompletedProcess[str]:
        """Runs `aftercart …` to its end."""
        done = subprocess.run(
            [COMMAND, *map(str, arguments)],
            cwd=self.folder,
            env=self._environ,
            text=True,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
        told = f"{done.args} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == expect, told
        return done

    def start(self, name: str, *command: object) -> Process:
        """Starts a process that goes on until it is stopped, or the scene ends."""
        log = self.folder / f"{name}-{len(self.processes)}.log"
        with log.open("wb") as out:
            popen = subprocess.Popen(
                [str(part) for part in command],
                cwd=self.folder,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self.processes.append(Process(name, popen, log))
        return self.processes[-1]

    def up(self) -> Process:
        """`aftercart up`, answering."""
        port = self.environ["AFTERCART_PUBLIC_URL"].rpartition(":")[2]
        started = self.start("up", COMMAND, "up", "--port", port)
        wait_until(lambda: started.ready(self._answers), what="up answers")
        return started

    def web(self) -> Process:
        """`aftercart web`, answering."""
        port = self.environ["AFTERCART_PUBLIC_URL"].rpartition(":")[2]
        started = self.start("web", COMMAND, "web", "--port", port)
        wait_until(lambda: started.ready(self._answers), what="web answers")
        return started

    def workers(
        self, *, processes: int = 1, threads: int = 2, queues: Sequence[str] = ()
    ) -> Process:
        """`dramatiq workers`, ready; of all queues, or of these."""
        chosen = ["--queues", *queues] if queues else []
        started = self.start(
            "workers", sys.executable, "-m", "dramatiq", "workers",
            "--processes", processes, "--threads", threads,
            "--worker-shutdown-timeout", "10000", *chosen,
        )  # fmt: skip

        def greeted() -> bool:
            return started.words.count("Worker process is ready") >= processes

        wait_until(lambda: started.ready(greeted), what="workers are ready")
        return started

    def schedules(self) -> Process:
        """`python -m schedules`."""
        return self.start("schedules", sys.executable, "-m", "schedules")

    def sandbox(self) -> Process:
        """`aftercart sandbox` on one port for the whole scene; the settings that it prints become ours."""
        port = self.environ.setdefault("SCENE_SANDBOX_PORT", str(free_port()))
        started = self.start(
            "sandbox", COMMAND, "sandbox", "--port", port, "--ledger", self.ledger_file
        )
        wait_until(
            lambda: started.ready(lambda: "Ctrl-C" in started.words),
            what="the sandbox is up",
        )
        for line in started.words.splitlines():
            if line.startswith("export "):
                name, _, value = line.removeprefix("export ").partition("=")
                self.environ[name] = value.strip("'")
        return started

    def stop(self) -> None:
        """Ends every process of the scene, the last one first."""
        for process in reversed(self.processes):
            if process.running:
                process.popen.send_signal(signal.SIGCONT)
                process.popen.terminate()
        for process in self.processes:
            try:
                process.popen.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()

    def tell(self, *events: Mapping[str, Any]) -> dict[str, Any]:
        """The shop's own call: POST /v1/events."""
        request = urllib.request.Request(
            f"{self.environ['AFTERCART_PUBLIC_URL']}/v1/events",
            json.dumps(list(events)).encode(),
            {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as response:
            answer: dict[str, Any] = json.load(response)
            return answer

    def log(self, *filters: object) -> list[dict[str, Any]]:
        """What `aftercart log --json` prints."""
        printed = self.command("log", "--json", "--limit", 0, *filters).stdout
        return [json.loads(line) for line in printed.splitlines()]

    def rows(self) -> dict[str, dict[str, Any]]:
        """The same, read in here: message -> line. For questions that are asked again and again."""
        with self.store() as store, store.read() as tx:
            return {row.id: row.to_json() for row in records.log(tx, limit=10_000)}

    def states(self) -> dict[str, str]:
        """message -> state."""
        return {id_: line["state"] for id_, line in self.rows().items()}

    def ledger(self) -> list[dict[str, Any]]:
        """What reached the sandbox, whatever it answered."""
        return list(read_ledger(self.ledger_file))

    def sent(self) -> list[str]:
        """The messages that a real provider would have sent, as often as it would have."""
        return [entry["message"] for entry in self.ledger() if entry["accepted"]]

    @contextmanager
    def store(self) -> Iterator[Store]:
        opened = open_store(self.environ["AFTERCART_DATABASE_URL"])
        try:
            yield opened
        finally:
            opened.close()

    @contextmanager
    def runtime(self) -> Iterator[Runtime]:
        """This process as one more process of the deployment."""
        rt = open_runtime(settings.read(self._settings()))
        try:
            yield rt
        finally:
            rt.close()

    @contextmanager
    def pushed_clock(self) -> Iterator[PushedClock]:
        """A clock that stands, for all processes of the deployment that start from now on; it begins at the real time."""
        with self.store() as store:
            store.upgrade()
            clock = PushedClock(store)
            clock.push(datetime.now(UTC))
            yield clock

    def _settings(self) -> dict[str, str]:
        root = {"AFTERCART_ROOT": str(self.folder)}
        return self.environ | root

    def _answers(self) -> bool:
        try:
            address = f"{self.environ['AFTERCART_PUBLIC_URL']}/healthz"
            with urllib.request.urlopen(address, timeout=2) as response:
                return bool(response.status == 200)
        except OSError:
            return False


def build(folder: Path, *, database_url: str = "", broker_url: str = "") -> House:
    """A deployment with the shipped folders and the campaigns of the scenes, not yet started."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("campaigns", "templates"):
        shutil.copytree(REPOSITORY / name, folder / name)
    for name in ("workers", "schedules"):
        (folder / name).symlink_to(REPOSITORY / name)
    environ = {
        "AFTERCART_DATABASE_URL": database_url or f"sqlite:///{folder / 'shop.db'}",
        "AFTERCART_PUBLIC_URL": f"http://127.0.0.1:{free_port()}",
        "AFTERCART_SECRET_KEY": "a secret that is only for the scenes",
        "AFTERCART_API_TOKEN": TOKEN,
        # a clock on the wall of the workers: an idle queue is looked at fifty times a second
        "dramatiq_worker_timeout": "20",
    }
    if broker_url:
        environ["AFTERCART_BROKER_URL"] = broker_url
    return House(folder, environ)


def add_campaign(house: House, name: str, text: str, parts: Mapping[str, str]) -> None:
    """Writes a campaign and the template of the same name."""
    (house.folder / "campaigns" / f"{name}.yaml").write_text(text)
    folder = house.folder / "templates" / name
    folder.mkdir()
    for file, words in parts.items():
        (folder / file).write_text(words)


def only(house: House, names: Sequence[str]) -> None:
    """Takes the other campaigns away."""
    for file in (house.folder / "campaigns").glob("*.yaml"):
        if file.stem not in names:
            file.unlink()
