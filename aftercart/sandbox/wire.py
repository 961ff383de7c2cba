"""How do bytes come in and go out, and how is a connection cut? Raw ASGI, since the sandbox must not be what a benchmark measures."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import orjson
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

CUT = "aftercart.cut"

_STARTING_SECONDS = 10.0


async def read_body(receive: Receive) -> bytes:
    """The whole body of a request."""
    chunks = []
    more = True
    while more:
        message = await receive()
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks)


async def answer(
    send: Send,
    status: int,
    body: object = None,
    *,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Send a status with a JSON body (bytes go out as they are)."""
    content = b"" if body is None else body
    if not isinstance(content, bytes):
        content = orjson.dumps(content)
    told = {"content-type": "application/json", "content-length": str(len(content))}
    lines = [(k.encode(), v.encode()) for k, v in (told | dict(headers or {})).items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": content})


async def reset(scope: Scope, receive: Receive) -> None:
    """Cut the connection without an answer."""
    scope["extensions"][CUT]["cut"]()
    await hang(scope, receive)


async def hang(scope: Scope, receive: Receive) -> None:
    """Give no answer until the client has gone, or the server stops and cuts it."""
    gone = False
    while not gone:
        try:
            gone = (await receive())["type"] == "http.disconnect"
        except asyncio.CancelledError:
            # Otherwise the server would end on a 500, which is an answer.
            scope["extensions"][CUT]["cut"]()


class _Cuttable(HttpToolsProtocol):
    """uvicorn's protocol, with the one thing that ASGI has no word for."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CUT: {"cut": self.transport.abort}}


class Running:
    """A server in a thread of its own, on this machine only."""

    def __init__(self, app: Any, port: int) -> None:
        self._app = app
        self._start(port)

    def restart(self) -> None:
        """Break off every request under way and serve again on the same port. What came before has been answered, or never will be."""
        self.stop()
        self._start(self.port)

    def stop(self) -> None:
        """Stop serving: requests under way get a second, then everything is closed."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def _start(self, port: int) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self.port = int(self._socket.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(
            self._app,
            http=_Cuttable,
            ws="none",
            lifespan="auto",
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._run, name=f"aftercart-server-{self.port}", daemon=True
        )
        self._thread.start()
        # The socket listens only once the loop runs; whoever connects before would be refused.
        self._listening()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

    def _listening(self) -> None:
        waited = threading.Event()
        for _ in range(int(_STARTING_SECONDS * 100)):
            if self._server.started or not self._thread.is_alive():
                break
            waited.wait(0.01)
        if not self._server.started:
            with contextlib.suppress(OSError):
                self._socket.close()
            raise RuntimeError("the server did not start")


def serve(app: Any, port: int = 0) -> Running:
    """Serve an ASGI app on 127.0.0.1 in a thread; port 0 takes a free one. Returns when it answers."""
    return Running(app, port)
