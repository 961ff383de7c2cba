"""A check of which one step misbehaves as no rule allows: `python -m tests.hostile.poison KIND` prints what is said of it.

A process of its own, because the guard divides it.
"""

import ctypes
import sys
import time
from collections.abc import Callable

from aftercart.errors import Problem
from aftercart.rendering import guarded
from aftercart.rendering.checking import Step


def _works_for_ever() -> list[Problem]:
    while True:
        pass


def _eats_memory() -> list[Problem]:
    return [Problem("x" * (1 << 30), 1, 1, "it was given")]


def _eats_memory_bit_by_bit() -> list[Problem]:
    eaten: list[bytes] = []
    while True:
        eaten.append(bytes(1 << 20))


def _breaks_off() -> list[Problem]:
    ctypes.string_at(0)
    return []


def _waits_for_ever() -> list[Problem]:
    time.sleep(3600)
    return []


def _talks_for_ever() -> list[Problem]:
    return [Problem("t", n, 1, f"{n:01000}") for n in range(100_000)]


KINDS: dict[str, Callable[[], list[Problem]]] = {
    "works": _works_for_ever,
    "eats": _eats_memory,
    "nibbles": _eats_memory_bit_by_bit,
    "breaks": _breaks_off,
    "waits": _waits_for_ever,
    "talks": _talks_for_ever,
}


def _fine(name: str) -> Step:
    return Step(name, lambda: [Problem(name, 1, 1, "was looked at")])


if __name__ == "__main__":
    if sys.argv[1] == "waits":
        # for the others it is the processor's time that counts, whatever else the machine does
        guarded.PATIENCE = 2.0
    steps = [_fine("a"), Step("poison", KINDS[sys.argv[1]]), _fine("z")]
    for problem in guarded.judge(steps):
        print(problem)
