"""Was the request written or not? The line that decides whether a message may be tried again."""

import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aftercart.channels import transport
from aftercart.channels.transport import Answer, Lost, NotSent, Transport
from tests.channels.stage import free_port, raw_server, read_request

OK = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: r-1\r\nContent-Length: 0\r\n\r\n"


@contextmanager
def opened(url: str, *, in_flight: int = 10) -> Iterator[Transport]:
    posts = Transport(url, in_flight=in_flight, headers={"X-Who": "us"})
    try:
        yield posts
    finally:
        posts.close()


def test_nobody_listening_means_not_sent() -> None:
    with opened(f"http://127.0.0.1:{free_port()}/") as posts:
        [result] = posts.post([b"{}"]).result()

    assert isinstance(result, NotSent)


def test_a_name_that_does_not_exist_means_not_sent() -> None:
    with opened("http://nowhere.invalid/") as posts:
        [result] = posts.post([b"{}"]).result()

    assert isinstance(result, NotSent)


def test_a_certificate_that_is_not_trusted_means_not_sent(
    certificate: tuple[Path, Path],
) -> None:
    received: list[bytes] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)

    def shake(connection: socket.socket, number: int) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as secure:
                received.append(secure.recv(10))
        except OSError:
            pass

    with (
        raw_server(shake) as port,
        opened(f"https://127.0.0.1:{port}/") as posts,
    ):
        [result] = posts.post([b"{}"]).result()

    assert isinstance(result, NotSent)
    assert not any(received)


def test_a_server_that_speaks_no_tls_means_not_sent() -> None:
    def refuse(connection: socket.socket, number: int) -> None:
        connection.recv(10)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with raw_server(refuse) as port, opened(f"https://127.0.0.1:{port}/") as posts:
        [result] = posts.post([b"{}"]).result()

    assert isinstance(result, NotSent)


def test_a_server_that_accepts_and_says_nothing_in_the_handshake_means_not_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "CONNECT_SECONDS", 0.2)
    done = threading.Event()

    with (
        raw_server(lambda connection, number: done.wait(5) or None) as port,
        opened(f"https://127.0.0.1:{port}/") as posts,
    ):
        [result] = posts.post([b"{}"]).result()
        done.set()

    assert isinstance(result, NotSent)


def test_a_connection_cut_after_the_request_means_lost() -> None:
    with (
        raw_server(
            lambda connection, number: read_request(connection) and None
        ) as port,
        opened(f"http://127.0.0.1:{port}/") as posts,
    ):
        [result] = posts.post([b"{}"]).result()

    assert isinstance(result, Lost)


def test_an_answer_that_breaks_off_means_lost() -> None:
    def half(connection: socket.socket, number: int) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 99\r\n\r\n{")

    with raw_server(half) as port, opened(f"http://127.0.0.1:{port}/") as posts:
        [result] = posts.post([b"{}"]).result()

    assert isinstance(result, Lost)


def test_no_answer_in_time_means_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "READ_SECONDS", 0.2)
    done = threading.Event()

    def stay_silent(connection: socket.socket, number: int) -> None:
        read_request(connection)
        done.wait(5)

    with raw_server(stay_silent) as port, opened(f"http://127.0.0.1:{port}/") as posts:
        [result] = posts.post([b"{}"]).result()
        done.set()

    assert isinstance(result, Lost)


def test_a_kept_connection_that_dies_under_a_post_is_not_answered_by_a_second_post() -> (
    None
):
    received: list[bytes] = []

    def once(connection: socket.socket, number: int) -> None:
        received.append(read_request(connection))
        connection.sendall(OK)
        received.append(read_request(connection))  # taken, and then the line is cut

    with raw_server(once) as port, opened(f"http://127.0.0.1:{port}/") as posts:
        [first] = posts.post([b'{"n":1}']).result()
        [second] = posts.post([b'{"n":2}']).result()

    assert isinstance(first, Answer)
    assert isinstance(second, Lost)
    assert [body[-7:] for body in received] == [b'{"n":1}', b'{"n":2}']


def test_a_kept_connection_that_the_server_closed_meanwhile_is_replaced_unnoticed() -> (
    None
):
    def once(connection: socket.socket, number: int) -> None:
        read_request(connection)
        connection.sendall(OK)

    with raw_server(once) as port, opened(f"http://127.0.0.1:{port}/") as posts:
        posts.post([b"{}"]).result()
        time.sleep(0.1)
        [result] = posts.post([b"{}"]).result()

    assert isinstance(result, Answer)


def test_connections_are_kept_between_batches() -> None:
    connections = []

    def keep(connection: socket.socket, number: int) -> None:
        connections.append(number)
        while True:
            read_request(connection)
            connection.sendall(OK)

    with (
        raw_server(keep) as port,
        opened(f"http://127.0.0.1:{port}/", in_flight=1) as posts,
    ):
        posts.post([b"{}"] * 10).result()
        results = posts.post([b"{}"] * 10).result()

    assert connections == [0]
    assert {type(result) for result in results} == {Answer}


def test_no_more_requests_are_under_way_than_allowed_however_many_batches_wait() -> (
    None
):
    busy, most = 0, 0
    lock = threading.Lock()

    def slow(connection: socket.socket, number: int) -> None:
        nonlocal busy, most
        while True:
            read_request(connection)
            with lock:
                busy += 1
                most = max(most, busy)
            time.sleep(0.01)
            with lock:
                busy -= 1
            connection.sendall(OK)

    with (
        raw_server(slow) as port,
        opened(f"http://127.0.0.1:{port}/", in_flight=3) as posts,
    ):
        waiting = [posts.post([b"{}"] * 8) for _ in range(4)]
        results = [result for batch in waiting for result in batch.result()]

    assert most == 3
    assert len([r for r in results if isinstance(r, Answer)]) == 32


def test_waiting_for_a_free_connection_is_no_failure_to_connect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "CONNECT_SECONDS", 0.2)

    def slow(connection: socket.socket, number: int) -> None:
        while True:
            read_request(connection)
            time.sleep(0.1)
            connection.sendall(OK)

    with (
        raw_server(slow) as port,
        opened(f"http://127.0.0.1:{port}/", in_flight=1) as posts,
    ):
        waiting = [posts.post([b"{}"]) for _ in range(6)]
        results = [batch.result()[0] for batch in waiting]

    assert {type(result) for result in results} == {Answer}


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_forked_child_sends_over_a_loop_and_connections_of_its_own() -> None:
    def keep(connection: socket.socket, number: int) -> None:
        read_request(connection)
        connection.sendall(OK)

    with raw_server(keep) as port, opened(f"http://127.0.0.1:{port}/") as posts:
        posts.post([b"{}"]).result()
        child = os.fork()
        if child == 0:
            [result] = posts.post([b"{}"]).result(10)
            os._exit(0 if isinstance(result, Answer) else 1)
        _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
