"""One answer to each request, whole or lost, however the server puts it on the wire."""

import socket
import threading

import pytest

from aftercart.channels import connection as module
from aftercart.channels.transport import Answer, Lost, Result
from tests.channels.stage import OK, opened, raw_server, read_request


def answer_to(*pieces: bytes) -> Result:
    """What becomes of a request that a server answers with these bytes, and then hangs up."""

    def talk(connection: socket.socket, number: int) -> None:
        read_request(connection)
        for piece in pieces:
            connection.sendall(piece)
            threading.Event().wait(0.02)

    with raw_server(talk) as port, opened(f"http://127.0.0.1:{port}/") as posts:
        [result] = posts.post([b"{}"]).result(10)
    return result


@pytest.mark.parametrize(
    ("wire", "status", "body"),
    [
        (b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok", 202, b"ok"),
        (b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", 202, b""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 400 \r\nX-Empty:\r\ncontent-length: 2\r\n\r\nno", 400, b"no"),
        (
            b"HTTP/1.1 500 x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
            500,
            b"abc",
        ),
        (b"HTTP/1.1 503 Busy\r\n\r\nuntil the end", 503, b"until the end"),
        (b"HTTP/1.0 200 OK\r\n\r\nold", 200, b"old"),
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 x\r\nContent-Length: 1\r\n\r\ny",
            202,
            b"y",
        ),
        (b"HTTP/1.1 307 x\r\nLocation: /z\r\nContent-Length: 0\r\n\r\n", 307, b""),
    ],
)
@pytest.mark.parametrize("cut", [None, 1, 20, 40])
def test_an_answer_is_read_in_every_form_and_in_any_pieces(
    wire: bytes, status: int, body: bytes, cut: int | None
) -> None:
    result = answer_to(wire[:cut], wire[cut:]) if cut else answer_to(wire)

    assert isinstance(result, Answer)
    assert (result.status, result.body) == (status, body)


def test_headers_are_found_by_any_spelling_and_the_first_of_two_counts() -> None:
    result = answer_to(
        b"HTTP/1.1 202 x\r\nX-MESSAGE-id: a\xe9\r\nx-message-ID: b\r\nContent-Length: 0\r\n\r\n"
    )

    assert isinstance(result, Answer)
    assert result.headers["x-message-id"] == result.headers["X-Message-Id"] == "aé"
    assert dict(result.headers) == {"x-message-id": "aé", "content-length": "0"}
    assert result.headers.get("retry-after", "none") == "none"
    assert "→" not in result.headers


@pytest.mark.parametrize(
    "wire",
    [
        b"220 mail.example ESMTP\r\n",
        b"\x15\x03\x01\x00\x02\x02",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 202 x\r\nContent-Length: two\r\n\r\n",
        b"HTTP/1.1 202 x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 202 x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 202 x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 202 x\r\nContent-Le",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"",
    ],
)
def test_what_is_not_a_whole_answer_means_lost(wire: bytes) -> None:
    result = answer_to(wire) if wire else answer_to()

    assert isinstance(result, Lost)
    assert result.words


@pytest.mark.parametrize(
    "start",
    [
        b"HTTP/1.1 202 x\r\nContent-Length: 99999999\r\n\r\n",
        b"HTTP/1.1 202 x\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n",
        b"HTTP/1.1 202 x\r\n\r\n",
        b"HTTP/1.1 202 x\r\nX-Long: ",
    ],
)
def test_an_endless_answer_means_lost_and_is_not_kept_in_memory(start: bytes) -> None:
    read = 0

    def flood(connection: socket.socket, number: int) -> None:
        nonlocal read
        read_request(connection)
        connection.sendall(start)
        for _ in range(1_000):
            read += connection.send(b"y" * 65_536)

    with raw_server(flood) as port, opened(f"http://127.0.0.1:{port}/") as posts:
        [result] = posts.post([b"{}"]).result(10)

    assert result == Lost("the answer is longer than 1,048,576 bytes")
    assert read < 32 * module.LONGEST_ANSWER


@pytest.mark.parametrize(
    "first",
    [
        b"HTTP/1.1 202 x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 202 x\r\nContent-Length: 0\r\n\r\n",
        # An answer that nobody asked for must not become the next request's.
        OK + b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n",
        OK + b"and so on",
    ],
)
def test_a_connection_that_is_to_close_or_says_too_much_serves_no_second_request(
    first: bytes,
) -> None:
    served = []

    def talk(connection: socket.socket, number: int) -> None:
        while True:
            read_request(connection)
            served.append(number)
            connection.sendall(first if number == 0 else OK)

    with (
        raw_server(talk) as port,
        opened(f"http://127.0.0.1:{port}/", in_flight=1) as posts,
    ):
        results = posts.post([b"{}"] * 3).result(10)

    assert [r.status for r in results if isinstance(r, Answer)] == [202, 202, 202]
    assert served == [0, 1, 1]


def test_what_comes_while_nothing_was_asked_is_nobodys_answer() -> None:
    spoken = threading.Event()

    def talk(connection: socket.socket, number: int) -> None:
        read_request(connection)
        connection.sendall(OK)
        if number == 0:
            threading.Event().wait(0.05)
            connection.sendall(b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n")
            threading.Event().wait(0.05)
            spoken.set()
            read_request(connection)

    with raw_server(talk) as port, opened(f"http://127.0.0.1:{port}/") as posts:
        posts.post([b"{}"]).result(10)
        spoken.wait(5)
        [result] = posts.post([b"{}"]).result(10)

    assert isinstance(result, Answer)
    assert result.status == 202


def test_an_answer_before_the_end_of_the_request_counts_and_ends_the_connection() -> (
    None
):
    connections = []

    def hasty(connection: socket.socket, number: int) -> None:
        connections.append(number)
        connection.recv(1_000)
        connection.sendall(b"HTTP/1.1 413 Too big\r\nContent-Length: 0\r\n\r\n")
        threading.Event().wait(0.3)

    with (
        raw_server(hasty) as port,
        opened(f"http://127.0.0.1:{port}/", in_flight=1) as posts,
    ):
        results = posts.post([b"x" * 30_000_000] * 2).result(10)

    assert [r.status for r in results if isinstance(r, Answer)] == [413, 413]
    assert connections == [0, 1]
