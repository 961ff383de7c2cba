"""How fast messages may go, in one process and in many."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis as Client

import aftercart.pacing.shared as shared
from aftercart.model import Channel
from aftercart.pacing import Pace, open_pace
from aftercart.pacing.bucket import Bucket, Grant
from tests.servers import Redis, free_port

LIMITS = {Channel.EMAIL: 0, Channel.SMS: 10}


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_without_a_limit_everything_goes() -> None:
    assert Bucket(0).take(10_000) == Grant(10_000)


def test_a_second_of_messages_goes_at_once_and_the_next_one_when_it_says() -> None:
    clock = Clock()
    bucket = Bucket(10, clock=clock)

    first = bucket.take(15)
    clock.now += first.wait - 0.001
    early = bucket.take(1)
    clock.now += 0.002
    late = bucket.take(1)

    assert (first.now, early.now, late.now) == (10, 0, 1)
    assert first.wait == pytest.approx(0.1)


def test_over_a_minute_it_is_the_limit_and_no_more() -> None:
    clock = Clock()
    bucket = Bucket(7, clock=clock)
    went = 0
    for _ in range(600):
        went += bucket.take(100).now
        clock.now += 0.1

    assert 7 * 60 <= went <= 7 * 61


def test_what_is_urgent_goes_in_any_case_and_others_wait_for_it() -> None:
    clock = Clock()
    bucket = Bucket(10, clock=clock)
    bucket.take(10)

    assert bucket.take(5, urgent=True).now == 5
    clock.now += 0.5
    assert bucket.take(1).now == 0
    clock.now += 0.2
    assert bucket.take(1).now == 1


def test_a_complaint_leaves_seven_tenths_of_what_went_and_it_grows_again() -> None:
    clock = Clock()
    bucket = Bucket(0, clock=clock)
    for _ in range(100):
        bucket.take(10)
        clock.now += 0.1  # a hundred a second

    bucket.slow_down()
    slow = bucket.take(1_000)
    clock.now += 10
    faster = bucket.take(1_000)

    assert slow.rate == pytest.approx(70, rel=0.05)
    assert faster.rate == pytest.approx(84, rel=0.05)


def test_complaints_of_one_moment_are_one() -> None:
    clock = Clock()
    bucket = Bucket(100, clock=clock)
    for _ in range(100):
        bucket.take(10)
        clock.now += 0.1
    for _ in range(16):
        bucket.slow_down()

    assert bucket.take(1_000).rate == pytest.approx(70, rel=0.05)


def test_a_limit_is_never_exceeded_after_a_complaint_is_forgotten() -> None:
    clock = Clock()
    bucket = Bucket(10, clock=clock)
    bucket.take(10)
    bucket.slow_down()
    clock.now += 3_600

    assert bucket.take(100).rate == 10


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.integers(1, 300), st.booleans()),
        st.tuples(st.just("slow"), st.just(0), st.just(False)),
        st.tuples(st.just("wait"), st.integers(1, 30_000), st.just(False)),
    ),
    max_size=40,
)


@settings(deadline=None, max_examples=60)
@given(limit=st.sampled_from([0, 1, 10, 250]), steps=_STEPS)
def test_the_bucket_in_redis_is_the_bucket_in_here(
    redis: Redis, limit: int, steps: list[tuple[str, int, bool]]
) -> None:
    clock = Clock()
    bucket = Bucket(limit, clock=clock)
    with Client.from_url(redis.url) as client:
        client.delete("bucket")
        run = client.register_script(
            Path(shared.__file__).with_name("shared.lua").read_text()
        )
        for act, number, urgent in steps:
            if act == "wait":
                clock.now += number / 1_000
                continue
            told = run(
                keys=["bucket"], args=[act, number, int(urgent), limit, clock.now]
            )
            if act == "slow":
                bucket.slow_down()
                continue
            grant = bucket.take(number, urgent=urgent)
            assert told[0] == pytest.approx(grant.now, abs=1)
            if told[0] != grant.now:
                return  # a float fell on the other side of a whole token: from here on they differ by one
            assert told[1] / 1e6 == pytest.approx(grant.wait, abs=1e-3)
            assert told[2] / 1e3 == pytest.approx(grant.rate, rel=1e-3, abs=2e-3)


def test_processes_share_one_bucket(redis: Redis) -> None:
    with Client.from_url(redis.url) as client:
        client.flushall()
    paces = [open_pace(redis.url, LIMITS) for _ in range(4)]
    went: list[int] = []
    began = time.monotonic()

    def take(pace: Pace) -> None:
        for _ in range(25):
            went.append(pace.take(Channel.SMS, 3).now)

    _at_once([lambda pace=pace: take(pace) for pace in paces])  # type: ignore[misc]
    for pace in paces:
        pace.close()

    passed = time.monotonic() - began
    assert 10 <= sum(went) <= 10 + 10 * passed + 1


def test_channels_have_buckets_of_their_own(redis: Redis) -> None:
    with Client.from_url(redis.url) as client:
        client.flushall()
    pace = open_pace(redis.url, LIMITS)
    pace.take(Channel.SMS, 100)

    assert pace.take(Channel.EMAIL, 100).now == 100
    assert pace.take(Channel.SMS, 100).now == 0
    pace.close()


def test_while_redis_is_away_each_process_goes_by_its_own() -> None:
    pace = open_pace(f"redis://127.0.0.1:{free_port()}/0", LIMITS)

    assert [pace.take(Channel.SMS, 8).now for _ in range(2)] == [8, 2]
    pace.close()


def test_a_shop_without_redis_has_its_own() -> None:
    pace = open_pace("", LIMITS)

    assert pace.take(Channel.SMS, 20).now == 10
    pace.slow_down(Channel.SMS)
    assert pace.take(Channel.SMS, 20).now == 0
    pace.close()


def _at_once(acts: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
