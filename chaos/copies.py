"""What becomes of messages when a server comes back as it once was, or refuses more than it should?"""

import json
import sys
from collections import Counter

from aftercart.store import pauses
from chaos.crashes import SLOW
from chaos.registry import scenario
from chaos.stage import Stage

_BUSY = """
CREATE FUNCTION bench_busy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF random() < 0.1 THEN
    RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER bench_busy BEFORE UPDATE ON messages FOR EACH STATEMENT EXECUTE FUNCTION bench_busy();
"""


@scenario("FT-12", "Redis comes back as it was 10 s ago: old ids, nothing ticked off")
def stale(stage: Stage) -> None:
    """What it says again was claimed before, and is not claimed again."""
    stage.open(faults=SLOW)
    stage.plant(0.3)
    with stage.planting(seconds=35):
        for _ in stage.rounds(3):
            stage.wait(0.5, 1)
            client = stage.redis.client
            kept = {key: client.dump(key) for key in client.scan_iter(count=1000)}
            stage.wait(10)
            client.flushall()
            for key, value in kept.items():
                if value is not None:
                    # workers have told it something in between
                    client.restore(key, 0, value, replace=True)


@scenario("FT-15", "a Redis that throws away what it has no room for")
def evicting(stage: Stage) -> None:
    """Workers refuse to start with it, and name the setting; with it mended they start."""
    stage.open(workers=0)
    stage.plant(1.0)
    stage.redis.client.config_set("maxmemory-policy", "allkeys-lru")
    refused = stage.house.start(
        "workers", sys.executable, "-m", "dramatiq", "workers", "--processes", "1", "--threads", "1"
    )  # fmt: skip
    stage.until(lambda: not refused.running, 60, "the workers end")
    code = refused.popen.poll()
    stage.expect(code not in (0, None), f"the exit code says so ({code})")
    stage.expect("maxmemory-policy" in refused.words, "the reason names the setting")
    stage.expect(stage.taken() == 0, "nothing has gone out")
    stage.note = f"exit code {code}"
    stage.redis.client.config_set("maxmemory-policy", "noeviction")
    stage.workers()


@scenario(
    "FT-22",
    "PostgreSQL comes back as it was 6 s ago, and nothing is reported",
    unknown=1.0,
    again=1.0,
    recovery=200,
    reports=False,
)
def rewound(stage: Stage) -> None:
    """What was sent since then looks unsent, and must not go again: it is listed as unknown. Its timeline is the old one."""
    stage.house.environ["AFTERCART_SENDS_IN_FLIGHT"] = "4"
    stage.open(faults=SLOW)
    stage.plant(1.0)
    stage.until(lambda: stage.taken() > len(stage.due) // 20, 60, "some are sent")
    stage.postgres.crash()
    stage.postgres.remember()
    stage.postgres.back()
    before = stage.taken()
    stage.until(lambda: stage.taken() > before, 60, "it goes on")
    stage.wait(6)
    stage.postgres.crash()
    since = stage.taken() - before
    stage.postgres.rewind()
    stage.postgres.back()
    # what was rung before is rung again after a minute: then the first of it is claimed once more
    stage.until(lambda: _is_safe(stage), 100, "safe mode is entered")
    # what the workers hold now is claimed or put back before somebody looks
    stage.wait(5)
    held = _review(stage)
    stage.note = f"{since} were sent in the lost part; {held}"


@scenario(
    "FT-23", "a copy of the database is started beside the original", recovery=120
)
def copied(stage: Stage) -> None:
    """No newsletter and no survey goes out of it before somebody has looked, and what they are shown is right."""
    stage.open(workers=1)
    stage.plant(0.2)
    stage.until(lambda: stage.taken() > 0, 60, "the first are sent")
    stage.until_quiet(3)
    for name in ("schedules", "workers"):
        for process in stage.running(name):
            process.stop(seconds=60)
    stage.kill("web")
    old = stage.house.environ["AFTERCART_DATABASE_URL"].rpartition("/")[2]
    stage.postgres.hang_up()
    copy = stage.postgres.database(template=old)
    stage.house.environ["AFTERCART_DATABASE_URL"] = stage.postgres.url(copy)
    sent = Counter(e["message"] for e in stage.ledger() if e["accepted"])
    stage.house.web()
    stage.workers()
    stage.house.schedules()
    stage.plant(1.0)
    stage.wait(20)
    kinds = {one.message: one.kind for one in stage.due}
    new = [
        kinds[e["message"]].name
        for e in stage.ledger()
        if e["accepted"] and e["message"] not in sent
    ]
    held = [name for name in new if name != "delay"]
    stage.expect(not held, f"no newsletter and no survey goes ({Counter(held)})")
    stage.expect("delay" in new, "alerts go on")
    rest = (
        {id_ for id_, kind in kinds.items() if kind.name != "delay"}
        - sent.keys()
        - stage.shop.silent
    )
    shown = [
        json.loads(line)
        for line in stage.house.command(
            "resume", "--json", expect=1
        ).stdout.splitlines()
    ]
    would = sum(one["would_go"] for one in shown)
    stage.expect(would == len(rest), f"it shows what would go ({would} of {len(rest)})")
    stage.house.command("resume", "--reviewed")
    stage.note = f"{would} waited in safe mode, {len(new) - len(held)} alerts went on"


@scenario("FT-24", "no connection is left, statements time out, one in ten is refused")
def busy(stage: Stage) -> None:
    """Everybody tries again, and nothing is done twice for it."""
    stage.open()
    stage.plant(0.2)
    name = stage.house.environ["AFTERCART_DATABASE_URL"].rpartition("/")[2]
    url = stage.postgres.url(name)
    with stage.planting(seconds=50):
        stage.wait(2)
        stage.postgres.alter(_BUSY, database=name)
        stage.wait(10)
        stage.postgres.alter("DROP FUNCTION bench_busy CASCADE", database=name)
        stage.postgres.alter(f"ALTER DATABASE {name} SET statement_timeout = '2s'")
        stage.postgres.hang_up()
        for _ in range(2):
            stage.wait(2)
            with stage.postgres.holding(
                "LOCK TABLE messages IN EXCLUSIVE MODE", database=name
            ):
                stage.wait(4)
        stage.postgres.alter(f"ALTER DATABASE {name} RESET statement_timeout")
        stage.postgres.hang_up()
        with stage.postgres.crowded(url):
            stage.wait(10)


def _is_safe(stage: Stage) -> bool:
    with stage.house.store() as store, store.read() as tx:
        return pauses.SAFE_MODE in pauses.paused(tx)


def _review(stage: Stage) -> str:
    """Looks, as a person does, where it is in safe mode, and lets it go."""
    if not _is_safe(stage):
        return "it did not go into safe mode"
    stage.house.command("resume", "--reviewed")
    return "it waited in safe mode for a review"
