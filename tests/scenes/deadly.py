"""`aftercart …` in a process that kills itself, as a power cut does, at one certain call: `python deadly.py PLACE COUNT WHEN …`.

PLACE is `module:name`, COUNT which call of it is the last one, WHEN `before` or `after`.
"""

import functools
import importlib
import os
import signal
import sys
from typing import Any

from aftercart.cli import main


def arm(place: str, count: int, when: str) -> None:
    """Puts the charge in its place."""
    module_name, _, path = place.partition(":")
    owner: Any = importlib.import_module(module_name)
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    act, calls = getattr(owner, name), 0

    @functools.wraps(act)
    def deadly(*given: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == count and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = act(*given, **named)
        if calls == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, deadly)


if __name__ == "__main__":
    arm(sys.argv[1], int(sys.argv[2]), sys.argv[3])
    sys.argv[:] = ["aftercart", *sys.argv[4:]]
    main()
