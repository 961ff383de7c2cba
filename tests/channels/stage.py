"""Messages to send and servers to send them to."""

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from aftercart.channels.transport import Transport
from aftercart.handover import Outgoing, Rendered
from aftercart.model import Channel, Purpose
from aftercart.sandbox import Sandbox
from aftercart.settings import Settings

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)

OK = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: r-1\r\nContent-Length: 0\r\n\r\n"


def clock() -> datetime:
    return NOW


def mail(to: str = "ann@shop.example", *, id: str = "m-1", **more: Any) -> Outgoing:
    letter = Rendered(text="Hello Ann", subject="Chicken soup", html="<p>Hello Ann</p>")
    return Outgoing(
        message_id=id,
        campaign="recipe-follow-up",
        channel=Channel.EMAIL,
        purpose=Purpose.MARKETING,
        to=to,
        **{"rendered": letter, "to_name": "Ann", **more},
    )


def text(to: str = "+12015550100", *, id: str = "s-1", **more: Any) -> Outgoing:
    return Outgoing(
        message_id=id,
        campaign="delivery-delay",
        channel=Channel.SMS,
        purpose=Purpose.SERVICE,
        to=to,
        **{"rendered": Rendered(text="Your order is running late"), **more},
    )


def settings_for(sandbox: Sandbox, url: str, **more: Any) -> Settings:
    """Both providers, played by this sandbox at this address."""
    values = {
        "email": "sendgrid",
        "sms": "twilio",
        "sendgrid_api_key": sandbox.auth.sendgrid_api_key,
        "sendgrid_base_url": url,
        "twilio_base_url": url,
        "twilio_account_sid": sandbox.auth.twilio_account_sid,
        "twilio_auth_token": sandbox.auth.twilio_auth_token,
        "twilio_from": "+12025550123",
        "email_from": "Meadow Grocer <hello@meadow.example>",
        "public_url": "https://meadow.example",
        "secret_key": "0123456789abcdef",
    }
    return Settings(**(values | more))


@contextmanager
def opened(url: str, *, in_flight: int = 10, **headers: str) -> Iterator[Transport]:
    """A transport that is closed at the end."""
    posts = Transport(url, in_flight=in_flight, headers=headers)
    try:
        yield posts
    finally:
        posts.close()


@contextmanager
def raw_server(talk: Callable[[socket.socket, int], object]) -> Iterator[int]:
    """A TCP server that does to each connection, which it counts from 0, whatever `talk` does; gives its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def one(connection: socket.socket, number: int) -> None:
        with connection, contextlib.suppress(ConnectionError):
            talk(connection, number)

    def serve() -> None:
        for number in itertools.count():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection, number), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def read_request(connection: socket.socket) -> bytes:
    """One whole request with a Content-Length.

    Raises:
        ConnectionError: when the client has gone.
    """
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = connection.recv(65_536)
        if not chunk:
            raise ConnectionError("the client has gone")
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += connection.recv(65_536)
    return received


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
