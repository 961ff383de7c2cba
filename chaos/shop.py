"""Who tells the engine what happens? A shop, whose calls are repeated until they were taken, as it is told to do."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from aftercart import addresses, enrolling, intake
from aftercart.errors import AftercartError
from aftercart.runtime import Runtime
from aftercart.store.permissions import Suppression, suppress
from chaos import workload
from chaos.workload import Due
from tests.scenes.house import House

#: Events in one call.
_CALL = 50
#: People who say no before anything is due, out of a hundred.
_SILENT = 1


@dataclass
class Shop:
    """Tells what is due, in its order. `told` is how much of it was taken in, and `at` when."""

    house: House
    due: list[Due]
    told: int = 0
    at: dict[str, datetime] = field(default_factory=dict)  #: message -> when it was due
    silent: set[str] = field(default_factory=set)  #: messages of people who said no

    def open(self) -> None:
        """Everybody agrees; then some say no."""
        quiet = [one for one in self.due if one.kind.channel == "email"]
        quiet = quiet[: max(1, len(quiet) * _SILENT // 100)]
        self.silent = {one.message for one in quiet}
        with self.house.runtime() as rt:
            at = workload.early(rt.clock())
            _take_in(rt, [one.consent(at) for one in self.due])
            secret = rt.settings.secret_key
            keys = [addresses.key(one.email, secret=secret) for one in quiet]
            with rt.store.write() as tx:
                said_no = [
                    Suppression(k, "all", "complained", "chaos", at) for k in keys
                ]
                suppress(tx, said_no)

    def tell(self, share: float) -> None:
        """So much of all that is due; 1.0 is all that is left."""
        upto = min(len(self.due), self.told + round(share * len(self.due)))
        with self.house.runtime() as rt:
            while self.told < upto:
                self._call(rt, min(_CALL * 4, upto - self.told))

    @contextmanager
    def telling(self, *, seconds: float) -> Iterator[None]:
        """What is left, evenly over so many seconds, while the block runs."""
        over = threading.Event()
        teller = threading.Thread(target=self._tell_evenly, args=(seconds, over))
        teller.start()
        try:
            yield
        finally:
            over.set()
            teller.join()

    def _tell_evenly(self, seconds: float, over: threading.Event) -> None:
        begun, first = time.monotonic(), self.told
        left = len(self.due) - first
        while self.told < len(self.due) and not over.wait(0.2):
            part = min(1.0, (time.monotonic() - begun) / seconds)
            target = first + round(part * left)
            if target > self.told:
                self._try(target, over)

    def _try(self, target: int, over: threading.Event) -> None:
        # a call that was not answered with yes is repeated
        try:
            with self.house.runtime() as rt:
                while self.told < target and not over.is_set():
                    self._call(rt, min(_CALL, target - self.told))
        except (AftercartError, SQLAlchemyError, OSError):
            over.wait(0.5)

    def _call(self, rt: Runtime, count: int) -> None:
        some = self.due[self.told : self.told + count]
        now = datetime.now(UTC)
        _take_in(rt, [one.event(now) for one in some])
        self.at |= {one.message: now for one in some}
        self.told += count


def _take_in(rt: Runtime, events: list[dict[str, Any]]) -> None:
    for start in range(0, len(events), 500):
        good, bad = intake.parse_events(events[start : start + 500])
        assert not bad, bad
        enrolling.take_in(rt, good)
