"""What if a template gets past every rule? Templates are checked and shown in a child process that may not take much.

The rules bound a template by its text. Here stands what holds where a rule has a hole: the child has a limit of memory and of time
for each template, and where it dies the template is named and the next one looked at. The process that asks never dies with it.
"""

import io
import os
import pickle
import resource
import select
import signal
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from aftercart import locales
from aftercart.errors import Problem, TemplateError
from aftercart.model import Purpose
from aftercart.rendering import checking
from aftercart.rendering.checking import Step
from aftercart.rendering.renderer import Renderer, Template

SECONDS = 1.0  #: of CPU, for one template
PATIENCE = 10.0  #: of the clock, where a child waits and does not work
MEMORY = 256 << 20  #: beyond what the process has when it begins
ANSWER = 16 << 20  #: bytes that a child may answer

_DEATHS: dict[int, str] = {
    -signal.SIGPROF: f"takes more than {SECONDS:g} s of computing",
    -signal.SIGKILL: "does not come to an end",
    -signal.SIGSEGV: "is inside itself so deeply that reading it breaks off",
}
_TOO_MUCH = f"takes more than {MEMORY >> 20} MB of memory"
_MENDING = "make it smaller and simpler"


def check(
    folder: Path,
    *,
    purposes: Mapping[str, Purpose] | None = None,
    coupons: Collection[str] | None = None,
    lacking: checking.Lacking | None = None,
    locale: str = locales.DEFAULT,
) -> list[Problem]:
    """As `checking.check`, whatever the templates are: one that takes too much is a problem with its name."""
    if not folder.is_dir():
        return checking.check(folder)
    made = checking.steps(
        folder, purposes=purposes, coupons=coupons, lacking=lacking, locale=locale
    )
    return judge(made)


def judge(steps: Sequence[Step]) -> list[Problem]:
    """The problems of all steps; one child does them in turn, and after its death another one those that are left."""
    judged: list[tuple[Step, list[Problem]]] = []
    left = list(steps)
    while left:
        told, death = _divide(partial(_judged, left))
        judged += zip(left, told, strict=False)
        left = left[len(told) :]
        if death and left:
            dead, *left = left
            judged.append((dead, [Problem(dead.shown, 1, 1, death, _MENDING)]))
    return checking.arranged(judged)


def _judged(steps: Sequence[Step]) -> Iterator[list[Problem]]:
    return (step.judge() for step in steps)


class GuardedRenderer(Renderer):
    """Fills each text in a child of its own: for the few that somebody looks at, never for those that go out."""

    def _filled(self, template: Template, part: str, values: Mapping[str, Any]) -> str:
        fill = super()._filled
        told, death = _divide(partial(_once, fill, template, part, values))
        file = f"{self.folder.name}/{template.name}"
        if death or not told:
            raise TemplateError([Problem(file, 1, 1, death, _MENDING)])
        text, problems = told[0]
        if problems:
            raise TemplateError(problems)
        return str(text)


def _once(
    fill: Callable[..., str], template: Template, part: str, values: Mapping[str, Any]
) -> Iterator[tuple[str, list[Problem]]]:
    try:
        yield fill(template, part, values), []
    except TemplateError as error:
        yield "", error.problems


def _divide(work: Callable[[], Iterator[Any]]) -> tuple[list[Any], str]:
    """What a child yielded, and the words of its death; no words when it came to its end."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _toil(work, writing)
    os.close(writing)
    told, done = _listen(reading)
    if not done:
        os.kill(pid, signal.SIGKILL)
    os.close(reading)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return told, _DEATHS.get(code, _TOO_MUCH) if code else ""


def _listen(reading: int) -> tuple[list[Any], bool]:
    """What the child has answered, and whether it came to an end by itself."""
    heard, done = bytearray(), False
    while not done and len(heard) < ANSWER:
        if not select.select([reading], [], [], PATIENCE)[0]:
            break
        more = os.read(reading, 1 << 16)
        heard += more
        done = not more
    told, answers = [], io.BytesIO(heard)
    with suppress(EOFError, pickle.UnpicklingError):  # it died in the middle of a word
        while True:
            told.append(pickle.load(answers))  # noqa: S301 - our own child's words
    return told, done


def _toil(work: Callable[[], Iterator[Any]], writing: int) -> None:
    """The life of the child; it ends here, without a word of what the parent would say at its end."""
    code = 1
    try:
        with suppress(ValueError, OSError):
            most = _memory() + MEMORY
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        with os.fdopen(writing, "wb") as answers:
            for told in work():
                pickle.dump(told, answers)
                answers.flush()
                signal.setitimer(signal.ITIMER_PROF, SECONDS)
        code = 0
    except MemoryError:
        code = 1
    except BaseException:
        # what nobody has thought of is for the parent's eyes as it would be without a child
        traceback.print_exc()
    finally:
        os._exit(code)


def _memory() -> int:
    """The address space of this process in bytes.

    Raises:
        OSError: where the system does not tell.
    """
    pages = Path("/proc/self/statm").read_text().split()[0]
    return int(pages) * resource.getpagesize()
