"""The doorbell: which broker carries the ids, and what it may do with them.

It carries ids only and is never the truth: whatever it loses, repeats or delays, the next tick rings again. No middleware
repeats a message, because a second timer beside `due_at` is how messages are sent twice.
"""

import logging
from collections.abc import Iterable

import dramatiq
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.brokers.redis import RedisBroker
from dramatiq.brokers.stub import StubBroker
from dramatiq.errors import DecodeError
from dramatiq.middleware import AgeLimit, ShutdownNotifications, TimeLimit
from redis import Redis

from aftercart.runtime import read_settings
from workers.guard import Guard

_log = logging.getLogger(__name__)

#: How long a silent worker is believed to be alive, in milliseconds (dramatiq's unit).
HEARTBEAT_TIMEOUT = 60_000
#: Of a million commands, how many look for messages of dead workers. The default, 1,000, takes hours on a quiet queue.
MAINTENANCE_CHANCE = 1_000_000

#: A consumer that has enough, or finds nothing, looks again after a nap that grows up to this, in milliseconds. With dramatiq's
#: second, workers under load finish what they hold and wait for the consumer to wake.
LONGEST_NAP = 100
#: A Redis that says nothing for so long is away.
ANSWER_SECONDS = 5

#: Batches that a process holds beyond those dramatiq would give it: the work of a nap.
IN_HAND = 4


class Patient(Consumer):
    """A consumer that drops what is no message. dramatiq's would begin anew, and forget what it had fetched with it."""

    def __init__(self, consumer: Consumer, queue_name: str) -> None:
        self.inner, self._queue_name = consumer, queue_name

    def __next__(self) -> MessageProxy | None:
        while True:
            try:
                told: MessageProxy | None = next(self.inner)
            except DecodeError:
                _log.warning("nonsense in the queue %s: dropped", self._queue_name)
            else:
                return told

    def ack(self, message: MessageProxy) -> None:
        """As dramatiq's."""
        self.inner.ack(message)

    def nack(self, message: MessageProxy) -> None:
        """As dramatiq's."""
        self.inner.nack(message)

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """As dramatiq's."""
        self.inner.requeue(messages)

    def close(self) -> None:
        """As dramatiq's."""
        self.inner.close()


class Doorbell(RedisBroker):
    """dramatiq's broker over Redis, with consumers that do not oversleep."""

    def consume(
        self, queue_name: str, prefetch: int = 1, timeout: int = 5000
    ) -> Consumer:
        """As dramatiq's."""
        consumer: Consumer = super().consume(
            queue_name, prefetch + IN_HAND, min(timeout, LONGEST_NAP)
        )
        return Patient(consumer, queue_name)


def make_broker(url: str) -> dramatiq.Broker:
    """The broker for a BROKER_URL; without one, a broker inside this process."""
    middleware: list[dramatiq.Middleware] = [
        AgeLimit(),
        TimeLimit(),
        ShutdownNotifications(),
    ]
    if not url:
        return StubBroker(middleware=middleware)
    if url.startswith(("amqp://", "amqps://")):
        # its client is an extra that only RabbitMQ users install
        from dramatiq.brokers.rabbitmq import RabbitmqBroker

        return RabbitmqBroker(url=url, middleware=middleware)
    return Doorbell(  # type: ignore[no-untyped-call]  # dramatiq's own gap
        client=Redis.from_url(
            url,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
        ),
        middleware=[*middleware, Guard()],
        heartbeat_timeout=HEARTBEAT_TIMEOUT,
        maintenance_chance=MAINTENANCE_CHANCE,
    )


broker = make_broker(read_settings().broker_url)
# Inside one process each queue has a worker of its own on this broker, and each brings dramatiq's own middleware: meant so.
broker.logger.addFilter(
    lambda line: "middleware of the same type twice" not in str(line.msg)
)
dramatiq.set_broker(broker)
