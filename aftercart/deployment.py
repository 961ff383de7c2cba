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
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from aftercart.errors import Problem, SettingsError
from aftercart.planning import Ringing

#: Of each queue, inside this process: one may wait for a provider while the other goes on.
_THREADS = 2

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
            [Problem(f"{folder}/{name}", 0, 0, "is not there", hint)]
        ) from None


@contextmanager
def embedded(workers: Workers) -> Iterator[None]:
    """Runs the workers inside this process, those of each queue apart; what they hold is finished at the end.

    So a provider that hangs keeps the threads of its own queue waiting, and alerts never stand behind it. Their broker is asked
    first whether it is fit, as `dramatiq workers` asks it.
    """
    broker = workers.broker
    broker.emit_after("process_boot")
    # the deployment brings dramatiq; the engine does not import it
    make = importlib.import_module("dramatiq").Worker
    staff = [
        make(broker, queues={queue}, worker_threads=_THREADS)
        for queue in sorted(broker.get_declared_queues())
    ]
    try:
        for worker in staff:
            worker.start()
        yield
    finally:
        for worker in staff:
            worker.stop()


class Staff:
    """Worker processes that this process has started, and that do not outlive it."""

    def __init__(
        self,
        count: int,
        *,
        root: Path,
        environ: Mapping[str, str],
        watchful: bool,
        lock: int | None,
    ) -> None:
        self._command = [
            sys.executable, "-m", "dramatiq", "workers",
            "--processes", str(count), "--threads", "1", "--worker-shutdown-timeout", "10000",
        ]  # fmt: skip
        self._root, self._lock = root, lock
        # how long a worker may doze between two looks at an empty queue, in milliseconds
        doze = {"dramatiq_worker_timeout": "20"} if watchful else {}
        self._environ = {**os.environ, **environ, **doze}
        self._start()

    @property
    def pid(self) -> int:
        """The process that the workers are children of."""
        return self._workers.pid

    @property
    def gone(self) -> bool:
        """Whether they have ended by themselves. dramatiq ends all of them when one dies."""
        return self._workers.poll() is not None

    def end(self) -> None:
        """Ends at once whoever of them is left, in the middle of whatever they do."""
        with suppress(ProcessLookupError):
            os.killpg(self._workers.pid, signal.SIGKILL)
        self._workers.wait()

    def restart(self) -> None:
        """Starts them again."""
        self.stop()
        self._start()

    def stop(self) -> None:
        """Asks them to finish what they hold, waits, and ends them."""
        self._workers.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + _GOODBYE
        while self._workers.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        if self._workers.poll() is None:
            self.end()
        self._watch.kill()
        self._watch.communicate()

    def _start(self) -> None:
        self._workers = subprocess.Popen(  # noqa: S603 - our own command
            # a session of their own: a signal to it reaches all of them, and Ctrl-C only us, who end them in order
            self._command,
            cwd=self._root,
            env=self._environ,
            start_new_session=True,
        )
        # When this process is killed its end of the pipe closes, and the shell ends the workers: left alone they would take
        # what a second run rings for and knock at a provider that is not there any more. Until then it holds the lock, so
        # that the second run does not begin beside them.
        self._watch = subprocess.Popen(  # noqa: S603 - our own words
            ["/bin/sh", "-c", 'read -r _; kill -KILL "-$0"', str(self._workers.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
            pass_fds=() if self._lock is None else (self._lock,),
        )


@contextmanager
def processes(
    count: int,
    *,
    root: Path,
    environ: Mapping[str, str],
    lock: int | None = None,
    watchful: bool = False,
) -> Iterator[Staff]:
    """Runs `dramatiq workers` with so many processes, one thread each, and ends them with the block.

    A second thread pays where the provider takes its time; one on this machine answers at once, and two threads that compute are
    slower than one.

    They do not outlive this process, however it ends; a locked file `lock` stays locked until they have gone.

    Watchful ones look into an empty queue fifty times a second: for whoever waits for each message, at the price of a core's tenth.
    """
    staff = Staff(count, root=root, environ=environ, watchful=watchful, lock=lock)
    try:
        yield staff
    finally:
        staff.stop()
