"""One message, two workers, and everything that may go wrong between them, as a machine small enough to search to its end.

It knows nothing of databases: a row, a queue that loses and repeats, workers that die or sleep at any step, a provider that
takes a message and answers or does not, reports that come at any time. Every step of the row goes through the table in the code.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from aftercart.model import TRANSITIONS, Purpose, State

Arrow = tuple[State, State]

#: Claims of one message that are looked at. A fourth adds nothing: it differs from the third by its number.
CLAIMS = 3
#: What a queue holds of one message at most.
TOLD = 2


class Answer(NamedTuple):
    """What the worker makes of the provider's answer, and whether the provider took the message."""

    word: str
    taken: bool


ANSWERS = (
    Answer("taken", taken=True),
    Answer("lost", taken=True),
    Answer("lost", taken=False),
    Answer("again", taken=False),
    Answer("refused", taken=False),
)


class Worker(NamedTuple):
    """Where a worker is: idle, holding what it loaded, claimed and about to send, or answered and about to write it down."""

    at: str = "idle"
    fence: int = 0
    answer: str = ""


IDLE = Worker()


class World(NamedTuple):
    """All that matters at one moment."""

    state: State = State.SCHEDULED
    fence: int = 0
    repeated: bool = False
    stale: bool = False  #: its best before has passed
    told: int = 0  #: how often a queue holds it
    copies: int = 0  #: what the provider took
    newest_taken: bool = False  #: whether one of them is the newest claim's
    workers: tuple[Worker, Worker] = (IDLE, IDLE)


@dataclass(frozen=True)
class Rules:
    """What the code promises to do. Each may be broken, to see that the search finds it."""

    claims_first: bool = True  #: `sending` is written before the first byte
    claim_is_guarded: bool = True  #: only what is scheduled is claimed
    fence_is_checked: bool = (
        True  #: an outcome is written only by whoever holds the newest claim
    )
    repeats_once: bool = True
    only_service_repeats: bool = True


class Illegal(Exception):
    """The table in the code has no such arrow."""


class Machine:
    """Every step that can be taken from a world.

    `taken` collects the arrows of the table that were used, `lies` what was written down and is not so.
    """

    def __init__(
        self,
        purpose: Purpose,
        rules: Rules | None = None,
        table: Mapping[State, frozenset[State]] = TRANSITIONS,
    ) -> None:
        self._purpose, self._rules, self._table = purpose, rules or Rules(), table
        self.taken: set[Arrow] = set()
        self.lies: set[str] = set()

    def steps(self, world: World) -> Iterator[tuple[str, World]]:
        """What may happen next, in words, and what is then."""
        yield from self._outside(world)
        yield from self._sweeper(world)
        for who in range(2):
            yield from self._worker(world, who)

    def _move(self, world: World, after: State, **more: object) -> World:
        if after not in self._table[world.state]:
            raise Illegal(f"{world.state} -> {after}")
        self.taken.add((world.state, after))
        return world._replace(state=after, **more)  # type: ignore[arg-type]

    def _outside(self, world: World) -> Iterator[tuple[str, World]]:
        waits = world.state is State.SCHEDULED
        if waits and world.told < TOLD:
            yield "ring", world._replace(told=world.told + 1)
        if world.told:
            yield "the queue forgets", world._replace(told=world.told - 1)
        if 0 < world.told < TOLD:
            yield "the queue repeats", world._replace(told=world.told + 1)
        if not world.stale:
            yield "best before passes", world._replace(stale=True)
        if waits:
            yield "a person calls it off", self._move(world, State.CANCELLED)
        provable = (State.SENDING, State.UNCERTAIN, State.UNKNOWN, State.SCHEDULED)
        if world.copies and world.state in provable:
            yield "a report proves it", self._move(world, State.ACCEPTED)

    def _sweeper(self, world: World) -> Iterator[tuple[str, World]]:
        if world.state is State.SENDING:
            # the worker may be asleep, and wake at any time
            yield "the lease lapses", self._move(world, State.UNCERTAIN)
        if world.state is not State.UNCERTAIN:
            return
        yield "proof never came", self._move(world, State.UNKNOWN)
        rules = self._rules
        may = self._purpose is Purpose.SERVICE or not rules.only_service_repeats
        if may and not world.stale and not (world.repeated and rules.repeats_once):
            again = self._move(world, State.SCHEDULED, repeated=True)
            yield "it is sent once more", again

    def _worker(self, world: World, who: int) -> Iterator[tuple[str, World]]:
        worker = world.workers[who]
        name = f"worker {who + 1}"
        if worker.at != "idle":
            yield f"{name} dies", _with(world, who, IDLE)
        if worker.at == "idle" and world.told:
            found = world.state is State.SCHEDULED
            now = Worker("holding") if found else IDLE
            yield f"{name} loads", _with(world._replace(told=world.told - 1), who, now)
        if worker.at == "holding":
            yield from self._decided(world, who, name)
        if worker.at == "claimed":
            for answer in ANSWERS:
                sent = world._replace(
                    copies=world.copies + answer.taken,
                    newest_taken=world.newest_taken
                    or (answer.taken and worker.fence == world.fence),
                )
                now = worker._replace(at="answered", answer=answer.word)
                took = "taken" if answer.taken else "not taken"
                yield f"{name} sends: {took}, {answer.word}", _with(sent, who, now)
        if worker.at == "answered":
            yield f"{name} settles", _with(self._settled(world, worker), who, IDLE)

    def _decided(
        self, world: World, who: int, name: str
    ) -> Iterator[tuple[str, World]]:
        if world.state is State.SCHEDULED:
            ends = [State.SKIPPED, State.FAILED, State.CANCELLED, State.SCHEDULED]
            for end in [*ends, State.EXPIRED] if world.stale else ends:
                done = _with(self._move(world, end), who, IDLE)
                yield f"{name} decides: {end}", done
        free = world.state is State.SCHEDULED and not world.stale
        if not free and self._rules.claim_is_guarded:
            yield f"{name} finds it taken", _with(world, who, IDLE)
        elif world.fence < CLAIMS:
            fence = world.fence + 1
            claimed = world._replace(fence=fence, newest_taken=False)
            if self._rules.claims_first and free:
                claimed = self._move(claimed, State.SENDING)
            yield f"{name} claims", _with(claimed, who, Worker("claimed", fence))

    def _settled(self, world: World, worker: Worker) -> World:
        ours = world.fence == worker.fence or not self._rules.fence_is_checked
        given_up = (State.SENDING, State.UNCERTAIN, State.SCHEDULED)
        befores: dict[str, tuple[State, tuple[State, ...]]] = {
            "taken": (State.ACCEPTED, given_up),
            "refused": (State.FAILED, given_up),
            "lost": (State.UNCERTAIN, (State.SENDING,)),
            "again": (State.SCHEDULED, (State.SENDING,)),
        }
        after, come_from = befores[worker.answer]
        if ours and world.state in come_from:
            if after is State.FAILED and world.newest_taken:
                self.lies.add("failed, and the provider has it")
            return self._move(world, after)
        return world


