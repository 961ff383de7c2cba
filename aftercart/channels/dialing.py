"""How does a connection to the server come about, and how does every request to it begin?

Looking up the name, TCP and TLS: until all of it has passed no byte of a request is written.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TypeVar
from urllib.parse import quote, urlsplit

#: An answer of the name service is asked for once in this time, and not once for each connection.
LOOKED_UP_SECONDS = 10.0

_PORTS = {"http": 80, "https": 443}
_UNFIT = re.compile("[^\t\x20-\x7e\xa0-\xff]")

_P = TypeVar("_P", bound=asyncio.BaseProtocol)


@dataclass(frozen=True)
class Server:
    """Whom a URL means."""

    host: str
    port: int
    tls: bool
    authority: (
        str  #: as the Host header says it: the port only where it is not the usual one
    )
    target: str


def server(url: str) -> Server:
    """The server and the target of a URL.

    Raises:
        ValueError: when it is no URL that can be posted to.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f"{url!r} is not an http or https URL with a host")
    host = parts.hostname
    if ":" not in host:
        host = host.encode("idna").decode("ascii")
    usual = _PORTS[parts.scheme]
    port = usual if parts.port is None else parts.port
    named = f"[{host}]" if ":" in host else host
    query = f"?{quote(parts.query, safe=_KEPT)}" if parts.query else ""
    return Server(
        host=host,
        port=port,
        tls=parts.scheme == "https",
        authority=named if port == usual else f"{named}:{port}",
        target=(quote(parts.path, safe=_KEPT) or "/") + query,
    )


def _agent() -> str:
    try:
        return f"Aftercart/{version('aftercart')}"
    except PackageNotFoundError:  # run from a folder
        return "Aftercart"


_KEPT = "/%:@!$&'()*+,;=-._~?"


def head(to: Server, headers: Mapping[str, str]) -> bytes:
    """How every POST begins, up to the length of its body.

    Raises:
        ValueError: when a header cannot be carried; its value is not repeated, for it may be a secret.
    """
    said = {
        "host": ("Host", to.authority),
        "user-agent": ("User-Agent", _agent()),
        # Nothing here unpacks an answer.
        "accept-encoding": ("Accept-Encoding", "identity"),
    }
    said |= {name.lower(): (name, value) for name, value in headers.items()}
    for name, value in said.values():
        if _UNFIT.search(name + value) or not name.strip() or ":" in name:
            raise ValueError(f"the header {name!r} has a character that HTTP forbids")
    lines = [f"{name}: {value}\r\n" for name, value in said.values()]
    start = f"POST {to.target} HTTP/1.1\r\n{''.join(lines)}Content-Length: "
    return start.encode("latin-1")


class Dialer:
    """Opens connections to one server; knows which of its addresses answered last."""

    def __init__(self, to: Server, loop: asyncio.AbstractEventLoop) -> None:
        self._to, self._loop = to, loop
        self._addresses: list[str] = []
        self._looked_up_at = 0.0
        self._looking_up: asyncio.Task[list[str]] | None = None

    async def open(self, protocol: Callable[[], _P], *, within: float) -> _P:
        """A connection that is ready to write to.

        Raises:
            OSError: when there is none; TimeoutError after `within` seconds for all of it.
        """
        try:
            async with asyncio.timeout(within):
                return await self._open_any(protocol, within)
        except TimeoutError:
            words = f"no connection to {self._to.authority} within {within:g} s"
            raise TimeoutError(words) from None

    async def _open_any(self, protocol: Callable[[], _P], within: float) -> _P:
        addresses = list(await self._look_up())
        failed = OSError(f"{self._to.host} has no address")
        for n, address in enumerate(addresses, 1):
            # An address that swallows everything leaves time for the next; a slow handshake may take all there is.
            share = within / len(addresses) if n < len(addresses) else within
            try:
                opened = await self._open_one(protocol, address, share)
            except OSError as error:
                failed = error
            else:
                self._prefer(address)
                return opened
        raise failed

    async def _open_one(
        self, protocol: Callable[[], _P], address: str, share: float
    ) -> _P:
        to = self._to
        wire = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        wire.setblocking(False)
        try:
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            async with asyncio.timeout(share):
                await self._loop.sock_connect(wire, (address, to.port))
        except BaseException:
            wire.close()
            raise
        _, opened = await self._loop.create_connection(
            protocol,
            sock=wire,
            ssl=tls() if to.tls else None,
            server_hostname=to.host if to.tls else None,
        )
        return opened

    async def _look_up(self) -> list[str]:
        now = self._loop.time()
        if self._addresses and now - self._looked_up_at < LOOKED_UP_SECONDS:
            return self._addresses
        if self._looking_up is None:
            self._looking_up = self._loop.create_task(self._ask())
            # Perhaps nobody has waited long enough to hear that it failed.
            self._looking_up.add_done_callback(lambda t: t.cancelled() or t.exception())
        # Shielded: whoever runs out of time must not end the question for the others.
        return await asyncio.shield(self._looking_up)

    async def _ask(self) -> list[str]:
        try:
            found = await self._loop.getaddrinfo(
                self._to.host, self._to.port, type=socket.SOCK_STREAM
            )
            self._addresses = list(dict.fromkeys(str(a[4][0]) for a in found))
            self._looked_up_at = self._loop.time()
            return self._addresses
        finally:
            self._looking_up = None

    def _prefer(self, address: str) -> None:
        if self._addresses[:1] != [address] and address in self._addresses:
            self._addresses.remove(address)
            self._addresses.insert(0, address)


@cache
def tls() -> ssl.SSLContext:
    """The TLS context of this process: reading the certificates of the world takes longer than a hundred e-mails."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
