"""What do the steps of a file mean? The tree that was written becomes one row of steps with jumps, in the order of the file."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from aftercart.campaigns import (
    Branch,
    Jump,
    Recurring,
    Step,
    Stop,
    StopIf,
    Tag,
    Task,
    Wait,
    WaitFor,
)
from aftercart.durations import Duration
from aftercart.loading.bench import Bench
from aftercart.loading.documents import Path_
from aftercart.loading.mailings import OF_SEND, Mailings
from aftercart.loading.schema import STEPS, StepShape, WaitForShape
from aftercart.loading.triggers import seen_by

#: Branches inside each other: more cannot be read by whoever has to answer for them.
DEEPEST = 3


@dataclass
class Steps(Bench):
    """Compiles the steps of one campaign."""

    about: frozenset[str]  #: what their conditions can see
    mailings: Mailings
    row: list[Step] = field(default_factory=list)
    acts: bool = True  #: whether anything is sent at all: if not, that alone is said

    def build(self, shapes: Sequence[StepShape]) -> tuple[Step, ...]:
        """The steps; their mistakes are added to `problems`."""
        before = len(self.problems)
        self.acts = any(_acts(shape) for shape in shapes)
        self._list(shapes, ("steps",), depth=0, followed=False)
        if not self.acts and len(self.problems) == before:
            self.wrong(("steps",), "no step sends anything", "add a send", key=True)
        return tuple(self.row)

    def _list(
        self, shapes: Sequence[StepShape], path: Path_, *, depth: int, followed: bool
    ) -> None:
        """One list of steps; `followed` says that something comes after it."""
        stops: list[int] = []
        for number, shape in enumerate(shapes):
            here, rest = (*path, number), shapes[number + 1 :]
            if not self._one(shape, here):
                continue
            if shape.stop_if is not None:
                stops.append(len(self.row))
                self._check_stop_if(here, rest)
            elif self.acts and not (rest or followed) and _only_waits(shape):
                self.wrong(here, "nothing follows this step", "add a send or delete it")
            if rest and _ends(shape):
                words = "this step is never reached: the way ends before it"
                self.wrong((*path, number + 1), words, "delete it, or the stop above")
            self._step(shape, here, depth=depth, followed=bool(rest) or followed)
        if depth:
            for number in stops:
                step = self.row[number]
                if isinstance(step, StopIf):
                    self.row[number] = replace(step, until=len(self.row))

    def _one(self, shape: StepShape, path: Path_) -> bool:
        """Whether it is one step, and has no keys of another."""
        keys = shape.model_fields_set
        written = {"if" if k == "if_" else k for k in keys}
        if not self.one_of(path, written, STEPS):
            return False
        for key in OF_SEND:
            if key in keys and shape.send is None:
                words = f'"{key}" belongs to a step that sends'
                self.wrong((*path, key), words, key=True)
        for key, name in (("then", "then"), ("else", "else_")):
            if name in keys and shape.if_ is None and shape.wait_for is None:
                words = f'"{key}" belongs to if and wait_for'
                self.wrong((*path, key), words, "indent it below its if", key=True)
        return True

    def _step(
        self, shape: StepShape, path: Path_, *, depth: int, followed: bool
    ) -> None:
        if shape.send is not None:
            self.row += self.mailings.send(shape, shape.send, path)
        elif shape.wait is not None:
            self.row.append(self._wait(shape.wait, path))
        elif shape.task is not None:
            self.row.append(Task(shape.task, self.place((*path, "task"))))
        elif tag := shape.tag or shape.untag:
            key = "tag" if shape.tag else "untag"
            place = self.place((*path, key))
            self.row.append(Tag(tag, shape.tag is not None, place))
        elif shape.stop is not None:
            self.row.append(Stop(shape.stop, self.place((*path, "stop"))))
        elif shape.stop_if is not None:
            condition = self.condition(shape.stop_if, (*path, "stop_if"), self.about)
            place = self.place((*path, "stop_if"))
            # where it cannot be read the campaign is not built; something keeps its number
            self.row.append(StopIf(condition, place) if condition else Stop())
        else:
            self._fork(shape, path, depth=depth, followed=followed)

    def _fork(
        self, shape: StepShape, path: Path_, *, depth: int, followed: bool
    ) -> None:
        """A step with two sides, either of which may be empty: itself, the one side, a jump over the other, the other side."""
        if depth >= DEEPEST and (shape.then or shape.else_):
            words = f"more than {DEEPEST} branches inside each other"
            self.wrong(path, words, 'join conditions with "and"', key=True)
            return
        self._check_sides(shape, path)
        at = len(self.row)
        self.row.append(Stop())
        below, then = depth + 1, (*path, "then")
        self._list(shape.then or (), then, depth=below, followed=followed)
        other = len(self.row)
        if shape.else_:
            self.row.append(Stop())
            other += 1
            behind = (*path, "else")
            self._list(shape.else_, behind, depth=below, followed=followed)
            self.row[other - 1] = Jump(len(self.row), self.place(behind))
        if shape.wait_for is not None:
            self.row[at] = self._wait_for(shape.wait_for, path, other)
            return
        condition = self.condition(shape.if_, (*path, "if"), self.about)
        if condition:
            self.row[at] = Branch(condition, other, self.place((*path, "if")))

    def _wait(self, said: Duration | Recurring, path: Path_) -> Wait:
        place = self.place((*path, "wait"))
        if isinstance(said, Recurring):
            return Wait(place=place, until=said)
        return Wait(said.days, said.span, place)

    def _wait_for(self, shape: WaitForShape, path: Path_, otherwise: int) -> Step:
        path = (*path, "wait_for")
        about = seen_by(shape.event)
        where = self.condition(shape.where, (*path, "where"), about)
        place = self.place(path)
        return WaitFor(shape.event, shape.within, otherwise, where, place)

    def _check_sides(self, shape: StepShape, path: Path_) -> None:
        named = {"then", "else_"} & shape.model_fields_set
        if shape.then or shape.else_ or (shape.wait_for is not None and not named):
            return
        words = "nothing happens on either side"
        hint = 'write steps below "then:" or "else:"'
        key = "if" if shape.if_ is not None else "wait_for"
        self.wrong((*path, key), words, hint, key=True)

    def _check_stop_if(self, path: Path_, rest: Sequence[StepShape]) -> None:
        if not self.acts or any(_acts(shape) for shape in rest):
            return
        if path[:-1] == ("steps",) and not rest:
            self.wrong(path, "nothing follows this step", "add a send or delete it")
            return
        words = "no send of this list follows, and a stop_if is judged with the sends of its own list"
        hint = "move it above a send, or write if: … then: [stop: true]"
        self.wrong((*path, "stop_if"), words, hint, key=True)


def _acts(shape: StepShape) -> bool:
    """Whether it, or a step below it, sends, tags or asks support to do something."""
    if shape.send or shape.task or shape.tag or shape.untag:
        return True
    return any(_acts(below) for below in (*(shape.then or ()), *(shape.else_ or ())))


def _ends(shape: StepShape) -> bool:
    """Whether every way through it ends there."""
    if shape.stop is not None:
        return True
    sides = (shape.then, shape.else_)
    return all(side and any(_ends(below) for below in side) for side in sides)


def _only_waits(shape: StepShape) -> bool:
    if shape.wait is not None:
        return True
    return shape.wait_for is not None and not (shape.then or shape.else_)
