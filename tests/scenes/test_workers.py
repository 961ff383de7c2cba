"""Workers, schedulers, Redis and the provider, each a process of its own, and what becomes of messages when one of them fails."""

import os
import signal
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import redis

from aftercart import sweeping, tracking
from tests.scenes.company import give_thanks, take_in, willing
from tests.scenes.gate import Gate, provider
from tests.scenes.house import House, wait_until
from tests.servers import Redis


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def tell(house: House, count: int) -> None:
    """Orders of this moment, taken in by this process as one more of the deployment."""
    with house.runtime() as rt:
        take_in(rt, willing(range(count), rt.clock()))


def _at_last(house: House) -> set[str]:
    """What the provider has taken: of what had been written before the worker died, it may still be reading."""
    taken: set[str] = set()
    while (more := set(house.sent())) != taken or not more:
        taken = more
        time.sleep(3)
    return taken


def test_two_schedulers_and_two_sets_of_workers_send_each_message_once(
    cluster: House,
) -> None:
    give_thanks(cluster)
    cluster.sandbox()
    tell(cluster, 150)

    for _ in range(2):
        cluster.schedules()
        cluster.workers(processes=1)
    wait_until(lambda: len(cluster.sent()) >= 150, what="150 messages")
    time.sleep(2)  # for whatever comes too often

    sent = cluster.sent()
    assert len(sent) == len(set(sent)) == 150
    assert set(cluster.states().values()) == {"accepted"}


def test_workers_that_are_asked_to_stop_finish_what_they_hold(cluster: House) -> None:
    give_thanks(cluster)
    gate = Gate(pace=0.02)

    with provider(cluster, gate):
        tell(cluster, 100)
        cluster.schedules()
        first = cluster.workers()
        wait_until(lambda: len(cluster.sent()) > 10, what="the middle of a batch")
        first.stop()
        between = set(cluster.states().values())
        sent_by_then = len(cluster.sent())
        cluster.workers()
        wait_until(lambda: len(cluster.sent()) >= 100, what="the others", seconds=90)
        wait_until(
            lambda: set(cluster.states().values()) == {"accepted"}, what="their end"
        )

    sent = cluster.sent()
    assert between <= {"accepted", "scheduled"}
    assert sent_by_then > 10
    assert len(sent) == len(set(sent)) == 100


def _stop_while_it_sends(house: House, pids: Sequence[int]) -> None:
    """The processes stand still with messages in their hands, and not in the moment between two turns."""

    def stands() -> bool:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        if "sending" in house.states().values():
            return True
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        return False

    wait_until(stands, what="a turn that is under way")


def test_a_worker_that_is_killed_while_it_sends_is_proved_right_by_the_reports(
    cluster: House,
) -> None:
    give_thanks(cluster)

    gate = Gate(pace=0.03)
    with provider(cluster, gate) as box, cluster.pushed_clock() as clock:
        tell(cluster, 60)
        cluster.schedules()
        first = cluster.workers()
        # the first of sixty is being taken; the answers to all of them would need two seconds
        assert gate.reached.wait(60)
        time.sleep(0.3)
        _stop_while_it_sends(cluster, first.children())
        for pid in first.children():
            os.kill(pid, signal.SIGKILL)
        first.kill()
        left = cluster.states()
        taken = _at_last(cluster)
        cluster.web()
        box.flush()
        with cluster.runtime() as rt:
            while tracking.read_inbox(rt):
                pass
            clock.push(clock() + timedelta(seconds=61))
            sweeping.sweep(rt)
        settled = cluster.states()
        cluster.workers()
        wait_until(
            lambda: "scheduled" not in cluster.states().values(), what="the rest"
        )
        time.sleep(1)

    sent = cluster.sent()
    assert "sending" in left.values()
    assert len(sent) == len(set(sent))
    assert all(settled[id_] == "accepted" for id_ in taken)
    assert {s for id_, s in settled.items() if id_ not in taken} <= {
        "uncertain",
        "scheduled",
    }
    # whatever was not sent is in doubt, and was in the batch that died
    assert {id_ for id_, s in cluster.states().items() if s == "uncertain"} == set(
        left
    ) - set(sent)


def test_a_worker_that_sleeps_past_its_lease_sends_no_second_copy(
    cluster: House,
) -> None:
    give_thanks(cluster)
    gate = Gate()
    gate.opened.clear()

    with provider(cluster, gate), cluster.pushed_clock() as clock:
        tell(cluster, 1)
        cluster.schedules()
        sleeper = cluster.workers()
        assert gate.reached.wait(60)
        for pid in sleeper.children():
            os.kill(pid, signal.SIGSTOP)
        gate.opened.set()
        wait_until(lambda: len(cluster.sent()) == 1, what="the provider has it")
        clock.push(clock() + timedelta(seconds=61))
        with cluster.runtime() as rt:
            sweeping.sweep(rt)
        given_up = list(cluster.states().values())
        cluster.workers()
        time.sleep(2)
        for pid in sleeper.children():
            os.kill(pid, signal.SIGCONT)
        wait_until(
            lambda: list(cluster.states().values()) == ["accepted"],
            what="the sleeper writes down what it was answered",
        )

    assert given_up == ["uncertain"]
    assert len(cluster.sent()) == 1


