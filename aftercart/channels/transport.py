"""How do many HTTP requests leave one process at once, and was a request written that was not answered?

One event loop in one thread per process, shared by all senders, started at first use so that a fork never inherits it. Each
transport keeps its connections. It follows no redirect and repeats nothing: whoever asks decides.
"""

import asyncio
import contextlib
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial

from aftercart.channels.connection import Answer, Connection, Lost, NotSent, Result
from aftercart.channels.dialing import Dialer, Server, head, server

__all__ = ["Answer", "Lost", "NotSent", "Result", "Transport"]

new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
with contextlib.suppress(ImportError):  # where there is no wheel: slower
    import uvloop

    new_loop = uvloop.new_event_loop

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0
TOTAL_SECONDS = 30.0
IDLE_SECONDS = 50.0  #: load balancers forget an idle connection after a minute

#: One timer for all requests of a transport: it is this part of READ_SECONDS late at most.
_PART = 20

_CLOSE_SECONDS = 2.0


class Transport:
    """Keep-alive POSTs to one server, at most `in_flight` at a time."""

    def __init__(self, url: str, *, in_flight: int, headers: Mapping[str, str]) -> None:
        self.url, self._in_flight, self._headers = url, in_flight, dict(headers)
        self._key = object()
        # Also at the end of the process, for whoever forgets to close.
        weakref.finalize(self, _close, self._key, wait=False)

    def post(self, bodies: Sequence[bytes]) -> "Future[list[Result]]":
        """Start posting these bodies, all in one hand-over to the loop; the results come in the same order."""
        batch = _Batch(list(bodies), self)
        batch.future.set_running_or_notify_cancel()  # what may be written cannot be called back
        try:
            lanes = _sending.lanes(self._key, self._open)
        except ValueError as error:
            batch.fill(NotSent(str(error)))
        else:
            lanes.loop.call_soon_threadsafe(lanes.start, batch)
        return batch.future

    def close(self) -> None:
        """Close the kept connections; the transport may be used again."""
        _close(self._key, wait=True)

    def _open(self, loop: asyncio.AbstractEventLoop) -> "_Lanes":
        to = server(self.url)
        start = head(to, self._headers)
        return _Lanes(loop, to=to, head=start, in_flight=self._in_flight)


@dataclass(eq=False)
class _Batch:
    bodies: list[bytes]
    owner: Transport  #: alive, and so not closed, while anything of it is under way
    future: "Future[list[Result]]" = field(default_factory=Future)

    def __post_init__(self) -> None:
        self.results: list[Result] = [NotSent("not tried")] * len(self.bodies)
        self.left = len(self.bodies)

    def settle(self, index: int, result: Result) -> None:
        self.results[index] = result
        self.left -= 1
        if not self.left:
            self.future.set_result(self.results)

    def fill(self, result: Result) -> None:
        self.future.set_result([result] * len(self.bodies))


_Job = tuple[_Batch, int]


