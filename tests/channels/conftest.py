"""A sandbox on a port of its own, and senders that know it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from aftercart.channels import Sender, open_senders
from aftercart.model import Channel
from aftercart.sandbox import Entry, Running, Sandbox, read_ledger, serve
from aftercart.settings import Settings
from tests.channels.stage import NOW, clock, settings_for


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.ndjson"


@pytest.fixture
def sandbox(ledger: Path) -> Iterator[Sandbox]:
    with Sandbox(
        ledger, public_url="https://meadow.example", clock=clock, auto=False
    ) as sandbox:
        yield sandbox


@pytest.fixture
def server(sandbox: Sandbox) -> Iterator[Running]:
    running = serve(sandbox.app)
    yield running
    running.stop()


@pytest.fixture
def settings(sandbox: Sandbox, server: Running) -> Settings:
    return settings_for(sandbox, server.url)


@pytest.fixture
def open_sender() -> Iterator[Callable[..., Sender]]:
    """Opens the sender of a channel, and closes it at the end."""
    opened: list[Sender] = []

    def open_one(channel: Channel, settings: Settings) -> Sender:
        senders = open_senders(settings, clock)
        opened.extend(senders.values())
        return senders[channel]

    yield open_one
    for sender in opened:
        sender.close()


@pytest.fixture
def email(open_sender: Callable[..., Sender], settings: Settings) -> Sender:
    return open_sender(Channel.EMAIL, settings)


@pytest.fixture
def sms(open_sender: Callable[..., Sender], settings: Settings) -> Sender:
    return open_sender(Channel.SMS, settings)


@pytest.fixture
def entries(ledger: Path) -> Callable[[], list[Entry]]:
    def read() -> list[dict[str, Any]]:
        return list(read_ledger(ledger))

    return read


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and shop.example that nobody trusts, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    cert = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=3650))
        .not_valid_after(NOW + timedelta(days=3650))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.IPAddress(IPv4Address("127.0.0.1")), x509.DNSName("shop.example")]
            ),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "cert.pem").write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "cert.pem", folder / "key.pem"
