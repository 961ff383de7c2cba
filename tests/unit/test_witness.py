"""What Redis is told of claims, and what it finds again when the database has gone back in time."""

import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import dramatiq
import pytest
import redis
from dramatiq.brokers.redis import RedisBroker

from aftercart.witness import Witness, open_witness
from tests.servers import Redis

IDS = [str(uuid4()) for _ in range(100)]

Open = Callable[..., Witness]


@pytest.fixture
def witness(redis_server: Redis) -> Iterator[Open]:
    """Opens witnesses of one deployment of its own."""
    own, opened = str(uuid4()), []

    def make(deployment: str = own, url: str = redis_server.url) -> Witness:
        opened.append(open_witness(url, deployment=lambda: deployment))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def test_a_claim_is_new_once_and_its_next_fence_is_new_again(witness: Open) -> None:
    told = [witness().note({IDS[0]: fence, IDS[1]: 1}) for fence in (1, 1, 2, 1)]

    assert told == [set(), {IDS[0], IDS[1]}, {IDS[1]}, {IDS[0], IDS[1]}]


def test_every_process_finds_what_another_has_noted(witness: Open) -> None:
    one, other = witness(), witness()

    assert one.note(dict.fromkeys(IDS, 3)) == set()
    assert other.note(dict.fromkeys(IDS[:50], 4)) == set()
    assert other.note(dict.fromkeys(IDS, 3)) == set(IDS)


def test_another_database_has_notes_of_its_own(witness: Open) -> None:
    witness().note({IDS[0]: 1})

    assert witness("another").note({IDS[0]: 1}) == set()


def test_redis_is_told_no_id_and_forgets_within_two_days(
    witness: Open, redis_server: Redis
) -> None:
    witness("forgetful").note(dict.fromkeys(IDS, 1))

    with redis.Redis.from_url(redis_server.url) as client:
        keys = list(client.scan_iter("aftercart:claimed:forgetful:*"))
        kept = [client.ttl(key) for key in keys]
        words = b"".join(
            field + value
            for key in keys
            for field, value in client.hgetall(key).items()
        )
    assert len(keys) > 90
    assert all(86_400 < seconds <= 2 * 86_400 for seconds in kept)
    assert not any(id_.encode() in words for id_ in IDS)


def test_what_was_noted_yesterday_is_found_today(
    witness: Open, redis_server: Redis
) -> None:
    witness("daily").note({IDS[0]: 5})

    with redis.Redis.from_url(redis_server.url) as client:
        (key,) = client.scan_iter("aftercart:claimed:daily:*")
        name, _, day = key.rpartition(b":")
        client.rename(key, b"%s:%d" % (name, int(day) - 1))
    found = [witness("daily").note({IDS[0]: fence}) for fence in (5, 6)]

    assert found == [{IDS[0]}, set()]


def test_while_redis_is_away_everything_goes_without_it(witness: Open) -> None:
    server = Redis()
    server.start()
    one = witness(url=server.url)
    assert one.note({IDS[0]: 1}) == set()
    server.stop()

    began = time.monotonic()
    found = one.note({IDS[0]: 1}), one.clock(), one.fullness()

    assert found == (set(), None, None)
    assert time.monotonic() - began < 10


def test_a_redis_that_hangs_holds_up_one_round_and_not_each(witness: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        one = witness(url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")

        began = time.monotonic()
        for _ in range(20):
            assert one.note({IDS[0]: 1}) == set()

    assert one.away
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("url", ["", "amqp://127.0.0.1"])
def test_without_redis_nobody_remembers(witness: Open, url: str) -> None:
    one = witness(url=url)

    told = [one.note({IDS[0]: 1}) for _ in range(2)]

    assert told == [set(), set()]
    assert (one.clock(), one.fullness()) == (None, None)


def test_it_tells_the_time_and_how_full_it_is() -> None:
    server = Redis(
        settings=["--maxmemory", "100mb", "--maxmemory-policy", "noeviction"]
    )
    server.start()
    one = open_witness(server.url, deployment=lambda: "x")
    told, full = one.clock(), one.fullness()
    one.close()
    server.stop()

    assert told is not None and full is not None
    assert abs(told - datetime.now(UTC)) < timedelta(seconds=5)
    assert 0.001 < full < 0.5


def test_what_a_worker_held_when_it_ended_is_counted_after_two_minutes() -> None:
    server = Redis()
    server.start()
    broker = RedisBroker(url=server.url)
    broker.declare_queue("email")
    told = dramatiq.Message("email", "deliver_email", (["m-1"],), {}, {})
    broker.enqueue(told)
    consumer = broker.consume("email")
    held = next(consumer)
    witness = open_witness(server.url, deployment=lambda: "x")

    def silent_for(seconds: int) -> int | None:
        at = (time.time() - seconds) * 1000
        broker.client.zadd("dramatiq:__heartbeats__", {broker.broker_id: at})
        return witness.abandoned()

    found = [silent_for(0), silent_for(115), silent_for(125)]
    consumer.ack(held)
    found.append(silent_for(125))
    witness.close()
    broker.close()
    server.stop()

    assert found == [0, 0, 1, 0]
