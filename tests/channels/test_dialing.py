"""Whom a URL means, how a request begins, and which address is tried."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aftercart.channels import dialing
from aftercart.channels.dialing import Dialer, head, server
from aftercart.channels.transport import Answer, NotSent
from tests.channels.stage import OK, opened, raw_server, read_request


@pytest.mark.parametrize(
    ("url", "host", "port", "authority", "target"),
    [
        ("https://api.x.example/v3/send", "api.x.example", 443, "api.x.example", "/v3/send"),
        ("http://api.x.example", "api.x.example", 80, "api.x.example", "/"),
        ("http://API.x.example:8080/a?b=c d", "api.x.example", 8080, "api.x.example:8080", "/a?b=c%20d"),
        ("https://x.example:443/ü%20", "x.example", 443, "x.example", "/%C3%BC%20"),
        ("http://[::1]:81/", "::1", 81, "[::1]:81", "/"),
        ("https://käse.example/", "xn--kse-qla.example", 443, "xn--kse-qla.example", "/"),
    ],
)  # fmt: skip
def test_a_url_names_a_server_and_a_target(
    url: str, host: str, port: int, authority: str, target: str
) -> None:
    found = server(url)

    assert (found.host, found.port, found.authority) == (host, port, authority)
    assert found.target == target
    assert found.tls == url.startswith("https")


@pytest.mark.parametrize(
    "url", ["", "api.x.example", "ftp://x.example/", "http://", "http://[::1", "http://x:y/", "http://a..b/"]
)  # fmt: skip
def test_what_is_no_url_means_not_sent(url: str) -> None:
    with opened(url) as posts:
        [one, two] = posts.post([b"{}"] * 2).result(5)

    assert isinstance(one, NotSent)
    assert one == two


def test_a_request_is_one_head_with_what_it_needs_and_the_body_as_it_is() -> None:
    received: list[bytes] = []

    def talk(connection: socket.socket, number: int) -> None:
        received.append(read_request(connection))
        connection.sendall(OK)

    with (
        raw_server(talk) as port,
        opened(f"http://127.0.0.1:{port}/v3", Authorization="Bearer k") as posts,
    ):
        posts.post([b'{"a":1}']).result(5)

    before, _, body = received[0].partition(b"\r\n\r\n")
    first, *lines = before.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    agent = headers.pop("User-Agent")
    assert first == "POST /v3 HTTP/1.1"
    assert agent.startswith("Aftercart/")
    assert headers == {
        "Host": f"127.0.0.1:{port}",
        "Accept-Encoding": "identity",
        "Authorization": "Bearer k",
        "Content-Length": "7",
    }
    assert body == b'{"a":1}'


def test_a_header_of_ours_replaces_the_usual_one() -> None:
    begun = head(server("http://x.example/"), {"user-agent": "somebody"})

    assert begun.lower().count(b"user-agent") == 1
    assert b"user-agent: somebody\r\n" in begun


@pytest.mark.parametrize("value", ["SG.secret\r\nX-Evil: 1", "SG.secret€", "SG.secret\0"])  # fmt: skip
def test_a_header_that_cannot_be_carried_means_not_sent_and_is_not_told(
    value: str,
) -> None:
    with opened("http://127.0.0.1:1/", Authorization=value) as posts:
        [result] = posts.post([b"{}"]).result(5)

    assert isinstance(result, NotSent)
    assert "'Authorization'" in result.words
    assert "secret" not in result.words


class Book(asyncio.SelectorEventLoop):
    """A loop whose name service knows one name, and counts who asks."""

    def __init__(self, *addresses: str) -> None:
        super().__init__()
        self.addresses, self.asked = addresses, 0
        self.swallows = ""
        self.tried: list[str] = []

    async def getaddrinfo(self, host: Any, port: Any, **more: Any) -> Any:
        if host != "shop.example":
            return await super().getaddrinfo(host, port, **more)
        self.asked += 1
        await asyncio.sleep(0.01)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in self.addresses]  # fmt: skip

    async def sock_connect(self, wire: socket.socket, address: Any) -> None:
        self.tried.append(address[0])
        if address[0] == self.swallows:
            await asyncio.sleep(60)
        await super().sock_connect(wire, address)


@pytest.fixture
def listening() -> Iterator[int]:
    with raw_server(lambda connection, number: connection.recv(1)) as port:
        yield port


def dial(loop: Book, dialer: Dialer, *, times: int) -> list[asyncio.Protocol]:
    async def all_at_once() -> list[asyncio.Protocol]:
        return await asyncio.gather(*(dialer.open(Hello, within=2) for _ in range(times)))  # fmt: skip

    opened = loop.run_until_complete(all_at_once())
    for one in opened:
        one.transport.abort()  # type: ignore[attr-defined]
    loop.run_until_complete(asyncio.sleep(0))
    return opened


class Hello(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport


def test_a_name_is_looked_up_once_for_all_connections(listening: int) -> None:
    loop = Book("127.0.0.1")
    dialer = Dialer(server(f"http://shop.example:{listening}/"), loop)

    dial(loop, dialer, times=20)
    dial(loop, dialer, times=20)
    loop.close()

    assert loop.asked == 1


@pytest.mark.parametrize("swallows", ["", "127.0.0.2"], ids=["refuses", "swallows"])
def test_an_address_that_does_not_answer_is_passed_over_and_then_comes_last(
    swallows: str, listening: int
) -> None:
    loop = Book("127.0.0.2", "127.0.0.1")
    loop.swallows = swallows
    dialer = Dialer(server(f"http://shop.example:{listening}/"), loop)

    dial(loop, dialer, times=1)
    dial(loop, dialer, times=1)
    loop.close()

    assert loop.tried == ["127.0.0.2", "127.0.0.1", "127.0.0.1"]


def test_a_slow_handshake_may_take_the_time_of_all_addresses(
    trusted: ssl.SSLContext,
) -> None:
    def shake_late(connection: socket.socket, number: int) -> None:
        threading.Event().wait(0.8)
        with trusted.wrap_socket(connection, server_side=True) as secure:
            secure.recv(1)

    with raw_server(shake_late) as port:
        loop = Book("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")
        dialer = Dialer(server(f"https://shop.example:{port}/"), loop)
        dial(loop, dialer, times=1)
        loop.close()

    assert loop.tried == ["127.0.0.1"]


@pytest.fixture
def trusted(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[ssl.SSLContext]:
    """A server's side of TLS, with a certificate for 127.0.0.1 that we trust for once."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    dialing.tls.cache_clear()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    yield context
    dialing.tls.cache_clear()