def test_redis_that_forgets_everything_is_rung_again_within_a_minute(
    cluster: House, redis_server: Redis
) -> None:
    give_thanks(cluster)
    bell = redis.Redis(port=redis_server.port)

    with provider(cluster, Gate()), cluster.pushed_clock() as clock:
        tell(cluster, 40)
        cluster.schedules()
        cluster.workers(queues=["maintenance", "events"])
        wait_until(lambda: bell.llen("dramatiq:email"), what="a ring")
        bell.flushall()
        cluster.workers(queues=["alerts", "email", "sms"])
        time.sleep(2)
        before = cluster.sent()
        clock.push(clock() + timedelta(seconds=60))
        wait_until(lambda: len(cluster.sent()) >= 40, what="all of them")
        wait_until(
            lambda: set(cluster.states().values()) == {"accepted"}, what="their end"
        )

    sent = cluster.sent()
    assert before == []
    assert len(sent) == len(set(sent)) == 40


def test_a_provider_that_was_down_gets_each_message_once_when_it_is_back(
    cluster: House,
) -> None:
    give_thanks(cluster)
    down = cluster.sandbox()
    down.stop()

    with cluster.pushed_clock() as clock:
        tell(cluster, 20)
        cluster.schedules()
        cluster.workers()
        wait_until(
            lambda: (
                [row["reason"] for row in cluster.rows().values()].count(
                    "provider_busy"
                )
                >= 5
            ),
            what="the workers have found nobody",
        )
        while_down = set(cluster.states().values())
        cluster.sandbox()
        for _ in range(4):
            clock.push(clock() + timedelta(minutes=1))
            time.sleep(1.2)
        wait_until(
            lambda: set(cluster.states().values()) == {"accepted"}, what="their end"
        )

    sent = cluster.sent()
    assert while_down == {"scheduled"}
    assert len(sent) == len(set(sent)) == 20


def test_a_queue_that_says_everything_twice_sends_once(
    cluster: House, redis_server: Redis
) -> None:
    give_thanks(cluster)
    bell = redis.Redis(port=redis_server.port)

    with provider(cluster, Gate()):
        tell(cluster, 120)
        cluster.schedules()
        cluster.workers(queues=["maintenance"])
        wait_until(lambda: bell.llen("dramatiq:email") >= 2, what="a ring")
        # the same ids again: messages of the queue are kept in a hash beside it
        ids = bell.lrange("dramatiq:email", 0, -1)
        kept = bell.hgetall("dramatiq:email.msgs")
        cluster.workers(processes=2, queues=["email"])
        wait_until(lambda: len(cluster.sent()) >= 120, what="all of them")
        for _ in range(5):
            bell.hset("dramatiq:email.msgs", mapping=kept)
            bell.rpush("dramatiq:email", *ids)
        wait_until(lambda: not bell.llen("dramatiq:email"), what="an empty queue")
        time.sleep(1)

    sent = cluster.sent()
    assert len(sent) == len(set(sent)) == 120
    assert set(cluster.states().values()) == {"accepted"}


def test_garbage_in_the_queue_harms_nobody(cluster: House, redis_server: Redis) -> None:
    give_thanks(cluster)
    bell = redis.Redis(port=redis_server.port)

    with provider(cluster, Gate()), cluster.pushed_clock() as clock:
        cluster.schedules()
        workers = cluster.workers()
        for number, rubbish in enumerate((b"{not json", b'{"actor_name": "nobody"}')):
            bell.hset("dramatiq:email.msgs", f"g-{number}", rubbish)
            bell.rpush("dramatiq:email", f"g-{number}")
        tell(cluster, 5)

        def all_sent() -> bool:
            # what the queue drops together with its rubbish is rung again within a minute
            clock.push(clock() + timedelta(seconds=5))
            return len(cluster.sent()) >= 5

        wait_until(all_sent, what="the good ones")
        time.sleep(1)

    assert workers.running
    assert len(cluster.sent()) == len(set(cluster.sent())) == 5


def test_while_redis_is_away_alerts_go_all_the_same_and_the_rest_when_it_is_back(
    cluster: House,
) -> None:
    give_thanks(cluster)
    give_thanks(cluster, name="alert", purpose="service", alone=False)
    cluster.sandbox()
    bell = Redis()
    cluster.environ["AFTERCART_BROKER_URL"] = bell.url

    try:
        with cluster.pushed_clock() as clock:
            tell(cluster, 20)
            cluster.schedules()
            wait_until(lambda: len(cluster.sent()) >= 20, what="the alerts")
            before = {(r["campaign"], r["state"]) for r in cluster.rows().values()}
            bell.start()
            cluster.workers()
            clock.push(clock() + timedelta(seconds=61))
            wait_until(lambda: len(cluster.sent()) >= 40, what="the rest")
            wait_until(
                lambda: set(cluster.states().values()) == {"accepted"}, what="their end"
            )
    finally:
        cluster.stop()
        bell.stop()

    assert ("thanks", "scheduled") in before
    assert ("thanks", "accepted") not in before
    sent = cluster.sent()
    assert len(sent) == len(set(sent)) == 40
