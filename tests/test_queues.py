"""Do planner, actors, schedule and start-up files speak of the same queues, and can no second timer creep in?"""

import inspect
import re
from pathlib import Path
from typing import Any

import dramatiq
import pytest
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import Retries

import workers
from aftercart.model import Channel, Purpose
from aftercart.planning import _batches
from aftercart.store.bells import Rung
from schedules import table
from tests.servers import Redis
from workers import actors
from workers.broker import (
    HEARTBEAT_TIMEOUT,
    LONGEST_NAP,
    MAINTENANCE_CHANCE,
    make_broker,
)

ROOT = Path(__file__).parents[1]
SENDERS = {"alerts", "email", "sms"}


def _rung() -> list[Rung]:
    return [
        Rung(f"{purpose}-{channel}", channel, purpose, alone=False)
        for purpose in Purpose
        for channel in Channel
    ]


def test_the_planner_rings_queues_that_an_actor_listens_to() -> None:
    rung = {ringing.queue for ringing in _batches(_rung())}

    assert rung == SENDERS
    assert {queue: actor.queue_name for queue, actor in actors._QUEUES.items()} == {
        queue: queue for queue in SENDERS
    }


def test_a_service_message_is_rung_in_the_alerts_queue_and_nothing_else_is() -> None:
    alerts = [r for r in _batches(_rung()) if r.queue == "alerts"]

    (ringing,) = alerts
    assert all(id_.startswith("service") for id_ in ringing.ids)
    others = [id_ for r in _batches(_rung()) if r not in alerts for id_ in r.ids]
    assert not any(id_.startswith("service") for id_ in others)


def test_every_tick_rings_an_actor_that_is_there() -> None:
    for actor, seconds in table.TICKS.items():
        assert isinstance(actor, dramatiq.Actor)
        assert workers.broker.get_actor(actor.actor_name) is actor
        assert seconds >= 1
    jobs = {job.id for job in table.scheduler().get_jobs()}
    assert jobs == {actor.actor_name for actor in table.TICKS}


def test_every_actor_is_a_tick_or_takes_a_batch() -> None:
    ticks = {actor.actor_name for actor in table.TICKS}
    batches = {actor.actor_name for actor in actors._QUEUES.values()}

    assert ticks | batches == set(workers.broker.actors)
    assert not ticks & batches


def test_a_tick_that_waited_is_stale_and_a_batch_never_is() -> None:
    for actor in table.TICKS:
        assert actor.options["max_age"] <= 10_000
    for actor in actors._QUEUES.values():
        assert "max_age" not in actor.options
        assert actor.options["time_limit"] >= 30_000


@pytest.mark.parametrize("url", ["", "redis://127.0.0.1:1/0"])
def test_no_broker_repeats_a_message_by_itself(url: str) -> None:
    broker = make_broker(url)

    assert not [m for m in broker.middleware if isinstance(m, Retries)]
    assert isinstance(broker, StubBroker) is (url == "")


def test_redis_hands_over_the_batch_of_a_dead_worker_soon() -> None:
    broker: Any = make_broker("redis://127.0.0.1:1/0")

    assert broker.heartbeat_timeout == HEARTBEAT_TIMEOUT == 60_000
    assert broker.maintenance_chance == MAINTENANCE_CHANCE == 1_000_000


def test_a_consumer_over_redis_does_not_oversleep_beside_a_full_queue() -> None:
    consumer: Any = make_broker("redis://127.0.0.1:1").consume("email", 4, 1000)

    assert consumer.inner.timeout == LONGEST_NAP
    assert consumer.inner.prefetch > 4


def test_nonsense_in_a_queue_costs_nobody_else_their_turn() -> None:
    server = Redis()
    server.start()
    try:
        broker: Any = make_broker(server.url)
        broker.declare_queue("email")
        for name in ("torn", "bytes"):
            broker.client.hset("dramatiq:email.msgs", name, b'{"queue_name": "ema')
            broker.client.rpush("dramatiq:email", name)
        sent = dramatiq.Message("email", "deliver_email", ([],), {}, {})
        broker.enqueue(sent)

        told = next(broker.consume("email"))
        broker.close()
    finally:
        server.stop()

    assert told.message_id == sent.message_id


def test_nothing_is_sent_with_a_delay_or_told_to_retry() -> None:
    for folder in ("workers", "schedules"):
        for path in (ROOT / folder).glob("*.py"):
            code = path.read_text(encoding="utf-8")
            assert not re.search(r"delay\s*=|send_with_options|max_retries", code), path
    for actor in workers.broker.actors.values():
        assert "delay" not in inspect.getsource(actor.fn)


def test_what_travels_is_ids_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(workers.broker, "enqueue", lambda m, **_: sent.append(m) or m)

    count = workers.ring(_batches(_rung()))

    assert count == len(_rung())
    for message in sent:
        assert message.kwargs == {}
        (ids,) = message.args
        assert set(ids) <= {r.message_id for r in _rung()}


def test_compose_starts_somebody_for_every_queue_and_alerts_have_their_own() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    started = [
        told.split()
        for told in re.findall(r"dramatiq workers .*--queues ([a-z ]+)$", text, re.M)
    ]

    queues = {actor.queue_name for actor in workers.broker.actors.values()}

    assert sorted(name for told in started for name in told) == sorted(queues)
    assert ["alerts"] in started
