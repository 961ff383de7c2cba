"""The actors: each says one verb. A message that fails is not repeated here; its row is still due, and is rung again."""

import gc
import logging
import threading
from collections.abc import Iterable
from functools import partial
from typing import Any

import dramatiq
from dramatiq.errors import DramatiqError
from redis.exceptions import RedisError

from aftercart import (
    alarming,
    delivering,
    planning,
    probing,
    reconciling,
    sweeping,
    tracking,
)
from aftercart.planning import Ringing
from aftercart.runtime import Runtime, open_runtime, read_settings
from workers.broker import broker

_log = logging.getLogger(__name__)

#: Longer than the slowest batch, in milliseconds: a hundred texts over sixteen lanes, each given up after 30 s, from four
#: threads. Every request ends by itself; a limit that struck before would throw away answers that have come.
TIME_LIMIT = 900_000
#: A tick that waited this long is stale: the next one does its work. So an outage ends in no stampede.
TICK_MAX_AGE = 5_000


#: The broker has no Retries middleware: an actor runs once, and its row is the only timer.
_actor = partial(dramatiq.actor, broker=broker)


_given: list[Runtime] = []
_opening = threading.Lock()


def use(rt: Runtime) -> None:
    """Hands over a runtime that is open already: for workers inside another process, before the first message."""
    _given[:] = [rt]


def runtime() -> Runtime:
    """This process's runtime, opened at the first message: after dramatiq has forked, and once, whichever threads ask first."""
    with _opening:
        if not _given:
            _given.append(open_runtime(read_settings()))
            # before anything is planned: a backup that was put back is known by what it lacks
            _given[0].guard()
            _search_seldom()
        return _given[0]


def _search_seldom() -> None:
    """Garbage in circles is rare here, and a batch makes thousands of objects: Python's own pace takes a tenth of the CPU."""
    gc.collect()
    gc.freeze()  # what is open now lives as long as the process
    gc.set_threshold(50_000, 20, 20)


@_actor(queue_name="alerts", time_limit=TIME_LIMIT)
def deliver_alerts(ids: list[str]) -> None:
    """Service messages; nothing else is ever in this queue."""
    delivering.deliver(runtime(), ids)


@_actor(queue_name="email", time_limit=TIME_LIMIT)
def deliver_email(ids: list[str]) -> None:
    """Marketing and surveys by e-mail."""
    delivering.deliver(runtime(), ids)


@_actor(queue_name="sms", time_limit=TIME_LIMIT)
def deliver_sms(ids: list[str]) -> None:
    """Marketing and surveys by SMS."""
    delivering.deliver(runtime(), ids)


@_actor(queue_name="maintenance", max_age=TICK_MAX_AGE)
def plan() -> None:
    """Every second: what is due becomes messages, and the queues are told."""
    ring(planning.plan(runtime(), tell=ring))


@_actor(queue_name="maintenance", max_age=TICK_MAX_AGE)
def sweep() -> None:
    """Every fifteen seconds: what was dropped, and whether a campaign does harm."""
    sweeping.sweep(runtime())
    alarming.watch(runtime())


@_actor(queue_name="maintenance", max_age=TICK_MAX_AGE)
def reconcile() -> None:
    """Every fifteen seconds: what the provider's list says of texts whose end is not known."""
    reconciling.reconcile(runtime())


@_actor(queue_name="maintenance", max_age=TICK_MAX_AGE)
def probe() -> None:
    """Every second: whether a provider that was out takes messages again."""
    probing.probe(runtime())


@_actor(queue_name="events", max_age=TICK_MAX_AGE)
def read_inbox() -> None:
    """Every second: what the providers reported."""
    while tracking.read_inbox(runtime()):
        pass


_QUEUES = {"alerts": deliver_alerts, "email": deliver_email, "sms": deliver_sms}


def ring(batches: Iterable[Ringing]) -> int:
    """Tells the queues; returns how many messages there were. While the broker is away, alerts are delivered by whoever rings."""
    count = 0
    for batch in batches:
        told = _tell(_QUEUES[batch.queue], list(batch.ids))
        if not told and batch.queue == "alerts":
            deliver_alerts.fn(list(batch.ids))
        count += len(batch.ids)
    return count


def tick(actor: Any) -> None:
    """Has a tick done: by a worker, or in here while the broker is away. The database is the truth; it does not need the bell."""
    if not _tell(actor):
        actor.fn()


def _tell(actor: Any, *given: object) -> bool:
    """Whether the broker took it. What it did not take is rung again in a minute."""
    try:
        actor.send(*given)
    except (RedisError, DramatiqError) as error:
        _log.warning("the broker is away (%s): %s", type(error).__name__, actor)
        return False
    return True
