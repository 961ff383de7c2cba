"""Who prepares beside whom in one process? What may have killed a worker is prepared while nothing else is.

A process that dies while two batches are being prepared leaves two notes, or one by somebody who is innocent. With nothing beside it,
what is noted when a process dies is what it died of. Rendering shares the interpreter anyhow: to take turns costs little.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: Nobody waits longer than this, in seconds: what hangs may cost the certainty of who is to blame, and never the others.
PATIENCE = 5.0


class Quiet:
    """Many at once, or one alone. Who wants to be alone goes before those who come after."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._changed = threading.Condition()
        self._together = 0
        self._alone = self._wanted = 0

    @contextmanager
    def together(self) -> Iterator[bool]:
        """Beside others who are here together; that can always be had, at the latest when the patience is over."""
        with self._changed:
            self._changed.wait_for(
                lambda: not self._alone and not self._wanted, self._patience
            )
            self._together += 1
        try:
            yield True
        finally:
            with self._changed:
                self._together -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Beside nobody; says whether that could be had."""
        with self._changed:
            self._wanted += 1
            try:
                had = self._changed.wait_for(
                    lambda: not self._alone and not self._together, self._patience
                )
            finally:
                self._wanted -= 1
            self._alone += had
            self._changed.notify_all()
        try:
            yield had
        finally:
            with self._changed:
                self._alone -= had
                self._changed.notify_all()