def test_posts_go_over_tls_and_the_connection_is_kept(trusted: ssl.SSLContext) -> None:
    connections = []

    def talk(connection: socket.socket, number: int) -> None:
        connections.append(number)
        with trusted.wrap_socket(connection, server_side=True) as secure:
            while True:
                read_request(secure)
                secure.sendall(OK)

    with (
        raw_server(talk) as port,
        opened(f"https://127.0.0.1:{port}/", in_flight=1) as posts,
    ):
        results = posts.post([b"x" * 20_000] * 5).result(10)
        results += posts.post([b"x" * 20_000] * 5).result(10)

    assert {type(result) for result in results} == {Answer}
    assert connections == [0]


def test_a_trusted_certificate_for_another_name_means_not_sent(
    trusted: ssl.SSLContext,
) -> None:
    received: list[bytes] = []
    done = threading.Event()

    def talk(connection: socket.socket, number: int) -> None:
        try:
            with trusted.wrap_socket(connection, server_side=True) as secure:
                received.append(secure.recv(10))
        except OSError:
            pass
        done.set()

    with raw_server(talk) as port, opened(f"https://localhost:{port}/") as posts:
        [result] = posts.post([b"{}"]).result(10)
        done.wait(5)

    assert isinstance(result, NotSent)
    assert not any(received)
