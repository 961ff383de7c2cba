"""What does too much at once do, from a newsletter, from days without a scheduler, or from two faults together?"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from benchmarks import processes
from chaos import shop
from chaos.crashes import SLOW
from chaos.registry import scenario
from chaos.stage import LATENCY, Stage

#: Mails a second that this shop allows itself.
_PACE = 40
_WINDOW = 30
_MEGABYTE = 1024 * 1024


@dataclass
class _Most:
    redis: float = 0.0
    connections: int = 0


@scenario("FT-80", "a newsletter to all at once, and alerts as usual", recovery=120)
def burst(stage: Stage) -> None:
    """Alerts have a process of their own. The newsletter keeps to its pace, and nobody grows without limit."""
    stage.house.environ["AFTERCART_EMAIL_PER_SECOND"] = str(_PACE)
    stage.due.sort(key=lambda one: one.kind.channel == "sms")
    mails = sum(one.kind.channel == "email" for one in stage.due)
    stage.open(workers=0)
    # as in compose.yaml
    stage.house.workers(processes=1, queues=["alerts"])
    stage.house.workers(processes=2, queues=["email", "sms", "events", "maintenance"])
    seconds = max(20.0, 0.9 * mails / _PACE)
    begun = datetime.now(UTC)
    with _watching(stage) as most:
        stage.plant(mails / len(stage.due))
        with stage.planting(seconds=seconds):
            stage.wait(seconds)
        ended = datetime.now(UTC)
        stage.until(stage.drained, 120, "all are sent")
    p95, p99 = _late(stage, begun, ended)
    pace = _fastest(stage)
    memory = max(
        processes.peak_mb(pid)
        for master in stage.running("workers")
        for pid in processes.family(master.popen.pid)
    )
    stage.note = (
        f"alerts p95 {p95:.1f} s, p99 {p99:.1f} s; mails {pace:.1f} a second of {_PACE}; a process "
        f"{memory:.0f} MB, Redis {most.redis:.0f} MB, {most.connections} connections at most"
    )
    stage.expect(p95 <= 10, f"alerts within 10 s (95 in 100: {p95:.1f} s)")
    stage.expect(pace <= _PACE * 1.05, f"no faster than {_PACE} a second ({pace:.1f})")
    stage.expect(memory <= 512, f"no process has 512 MB ({memory:.0f})")
    stage.expect(most.redis <= 200, f"Redis has less than 200 MB ({most.redis:.0f})")


@scenario("FT-81", "nobody ticks for three days, then somebody does", recovery=120)
def three_days(stage: Stage) -> None:
    """What is of use still goes, at its pace; the rest is expired, with a reason."""
    stage.house.environ["AFTERCART_EMAIL_PER_SECOND"] = str(_PACE)
    stage.open(schedules=0)
    now = datetime.now(UTC)
    old = {one.message for number, one in enumerate(stage.due) if number % 2}
    ages = {True: timedelta(days=3), False: timedelta(hours=1)}
    told = [(one, now - ages[one.message in old]) for one in stage.due]
    with stage.house.runtime() as rt:
        shop._take_in(rt, [one.consent(now - timedelta(days=4)) for one in stage.due])
        shop._take_in(rt, [one.event(at) for one, at in told])
    stage.shop.told = len(stage.due)
    stage.shop.at = {one.message: at for one, at in told}
    stage.house.schedules()
    stage.until(stage.drained, 180, "all have come to their end")
    states = stage.states()
    # surveys are of use for a week
    late = {
        one.message
        for one in stage.due
        if one.message in old and one.kind.name != "survey"
    }
    taken = {e["message"] for e in stage.ledger() if e["accepted"]}
    ends = Counter(states.get(id_, "no row") for id_ in late)
    pace = _fastest(stage)
    stage.note = f"of {len(late):,} too old: {dict(ends)}; {len(taken):,} went, {pace:.1f} a second"
    stage.expect(not late & taken, f"nothing too old goes ({len(late & taken)})")
    stage.expect(set(ends) <= {"expired", "skipped"}, f"it is expired ({dict(ends)})")
    stage.expect(pace <= _PACE * 1.05, f"no faster than {_PACE} a second ({pace:.1f})")


@scenario("FT-83", "two faults at once, three times over", recovery=120, unknown=0.02)
def together(stage: Stage) -> None:
    """Redis forgets and the workers die; PostgreSQL dies while a provider is silent; a scheduler stands still beside another."""
    stage.open(faults=SLOW, schedules=2)
    stage.plant(0.2)
    with stage.planting(seconds=60):
        for _ in stage.rounds(2):
            stage.wait(1, 2)
            stage.redis.client.flushall()
            stage.kill_workers(all_at_once=True)
            stage.workers()
            stage.wait(1, 2)
            stage.faults(f"{LATENCY}faults: [{{share: 10%, do: take-and-hang}}]")
            stage.wait(1)
            stage.postgres.crash()
            stage.wait(1)
            stage.postgres.back()
            stage.faults(SLOW)
            with stage.frozen(stage.running("schedules")[0]):
                stage.redis.client.flushall()
                stage.wait(5)


@contextmanager
def _watching(stage: Stage) -> Iterator[_Most]:
    """How much Redis held, and how many connections the database had, at most."""
    most, over = _Most(), threading.Event()

    def look() -> None:
        with stage.house.store() as store:
            while not over.wait(1.0):
                used = stage.redis.client.info("memory")["used_memory"] / _MEGABYTE
                most.redis = max(most.redis, used)
                with store.read() as tx:
                    query = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
                    most.connections = max(
                        most.connections, int(tx.scalar(text(query)) or 0)
                    )

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield most
    finally:
        over.set()
        looking.join()


def _late(stage: Stage, since: datetime, until: datetime) -> tuple[float, float]:
    """Seconds from due to taken, of alerts that became due in between: 95 and 99 in 100 were no later."""
    taken = {
        e["message"]: datetime.fromisoformat(e["at"])
        for e in reversed(stage.ledger())
        if e["accepted"] and e["provider"] == "twilio"
    }
    waits = sorted(
        (taken.get(one.message, datetime.now(UTC)) - at).total_seconds()
        for one in stage.due
        if one.kind.channel == "sms"
        and since <= (at := stage.shop.at[one.message]) < until
    )
    return waits[int(len(waits) * 0.95)], waits[int(len(waits) * 0.99)]


def _fastest(stage: Stage) -> float:
    """Mails a second over the fastest half minute: what one second allows may go at once, and in ten it would be a tenth too many."""
    at = sorted(
        datetime.fromisoformat(e["at"]).timestamp()
        for e in stage.ledger()
        if e["accepted"] and e["provider"] == "sendgrid"
    )
    within = [sum(first <= o < first + _WINDOW for o in at) for first in at[::10]]
    return max(within, default=0) / _WINDOW
