"""The workers inside one process: what hangs in one queue keeps no other waiting."""

import threading
from types import SimpleNamespace
from typing import Any

import dramatiq
from dramatiq.brokers.stub import StubBroker

from aftercart import deployment


def test_alerts_go_while_all_e_mails_hang() -> None:
    broker = StubBroker(middleware=[])
    provider_answers, alerted = threading.Event(), threading.Event()

    @dramatiq.actor(broker=broker, queue_name="email")
    def mail() -> None:
        provider_answers.wait(30)

    @dramatiq.actor(broker=broker, queue_name="alerts")
    def alert() -> None:
        alerted.set()

    workers: Any = SimpleNamespace(broker=broker)
    with deployment.embedded(workers):
        for _ in range(20):
            mail.send()
        alert.send()
        try:
            assert alerted.wait(10), "the alert stood behind the e-mails"
            assert not provider_answers.is_set()
        finally:
            provider_answers.set()
