"""A Redis that would lose ids in silence is refused before the first of them."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dramatiq
import pytest

from aftercart import deployment
from tests.servers import Redis
from workers.broker import make_broker
from workers.guard import UNFIT, Guard, Unfit

ROOT = Path(__file__).parents[1]


@contextmanager
def _broker(*settings: str) -> Iterator[dramatiq.Broker]:
    redis = Redis(settings=settings)
    redis.start()
    try:
        made = make_broker(redis.url)
        yield made
        made.close()
    finally:
        redis.stop()


def test_worker_processes_do_not_begin_with_a_redis_that_throws_keys_away(
    tmp_path: Path,
) -> None:
    redis = Redis(settings=("--maxmemory-policy", "allkeys-lru"))
    redis.start()
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "dramatiq", "workers", "--processes", "1"],
            cwd=ROOT,
            env={
                **os.environ,
                "AFTERCART_BROKER_URL": redis.url,
                "AFTERCART_DATABASE_URL": f"sqlite:///{tmp_path / 'x.db'}",
            },
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    finally:
        redis.stop()

    assert ended.returncode == UNFIT
    assert "maxmemory-policy allkeys-lru" in ended.stderr
    assert "set it to noeviction" in ended.stderr


@pytest.mark.parametrize("policy", ["volatile-lru", "allkeys-random"])
def test_every_policy_but_one_is_refused(policy: str) -> None:
    with _broker("--maxmemory-policy", policy) as broker, pytest.raises(Unfit):
        broker.emit_after("process_boot")


def test_workers_inside_another_process_do_not_begin_either() -> None:
    with _broker("--maxmemory-policy", "allkeys-lru") as broker:
        workers: Any = SimpleNamespace(broker=broker)
        with pytest.raises(Unfit), deployment.embedded(workers):
            pytest.fail("they began")


def test_a_redis_that_keeps_everything_is_taken_without_a_word(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    kept = ("--appendonly", "yes", "--dir", str(tmp_path))
    with _broker(*kept) as broker, caplog.at_level(logging.WARNING):
        broker.emit_after("process_boot")

    assert caplog.text == ""


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ((), "keeps nothing over a restart"),
        (("--rename-command", "CONFIG", ""), "does not show its settings"),
    ],
)
def test_what_cannot_be_relied_on_is_said(
    settings: tuple[str, ...], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with _broker(*settings) as broker, caplog.at_level(logging.WARNING):
        broker.emit_after("process_boot")

    assert words in caplog.text


def test_a_redis_that_is_down_is_waited_for() -> None:
    with _broker() as broker:
        pass

    Guard().after_process_boot(broker)
