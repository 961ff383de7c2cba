"""What became of the one request that is under way on this connection?

HTTP/1.1 as far as POSTs need it: one request at a time, one answer to it, and then the connection may serve the next. Whatever
is not a whole answer is `Lost`, because from the first byte of a request on nobody can know what the server made of it.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import httptools

#: Head and body of an answer. Providers answer with a few hundred bytes; what is longer is not meant for us.
LONGEST_ANSWER = 1 << 20

_WORDS = 300


class Headers(Mapping[str, str]):
    """The headers of an answer, found by any spelling of their names. Of one that is said twice, the first counts."""

    __slots__ = ("_said",)

    def __init__(self, said: Mapping[bytes, bytes]) -> None:
        self._said = said  # bytes by names in lower case: most answers are asked for one header, or for none

    def __getitem__(self, name: str) -> str:
        try:
            return self._said[name.lower().encode("latin-1")].decode("latin-1")
        except (KeyError, UnicodeEncodeError):
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        return (name.decode("latin-1") for name in self._said)

    def __len__(self) -> int:
        return len(self._said)


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


class Connection(asyncio.Protocol):
    """One connection to the server: free, or busy with one request until `on_result` has heard what became of it.

    Lives in the sending loop and nowhere else. `on_result` is called exactly once for each request, and never from inside
    `write`, so that it may write the next one at once.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        on_result: Callable[["Connection", Answer | Lost], None],
    ) -> None:
        self.usable = False  #: open, and nothing speaks against another request
        self.busy = False
        self.wrote_at = self.heard_at = 0.0
        self._loop, self._on_result = loop, on_result
        self._parser: Any = None
        self._headers: dict[bytes, bytes]
        self._pieces: list[bytes]
        self._transport: asyncio.Transport | None = None
        self._forget_answer()

    def write(self, request: bytes) -> None:
        """Write a whole request; only where the connection is usable and not busy."""
        assert self._transport and self.usable and not self.busy  # noqa: S101 - two requests would mix their answers
        self.busy = True
        self.wrote_at = self.heard_at = self._loop.time()
        self._transport.write(request)

    def give_up(self, words: str) -> None:
        """Break the connection off; a request under way is lost."""
        if self.busy:
            self._settle(Lost(words), keep=False)
        else:
            self._break_off()

    # What follows is called by the loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self.usable = cast(asyncio.Transport, transport), True
        self._parser = httptools.HttpResponseParser(self)

    def data_received(self, data: bytes) -> None:
        if not self.busy:
            # Nobody asked: taken for the answer to the next request, it would say something untrue about that one.
            self._break_off()
            return
        self.heard_at = self._loop.time()
        self._length += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self._whole:
                self.give_up(f"the answer is not HTTP/1.1 ({_words(error)})")
                return
            self._keep = False  # a whole answer, and then something else
        if self._whole:
            self._settle(self._answer(), keep=self._keep)
        elif self._length > LONGEST_ANSWER:
            self.give_up(f"the answer is longer than {LONGEST_ANSWER:,} bytes")

    def eof_received(self) -> bool:
        self.usable = False
        if self.busy and self._ends_with_connection:
            self._settle(self._answer(), keep=False)
        elif self.busy:
            self.give_up("the server closed the connection before its answer was whole")
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self.usable = False
        if self.busy:
            self.give_up(
                f"the connection broke ({_words(error)})"
                if error
                else "the connection was closed before the answer was whole"
            )
        self._break_off()

    # And this by the parser.

    def on_message_begin(self) -> None:
        if self._whole:
            raise ValueError("an answer to nothing")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.setdefault(name.lower(), value)

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()
        self._ends_with_connection = (
            self._status >= 200
            and b"content-length" not in self._headers
            and b"transfer-encoding" not in self._headers
        )

    def on_body(self, body: bytes) -> None:
        self._pieces.append(body)

    def on_message_complete(self) -> None:
        if 100 <= self._status < 200 and self._status != 101:  # the answer is to come
            self._headers = {}
            return
        self._whole, self._keep = True, self._parser.should_keep_alive()

    def _answer(self) -> Answer:
        return Answer(self._status, Headers(self._headers), b"".join(self._pieces))

    def _settle(self, result: Answer | Lost, *, keep: bool) -> None:
        assert self._transport  # noqa: S101 - there is no request without one
        # An answer that came before the request was through leaves a rest that the server may take for anything.
        if not keep or self._transport.get_write_buffer_size():
            self._break_off()
        self.busy = False
        self._forget_answer()
        self._on_result(self, result)

    def _forget_answer(self) -> None:
        self._headers = {}
        self._pieces = []
        self._status = self._length = 0
        self._whole = self._keep = self._ends_with_connection = False

    def _break_off(self) -> None:
        self.usable = False
        if self._transport:
            # Not `close`: that would first write what is left of a request whose outcome is settled.
            self._transport.abort()
        self._parser = None  # which refers to us


def _words(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:_WORDS]
