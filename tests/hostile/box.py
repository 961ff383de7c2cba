"""What does `aftercart check` say of a folder, and what did it cost? Run in a process of its own, with time and memory measured.

One process (`python -m tests.hostile.box`) reads the engine once and divides itself for each folder: so many starts of Python
would take longer than everything that is tried.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

#: After so many seconds of the clock on the wall a check counts as hanging.
HANGS = 30
#: What a check may take beyond this ends it: it is far more than is allowed.
MEMORY = 2 << 30


@dataclass(frozen=True)
class Outcome:
    """How the process ended, what it printed, and what it took for it."""

    code: int  #: of its exit; below zero: the signal that killed it
    printed: str
    seconds: float  #: of CPU, children included
    megabytes: float  #: at the peak


class Box:
    """Asks the process for one check after the other."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.hostile.box"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def check(self, folder: Path, *arguments: str) -> Outcome:
        """`aftercart check` (or what `arguments` say) in a folder that holds campaigns/ and templates/."""
        asked, answers = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answers is not None
        asked.write(json.dumps([str(folder), *(arguments or ("check",))]) + "\n")
        asked.flush()
        return Outcome(**json.loads(answers.readline()))

    def close(self) -> None:
        self._process.communicate()


def _serve() -> None:
    from aftercart import cli  # here, so that whoever imports Box does not pay for it

    cli.commands()  # what each asks for is read now, once, and counted to no check
    for line in sys.stdin:
        folder, *arguments = json.loads(line)
        with (Path(folder) / "printed.txt").open("w+") as paper:
            code, used = _divide(cli, folder, arguments, paper)
            paper.seek(0)
            answer = {
                "code": code,
                "printed": paper.read(),
                "seconds": used.ru_utime + used.ru_stime,
                "megabytes": used.ru_maxrss / 1024,
            }
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _divide(
    cli: Any, folder: str, arguments: list[str], paper: IO[str]
) -> tuple[int, resource.struct_rusage]:
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        os.dup2(paper.fileno(), 1)
        os.dup2(paper.fileno(), 2)
        os.chdir(folder)
        os.environ["AFTERCART_ROOT"] = folder
        sys.argv[:] = ["aftercart", *arguments]
        try:
            cli.main()
        except SystemExit as left:
            sys.stdout.flush()
            os._exit(left.code if isinstance(left.code, int) else 1)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            sys.stderr.flush()
            os._exit(70)
        sys.stdout.flush()
        os._exit(0)
    until = time.monotonic() + HANGS
    while True:
        done, status, used = os.wait4(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status), used
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)


if __name__ == "__main__":
    _serve()
