"""A Redis for the buckets."""

from collections.abc import Iterator

import pytest

from tests.servers import Redis


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    server = Redis()
    server.start()
    yield server
    server.stop()
