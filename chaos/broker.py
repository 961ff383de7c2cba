"""What becomes of messages when the doorbell fails? Redis forgets, dies, freezes, is full, or is told nonsense."""

import json
import time
from datetime import UTC, datetime

import redis

from chaos.crashes import SLOW
from chaos.registry import scenario
from chaos.stage import Stage

_QUEUES = ("alerts", "email", "sms", "maintenance", "events")
_MEGABYTE = 2**20


@scenario("FT-10", "Redis forgets everything, again and again")
def forget(stage: Stage) -> None:
    """Whatever is in the queues, and whatever workers have said that they hold. One slow worker lets the queues fill."""
    stage.house.environ["AFTERCART_SENDS_IN_FLIGHT"] = "20"
    stage.open(faults=SLOW, workers=1, threads=1)
    forgotten = 0
    stage.plant(0.6)
    stage.until(lambda: _waiting(stage), 20, "words lie in the queues")
    with stage.planting(seconds=20):
        for _ in stage.rounds(20):
            forgotten += _waiting(stage)
            stage.redis.client.flushall()
            stage.wait(0.3, 1.2)
    stage.calm()
    stage.workers()
    stage.expect(forgotten, "something was forgotten")


def _waiting(stage: Stage) -> int:
    """How many words lie in the queues that carry messages."""
    client = stage.redis.client
    return sum(int(client.llen(f"dramatiq:{name}")) for name in _QUEUES[:3])


@scenario("FT-11", "Redis restarts empty, stands still, and hangs up on everybody")
def restart(stage: Stage) -> None:
    """No worker process and no scheduler is restarted: they have to find their way back."""
    stage.open()
    before = [p.popen.pid for p in stage.house.processes if p.running]
    stage.plant(0.2)
    with stage.planting(seconds=40):
        for _ in stage.rounds(4):
            stage.wait(1, 3)
            stage.redis.stop()
            stage.wait(0.2, 2)
            stage.redis.start()
        stage.redis.freeze()
        stage.wait(12)
        stage.redis.thaw()
        for _ in stage.rounds(4):
            stage.wait(3)
            stage.redis.client.client_kill_filter(_type="normal", skipme=True)
    after = [p.popen.pid for p in stage.house.processes if p.running]
    stage.expect(before == after, "no process has ended")


@scenario("FT-13", "Redis is full for 30 s under load", recovery=90)
def full(stage: Stage) -> None:
    """It refuses every word, also that something was done: what was done then is told again later, and must not be done again."""
    stage.open()
    before = [p.popen.pid for p in stage.house.processes if p.running]
    stage.plant(0.3)
    with stage.planting(seconds=25):
        stage.wait(2, 3)
        stage.redis.client.config_set("maxmemory", "1")
        stage.wait(10)
        said = stage.reasons()
        stage.wait(20)
        told = stage.shop.told
        stage.redis.client.config_set("maxmemory", "0")
    full = any(reason.startswith("Redis has used") for reason in said)
    stage.expect(full, f"/readyz says so within 10 s ({said})")
    stage.expect(told == len(stage.due), "the shop is answered with yes meanwhile")
    after = [p.popen.pid for p in stage.house.processes if p.running]
    stage.expect(before == after, "no process has ended")


@scenario(
    "FT-14",
    "Redis is away for 45 s, and alerts must go on",
)
def away(stage: Stage) -> None:
    """R-1.6: of the alerts that are due meanwhile, 95 in 100 are accepted within 15 s."""
    stage.open()
    stage.plant(0.2)
    with stage.planting(seconds=40):
        stage.wait(3)
        begun = datetime.now(UTC)
        stage.redis.stop()
        stage.wait(45)
        ended = datetime.now(UTC)
        stage.redis.start()
    late = stage.late("twilio", begun, ended)
    stage.expect(late <= 15, f"alerts within 15 s meanwhile (95 in 100: {late:.0f} s)")


@scenario("FT-16", "nonsense lies in the queues")
def garbage(stage: Stage) -> None:
    """No JSON, no such actor, arguments that it does not take, five megabytes: dropped, and nobody falls over it."""
    stage.open()
    before = [p.popen.pid for p in stage.house.processes if p.running]
    stage.plant(0.3)
    with stage.planting(seconds=15):
        for number in stage.rounds(4):
            for queue in _QUEUES:
                for name, content in _nonsense(queue).items():
                    _push(stage.redis.client, queue, f"{name}-{number}", content)
            stage.wait(2, 3)
    after = [p.popen.pid for p in stage.house.processes if p.running]
    stage.expect(before == after, "no process has ended")
    stage.expect(_emptied(stage), "the queues are empty in the end")


def _nonsense(queue: str) -> dict[str, bytes]:
    def message(actor: str, *arguments: object) -> bytes:
        told = {
            "queue_name": queue,
            "actor_name": actor,
            "args": arguments,
            "kwargs": {},
            "options": {},
            "message_id": f"nonsense-{actor}",
            "message_timestamp": int(time.time() * 1000),
        }
        return json.dumps(told).encode()

    return {
        "torn": b'{"queue_name": "ema',
        "bytes": b"\x00\xff\xfe nothing",
        "list": b"[1, 2, 3]",
        "stranger": message("send_everything_again"),
        "wrong": message("deliver_email", 7, {"ids": None}),
        "no-ids": message("deliver_email", ["no such message", "", "\x00"]),
        "large": message("deliver_email", ["x" * (5 * _MEGABYTE)]),
    }


def _push(client: "redis.Redis", queue: str, name: str, content: bytes) -> None:
    client.hset(f"dramatiq:{queue}.msgs", name, content)
    client.rpush(f"dramatiq:{queue}", name)


def _emptied(stage: Stage) -> bool:
    return stage.until(lambda: _waiting(stage) == 0, 60, "the queues are worked off")
