"""How do many HTTP requests leave one process at once, and was a request written that was not answered?

One event loop in one thread per process, shared by all senders, started at first use so that a fork never inherits it. Each
transport keeps its connections and its TLS context. It follows no redirect and repeats nothing: whoever asks decides.
"""

import asyncio
import contextlib
import os
import threading
import weakref
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import aiohttp

new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
with contextlib.suppress(ImportError):  # where there is no wheel: a quarter slower
    import uvloop

    new_loop = uvloop.new_event_loop

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0
TOTAL_SECONDS = 30.0
IDLE_SECONDS = 50.0  #: load balancers forget an idle connection after a minute


@dataclass(frozen=True)
class Answer:
    """What the server said. Headers are found by any spelling of their names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class NotSent:
    """No byte of the request was written."""

    words: str


@dataclass(frozen=True)
class Lost:
    """The request was, or may have been, written; no whole answer came back."""

    words: str


Result = Answer | NotSent | Lost


class Transport:
    """Keep-alive POSTs to one server, at most `in_flight` at a time."""

    def __init__(self, url: str, *, in_flight: int, headers: Mapping[str, str]) -> None:
        self.url, self._in_flight, self._headers = url, in_flight, dict(headers)
        self._session: aiohttp.ClientSession | None = None
        self._slots: asyncio.Semaphore | None = None
        self._closing: Callable[[], object] | None = None
        self._pid = 0

    def post(self, bodies: Sequence[bytes]) -> "Future[list[Result]]":
        """Start posting these bodies, all in one hand-over to the loop; the results come in the same order."""
        return _run(self._post_all(bodies))

    def close(self) -> None:
        """Close the pooled connections; the transport may be used again."""
        if self._closing is not None:
            self._closing()
        self._session = self._closing = None

    async def _post_all(self, bodies: Sequence[bytes]) -> list[Result]:
        session, slots = self._open()
        results: list[Result] = [NotSent("not tried")] * len(bodies)
        queue = iter(enumerate(bodies))
        # A task per lane instead of one per request: cheaper, and aiohttp's pool never makes anybody wait, so that a
        # time-out while connecting always means what it says.
        lanes = min(self._in_flight, len(bodies))
        await asyncio.gather(
            *(self._lane(session, slots, queue, results) for _ in range(lanes))
        )
        return results

    async def _lane(
        self,
        session: aiohttp.ClientSession,
        slots: asyncio.Semaphore,
        queue: Iterator[tuple[int, bytes]],
        results: list[Result],
    ) -> None:
        for index, body in queue:
            async with slots:
                results[index] = await self._post(session, body)

    async def _post(self, session: aiohttp.ClientSession, body: bytes) -> Result:
        try:
            async with session.post(
                self.url, data=body, allow_redirects=False
            ) as response:
                text = await response.read()
                return Answer(response.status, response.headers, text)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return NotSent(_words(error))
        except (aiohttp.InvalidURL, aiohttp.ServerFingerprintMismatch) as error:
            return NotSent(_words(error))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Lost(_words(error))

    def _open(self) -> tuple[aiohttp.ClientSession, asyncio.Semaphore]:
        if self._session is None or self._slots is None or self._pid != os.getpid():
            connector = aiohttp.TCPConnector(
                limit=self._in_flight, keepalive_timeout=IDLE_SECONDS
            )
            # `connect` bounds name look-up, TCP and TLS together: nothing is written before it has passed.
            timeout = aiohttp.ClientTimeout(
                total=TOTAL_SECONDS, connect=CONNECT_SECONDS, sock_read=READ_SECONDS
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=timeout,
                headers=self._headers,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
            self._slots = asyncio.Semaphore(self._in_flight)
            self._pid = os.getpid()
            # Also at the end of the process, for whoever forgets to close.
            self._closing = weakref.finalize(
                self, _close_session, self._session, self._pid
            )
        return self._session, self._slots


def _close_session(session: aiohttp.ClientSession, pid: int) -> None:
    if pid == os.getpid():  # a fork's copy of a connection is not ours to close
        _run(session.close()).result(TOTAL_SECONDS)


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__


class _Loop:
    """The sending loop of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, work: Coroutine[Any, Any, Any]) -> "Future[Any]":
        return asyncio.run_coroutine_threadsafe(work, self._started())

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = new_loop()
                threading.Thread(
                    target=self._loop.run_forever, name="aftercart-sending", daemon=True
                ).start()
            return self._loop

    def forget(self) -> None:
        """After a fork the thread is gone and the lock may be held by nobody."""
        self._lock, self._loop = threading.Lock(), None


_loop = _Loop()
_run = _loop.run
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_loop.forget)
