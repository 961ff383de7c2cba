"""Which connection does a request take, how many go at a time, and what becomes of them when somebody closes?"""

import os
import socket
import subprocess
import sys
import threading
import time

import pytest

from aftercart.channels import transport
from aftercart.channels.transport import Answer, Lost, NotSent, Transport
from tests.channels.stage import OK, free_port, opened, raw_server, read_request


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


def test_a_connection_that_was_idle_for_too_long_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "IDLE_SECONDS", 0.05)
    connections = []

    def keep(connection: socket.socket, number: int) -> None:
        connections.append(number)
        while True:
            read_request(connection)
            connection.sendall(OK)

    with raw_server(keep) as port, opened(f"http://127.0.0.1:{port}/") as posts:
        posts.post([b"{}"]).result()
        time.sleep(0.2)
        [result] = posts.post([b"{}"]).result()

    assert isinstance(result, Answer)
    assert connections == [0, 1]


def test_idle_connections_are_let_go_without_being_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "IDLE_SECONDS", 0.05)
    monkeypatch.setattr(transport, "READ_SECONDS", 1)
    gone = threading.Event()

    def keep(connection: socket.socket, number: int) -> None:
        read_request(connection)
        connection.sendall(OK)
        connection.recv(1)
        gone.set()

    with raw_server(keep) as port, opened(f"http://127.0.0.1:{port}/") as posts:
        posts.post([b"{}"]).result()

        assert gone.wait(5)


def test_the_connection_used_last_goes_first() -> None:
    used: list[int] = []
    both = threading.Barrier(2)

    def keep(connection: socket.socket, number: int) -> None:
        read_request(connection)
        both.wait(5)
        time.sleep(0.1 * number)
        connection.sendall(OK)
        while True:
            read_request(connection)
            used.append(number)
            connection.sendall(OK)

    with raw_server(keep) as port, opened(f"http://127.0.0.1:{port}/") as posts:
        posts.post([b"{}"] * 2).result()
        for _ in range(3):
            posts.post([b"{}"]).result()

    assert used == [1, 1, 1]


def test_a_server_that_dribbles_for_ever_means_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "READ_SECONDS", 0.3)
    monkeypatch.setattr(transport, "TOTAL_SECONDS", 0.5)

    def dribble(connection: socket.socket, number: int) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 999\r\n\r\n")
        while True:
            connection.sendall(b".")
            time.sleep(0.05)

    with raw_server(dribble) as port, opened(f"http://127.0.0.1:{port}/") as posts:
        [result] = posts.post([b"{}"]).result(5)

    assert result == Lost("no whole answer within 0.5 s")


def test_closing_loses_what_is_under_way_and_does_not_send_what_waits() -> None:
    asked, done = threading.Event(), threading.Event()

    def talk(connection: socket.socket, number: int) -> None:
        read_request(connection)
        if number == 0:
            asked.set()
            done.wait(5)
        connection.sendall(OK)

    with (
        raw_server(talk) as port,
        opened(f"http://127.0.0.1:{port}/", in_flight=1) as posts,
    ):
        waiting = posts.post([b"{}"] * 2)
        asked.wait(5)
        posts.close()
        results = waiting.result(5)
        done.set()
        [again] = posts.post([b"{}"]).result(5)

    assert [type(result) for result in results] == [Lost, NotSent]
    assert isinstance(again, Answer)


def test_closing_while_connecting_means_not_sent() -> None:
    shaken = threading.Event()

    def never_shake(connection: socket.socket, number: int) -> None:
        connection.recv(1)
        shaken.set()
        connection.recv(65_536)
        connection.recv(1)

    with (
        raw_server(never_shake) as port,
        opened(f"https://127.0.0.1:{port}/") as posts,
    ):
        waiting = posts.post([b"{}"])
        shaken.wait(5)
        posts.close()
        [result] = waiting.result(1)

    assert isinstance(result, NotSent)


def test_a_transport_that_nobody_holds_finishes_what_is_under_way() -> None:
    def slow(connection: socket.socket, number: int) -> None:
        read_request(connection)
        time.sleep(0.2)
        connection.sendall(OK)

    with raw_server(slow) as port:
        url = f"http://127.0.0.1:{port}/"
        [result] = Transport(url, in_flight=1, headers={}).post([b"{}"]).result(5)

    assert isinstance(result, Answer)


def test_an_empty_batch_is_done_at_once() -> None:
    with opened(f"http://127.0.0.1:{free_port()}/") as posts:
        assert posts.post([]).result(5) == []


def test_a_program_that_forgets_to_close_ends_quietly() -> None:
    def keep(connection: socket.socket, number: int) -> None:
        while True:
            read_request(connection)
            connection.sendall(OK)

    program = (
        "import sys; from aftercart.channels.transport import Transport;"
        "t = Transport(sys.argv[1], in_flight=2, headers={});"
        "print(len(t.post([b'{}'] * 5).result()))"
    )
    with raw_server(keep) as port:
        url = f"http://127.0.0.1:{port}/"
        ended = subprocess.run(
            [sys.executable, "-X", "dev", "-c", program, url],
            capture_output=True,
            text=True,
            timeout=20,
        )

    assert (ended.stdout, ended.stderr, ended.returncode) == ("5\n", "", 0)