def _with(world: World, who: int, worker: Worker) -> World:
    first, second = world.workers
    return world._replace(workers=(worker, second) if who == 0 else (first, worker))


@dataclass(frozen=True)
class Searched:
    """Every world that can come about, and how each came about first."""

    came_from: Mapping[World, tuple[World, str] | None]
    next: Mapping[World, tuple[World, ...]]

    def worst(self, cost: Callable[[World], int]) -> tuple[int, list[str]]:
        """The most that it ever costs, and the shortest way there."""
        world = max(self.came_from, key=cost)
        return cost(world), self.way_to(world)

    def way_to(self, world: World) -> list[str]:
        """What happened, step by step."""
        way = []
        step = self.came_from[world]
        while step:
            before, words = step
            way.append(words)
            step = self.came_from[before]
        return way[::-1]

    def stuck(self) -> list[World]:
        """Worlds from which the message never comes to an end."""
        before: dict[World, list[World]] = {world: [] for world in self.next}
        for world, after in self.next.items():
            for one in after:
                before[one].append(world)
        ended = [w for w in self.next if not self._under_way(w)]
        safe = set(ended)
        while ended:
            for world in before[ended.pop()]:
                if world not in safe:
                    safe.add(world)
                    ended.append(world)
        return [world for world in self.next if world not in safe]

    @staticmethod
    def _under_way(world: World) -> bool:
        return world.state in (State.SCHEDULED, State.SENDING, State.UNCERTAIN)


def search(machine: Machine, *, most: int = 4) -> Searched:
    """Breadth first, to the end. Beyond so many copies nothing new is learnt."""
    start = World()
    came_from: dict[World, tuple[World, str] | None] = {start: None}
    after: dict[World, tuple[World, ...]] = {}
    front = [start]
    while front:
        ahead = []
        for world in front:
            found = [] if world.copies >= most else list(machine.steps(world))
            after[world] = tuple(one for _, one in found)
            for words, one in found:
                if one not in came_from:
                    came_from[one] = world, words
                    ahead.append(one)
        front = ahead
    return Searched(came_from, after)
