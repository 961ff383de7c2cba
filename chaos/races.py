"""Who is first: the claim of a message, or the word of its customer that ends it? Ten thousand times, close together.

Played with the engine's own verbs and a real database, without queues between them: that is where the two meet.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import orjson
from sqlalchemy import select, text, update

from aftercart import enrolling, intake, planning, tracking
from aftercart.model import Purpose, State
from aftercart.runtime import Runtime
from aftercart.store import transitions
from aftercart.store.tables import customers, messages
from aftercart.store.transitions import Ready
from chaos import workload
from chaos.oracle import Findings
from chaos.registry import scenario
from chaos.stage import Stage
from chaos.workload import Due


@dataclass
class _Tally:
    claimed: dict[str, float] = field(default_factory=dict)  #: when its claim began
    ended: dict[str, float] = field(default_factory=dict)  #: when its end was committed
    usual: float = 0.02  #: seconds that such a word takes


@scenario("FT-73", "unsubscribe, withdrawal, complaint and bounce against claims")
def races(stage: Stage) -> Findings:
    """No claim whose statement began after the commit takes a message; nor does one take it twice."""
    workload.furnish(stage.house)
    stage.shop.open()
    stage.plant(1.0)
    won, lost, wrong, twice, between = 0, 0, 0, 0, 0
    with stage.house.runtime() as rt, stage.house.runtime() as other:
        while planning.plan(rt):
            pass
        ids = _wanted(stage)
        for words in (_unsubscribe, _withdraw, _complain, _bounce):
            _restore(rt, ids)
            tally, copies = _race(stage, [rt, other], ids, words)
            twice += copies
            for id_ in ids:
                begun, over = tally.claimed.get(id_), tally.ended[id_]
                won += begun is not None
                lost += begun is None
                wrong += begun is not None and begun > over
                between += begun is not None and abs(begun - over) < 0.01
    count = won + lost
    stage.expect(not wrong, f"no claim began after the commit ({wrong})")
    stage.expect(not twice, f"none is claimed twice ({twice})")
    stage.expect(won > count // 20 and lost > count // 20, "both win sometimes")
    return Findings(
        due=count,
        accepted=won,
        duplicate=twice,
        note=(
            f"{count:,} races: {won:,} claims came first, {lost:,} words; "
            f"{between:,} within 10 ms; {wrong} claims after the commit"
        ),
    )


def _wanted(stage: Stage) -> list[str]:
    quiet = stage.shop.silent
    return [
        one.message
        for one in stage.due
        if one.message not in quiet and one.kind.purpose is not Purpose.SERVICE
    ]


def _race(
    stage: Stage,
    rts: Sequence[Runtime],
    ids: Sequence[str],
    word: Callable[[Runtime, Due], None],
) -> tuple[_Tally, int]:
    """Two threads claim and one ends, message by message: the claims begin at any moment of the time that the word takes, and as long after."""
    tally, won = _Tally(), Counter[str]()
    due = {one.message: one for one in stage.due}
    # one that breaks must not leave the others waiting
    start = threading.Barrier(3, timeout=60)
    lock = threading.Lock()

    def claim(seed: int) -> None:
        lot = random.Random(f"{stage.seed} {word.__name__} {seed}")
        rt = rts[0]
        for id_ in ids:
            start.wait()
            time.sleep(lot.random() * 2 * tally.usual)
            now = datetime.now(UTC)
            begun = time.monotonic()
            with rt.store.write() as tx:
                ready = [Ready(id_, "nobody", "v", {})]
                until = now + timedelta(seconds=60)
                fences = transitions.claim(
                    tx, ready, now=now, lease_until=until, actor="race"
                )
            with lock:
                won.update(fences)
                if fences:
                    tally.claimed[id_] = begun

    def end() -> None:
        for id_ in ids:
            start.wait()
            begun = time.monotonic()
            word(rts[1], due[id_])
            tally.ended[id_] = time.monotonic()
            tally.usual += 0.1 * (tally.ended[id_] - begun - tally.usual)

    threads = [threading.Thread(target=claim, args=(n,)) for n in range(2)]
    threads.append(threading.Thread(target=end))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally, sum(n - 1 for n in won.values())


def _unsubscribe(rt: Runtime, one: Due) -> None:
    tracking.unsubscribe(rt, one.message, everything=True, source="race")


def _withdraw(rt: Runtime, one: Due) -> None:
    kinds = ("email_marketing", "sms_marketing", "survey")
    now = datetime.now(UTC)
    told = one.consent(now) | {
        "id": f"no-{one.customer}-{now.timestamp()}",
        "type": "customer.withdrew",
    }
    told["customer"]["consents"] = [{"kind": kind, "source": "race"} for kind in kinds]
    good, bad = intake.parse_events([told])
    assert not bad, bad
    enrolling.take_in(rt, good)


def _complain(rt: Runtime, one: Due) -> None:
    _report(rt, one, "spamreport")


def _bounce(rt: Runtime, one: Due) -> None:
    _report(rt, one, "bounce")


def _report(rt: Runtime, one: Due, name: str) -> None:
    now = datetime.now(UTC)
    told = {
        "event": name,
        "email": one.email,
        "mid": one.message,
        "timestamp": int(now.timestamp()),
        "reason": f"{now.timestamp()}",
    }
    tracking.keep(rt, "sendgrid", orjson.dumps([told]))
    tracking.read_inbox(rt)


def _restore(rt: Runtime, ids: Sequence[str]) -> None:
    """Everybody is as before the first race: due, willing, and on no list."""
    now = datetime.now(UTC)
    with rt.store.write() as tx:
        tx.execute(text("DELETE FROM suppressions"))
        # the ledger too: who has said no before does not say it anew
        tx.execute(text("DELETE FROM consents"))
        tx.execute(text("DELETE FROM renditions"))
        tx.execute(
            update(customers).values(
                email_marketing=True, sms_marketing=True, survey=True
            )
        )
        tx.execute(
            update(messages)
            .where(messages.c.id.in_(list(ids)))
            .values(state=State.SCHEDULED, slot_at=now, fence=0, lease_until=None)
        )
        waiting = select(messages.c.id).where(messages.c.state == State.SCHEDULED)
        assert len(tx.execute(waiting).all()) >= len(ids)