class _Lanes:
    """The requests and the connections of one transport. Everything here happens in the loop.

    Callbacks, and a task only where a connection is made: a task for each request costs more than the request.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        to: Server,
        head: bytes,
        in_flight: int,
    ) -> None:
        self.loop, self._head, self._in_flight = loop, head, in_flight
        self._dialer = Dialer(to, loop)
        self._waiting: deque[_Job] = deque()
        self._under_way = 0  #: dialing or busy
        self._dialing: set[asyncio.Task[Connection]] = set()
        self._busy: dict[Connection, tuple[_Job, float]] = {}
        self._free: list[
            Connection
        ] = []  #: the one used last comes last and goes first
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def start(self, batch: _Batch) -> None:
        """Queue a batch behind those that are there."""
        if self._closed or not batch.bodies:
            batch.fill(_CLOSED)
            return
        self._waiting.extend((batch, index) for index in range(len(batch.bodies)))
        self._fill()

    def close(self) -> None:
        """Break everything off: what is under way is lost, what waits was not sent."""
        self._closed = True
        while self._waiting:
            batch, index = self._waiting.popleft()
            batch.settle(index, _CLOSED)
        for task in self._dialing:
            task.cancel()
        for connection in [*self._busy, *self._free]:
            connection.give_up("the transport was closed before the answer came")
        self._free.clear()
        if self._timer:
            self._timer.cancel()

    def _fill(self) -> None:
        while self._waiting and self._under_way < self._in_flight:
            self._under_way += 1
            job, began = self._waiting.popleft(), self.loop.time()
            connection = self._kept(began)
            if connection:
                self._write(connection, job, began)
            else:
                self._dial(job, began)

    def _kept(self, now: float) -> Connection | None:
        while self._free:
            connection = self._free.pop()
            if connection.usable and now - connection.heard_at <= IDLE_SECONDS:
                return connection
            connection.give_up("unused for too long")
        return None

    def _dial(self, job: _Job, began: float) -> None:
        fresh = partial(Connection, self.loop, self._heard)
        opening = self._dialer.open(fresh, within=CONNECT_SECONDS)
        task = self.loop.create_task(opening)
        self._dialing.add(task)
        task.add_done_callback(partial(self._dialed, job, began))

    def _dialed(
        self, job: _Job, began: float, task: "asyncio.Task[Connection]"
    ) -> None:
        self._dialing.discard(task)
        result = _CLOSED
        if not task.cancelled() and (error := task.exception()):
            result = NotSent(str(error) or type(error).__name__)
        elif not task.cancelled():
            connection = task.result()
            if connection.usable and not self._closed:
                self._write(connection, job, began)
                return
            connection.give_up("the transport was closed")
            result = result if self._closed else NotSent("the server hung up at once")
        batch, index = job
        self._under_way -= 1
        batch.settle(index, result)
        self._fill()

    def _write(self, connection: Connection, job: _Job, began: float) -> None:
        batch, index = job
        body = batch.bodies[index]
        self._busy[connection] = job, began
        connection.write(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
        if self._timer is None:
            self._watch()

    def _heard(self, connection: Connection, result: Answer | Lost) -> None:
        (batch, index), _ = self._busy.pop(connection)
        if connection.usable and self._waiting:
            self._write(connection, self._waiting.popleft(), self.loop.time())
        else:
            self._under_way -= 1
            if connection.usable:
                self._free.append(connection)
            else:
                self._fill()
        batch.settle(index, result)

    def _watch(self) -> None:
        self._timer = self.loop.call_later(READ_SECONDS / _PART, self._sweep)

    def _sweep(self) -> None:
        now = self.loop.time()
        for connection, (_, began) in list(self._busy.items()):
            if now - connection.heard_at >= READ_SECONDS:
                connection.give_up(f"the server said nothing for {READ_SECONDS:g} s")
            elif now - began >= TOTAL_SECONDS:
                connection.give_up(f"no whole answer within {TOTAL_SECONDS:g} s")
        for connection in self._free:
            if now - connection.heard_at > IDLE_SECONDS:
                connection.give_up("unused for too long")
        self._free = [connection for connection in self._free if connection.usable]
        self._timer = None
        if self._busy or self._free:
            self._watch()


_CLOSED = NotSent("the transport was closed before")


class _Sending:
    """The sending loop of this process, and the lanes of each transport in it."""

    def __init__(self) -> None:
        self._inherited: list[object] = []
        self._begin()

    def _begin(self) -> None:
        # Reentrant: a transport may be collected, and so closed, in the middle of what is done here.
        self._lock = threading.RLock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._lanes: dict[object, _Lanes] = {}

    def lanes(
        self, key: object, make: Callable[[asyncio.AbstractEventLoop], _Lanes]
    ) -> _Lanes:
        with self._lock:
            if key not in self._lanes:
                self._lanes[key] = make(self._started())
            return self._lanes[key]

    def drop(self, key: object) -> _Lanes | None:
        with self._lock:
            return self._lanes.pop(key, None)

    def inside(self) -> bool:
        return threading.current_thread() is self._thread

    def forget(self) -> None:
        """After a fork: the thread is gone, the lock may be held by nobody, and the connections are the parent's.

        Kept all the same: letting go of them would take the parent's sockets out of the queue that it shares with us.
        """
        self._inherited.append((self._loop, self._lanes))
        self._begin()

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = new_loop()
            self._thread = threading.Thread(
                target=self._loop.run_forever, name="aftercart-sending", daemon=True
            )
            self._thread.start()
        return self._loop


_sending = _Sending()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_sending.forget)


def _close(key: object, *, wait: bool) -> None:
    lanes = _sending.drop(key)  # after a fork there are none: the parent's stay open
    if lanes is None:
        return
    done = threading.Event()
    lanes.loop.call_soon_threadsafe(lanes.close)
    lanes.loop.call_soon_threadsafe(done.set)
    if wait and not _sending.inside():
        done.wait(_CLOSE_SECONDS)
