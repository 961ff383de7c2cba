"""A provider that takes everything: answers 202 to every POST. `python -m benchmarks.sink PORT CERTIFICATE`."""

import asyncio
import itertools
import signal
import ssl
import sys

_TAKEN = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: sink-%d\r\nContent-Length: 0\r\n\r\n"
_numbers = itertools.count()


class Sink(asyncio.Protocol):
    """One connection: finds the end of each request by its Content-Length and answers it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._buffer) < end + 4 + length:
                return
            self._buffer = self._buffer[end + 4 + length :]
            self._transport.write(_TAKEN % next(_numbers))


async def _serve(port: int, certificate: str) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    server = await loop.create_server(Sink, "127.0.0.1", port, ssl=tls)
    await stop.wait()
    server.close()


if __name__ == "__main__":
    import uvloop

    uvloop.run(_serve(int(sys.argv[1]), sys.argv[2]))
