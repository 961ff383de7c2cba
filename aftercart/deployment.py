"""Where is the owner's half? The deployment's `workers` and `schedules`, found by name at run time, as the dramatiq command does.

The engine never imports them: it is upgraded, they are owned.
"""

import importlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from aftercart.errors import Problem, SettingsError
from aftercart.planning import Ringing

#: How long worker processes may take to finish what they hold.
_GOODBYE = 15.0


class Workers(Protocol):
    """What the engine needs of the deployment's `workers`."""

    broker: Any

    def ring(self, batches: Iterable[Ringing]) -> int:
        """Tells the queues which messages are due."""
        ...


def find(name: str, *, root: Path) -> Any:
    """The deployment's module of this name.

    Raises:
        SettingsError: when there is none in the folder.
    """
    folder = str(root.resolve())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        hint = "start aftercart in the folder that holds campaigns/, templates/, workers/ and schedules/"
        raise SettingsError(
            [Problem(f"{folder}/{name}", 1, 1, "is not there", hint)]
        ) from None


@contextmanager
def embedded(workers: Workers, *, threads: int = 4) -> Iterator[Any]:
    """Runs the workers inside this process; what they hold is finished at the end."""
    # the deployment brings dramatiq; the engine does not import it
    worker = importlib.import_module("dramatiq").Worker(
        workers.broker, worker_threads=threads
    )
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


@contextmanager
def processes(
    count: int, *, root: Path, environ: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs `dramatiq workers` with so many processes, one thread each, and ends them with the block."""
    command = [
        sys.executable, "-m", "dramatiq", "workers",
        "--processes", str(count), "--threads", "2", "--worker-shutdown-timeout", "10000",
    ]  # fmt: skip
    settings = {**os.environ, **environ, "dramatiq_worker_timeout": "20"}
    child = subprocess.Popen(command, cwd=root, env=settings)  # noqa: S603 - our own command
    try:
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + _GOODBYE
        while child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        if child.poll() is None:
            child.kill()
            child.wait()
