"""Was the request written or not? The line that decides whether a message may be tried again."""

import socket
import ssl
import threading
import time
from pathlib import Path

import pytest

from aftercart.channels import transport
from aftercart.channels.transport import Answer, Lost, NotSent
from tests.channels.stage import OK, free_port, opened, raw_server, read_request


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

    assert result == Lost("the server said nothing for 0.2 s")


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
