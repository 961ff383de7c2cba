"""What becomes of reports that come many times, in any order, too early, too late, in a flood, or while nobody listens?"""

import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from aftercart import settings, sweeping
from aftercart.runtime import open_runtime
from aftercart.store.tables import messages, provider_events, suppressions
from chaos.calling import Caller, event
from chaos.looking import left, reported, unread
from chaos.registry import scenario
from chaos.stage import LATENCY, Stage

_BOUNCE = {"reason": "550 5.1.1 no such mailbox here", "type": "bounce"}
#: As many copies of one report as have been seen.
_COPIES = 46


@scenario("FT-50", "each report comes 1 to 46 times, shuffled, with fresh ids")
def copies(stage: Stage) -> None:
    """Every report is counted once; an address that bounces 46 times is on the list once."""
    stage.open(faults=f"{LATENCY}webhooks: {{copies: 1-{_COPIES}, shuffle: true}}")
    stage.plant(1.0)
    stage.until(stage.drained, 120, "all are sent")
    _until_read(stage)
    told, taken = reported(stage.house), _mails(stage)
    stage.miscounted = sum(told[e["message"]] != 2 for e in taken)
    bounced = taken[:20]
    before = _listed(stage)
    events = [event(e, "bounce", **_BOUNCE) for e in bounced]
    many = [
        one | {"sg_event_id": f"copy-{n}"} for n in range(_COPIES) for one in events
    ]
    stage.lot.shuffle(many)
    caller = Caller(stage.house)
    for start in range(0, len(many), 100):
        caller.mail(many[start : start + 100])
    _until_read(stage)
    added = _listed(stage) - before
    stage.expect(added == len(bounced), f"one row for an address ({added} of 20)")
    told = reported(stage.house)
    stage.miscounted += sum(told[e["message"]] != 3 for e in bounced)
    stage.expect(stage.miscounted == 0, f"each once ({stage.miscounted} are not)")
    _deliveries(stage, {e["message"]: "bounced" for e in bounced})
    stage.note = f"{len(many):,} copies of 20 bounces: {added} rows on the list"


@scenario("FT-51", "reports before the answer, out of order, unknown, 3 days late")
def disorder(stage: Stage) -> None:
    """A report proves what it is about whenever it comes; one that fits nothing changes nothing."""
    stage.open(faults=f"{LATENCY}faults: [{{share: 20%, do: slow, for: 3 s}}]")
    stage.plant(0.5)
    stage.until(lambda: left(stage.house, stage.shop.told) == 0, 120, "sent, half")
    first = {e["message"] for e in _mails(stage)}
    cut = "faults: [{provider: sendgrid, share: 10%, do: take-and-reset}]\n"
    stage.faults(f"{LATENCY}{cut}webhooks: {{hold: true}}")
    stage.plant(0.5)
    stage.until(stage.drained, 120, "sent, the other half")
    told = [e for e in _mails(stage) if e["message"] not in first]
    lost = [e for e in told if e["status"] == "reset"]
    expected = _out_of_order(stage, [e for e in told if e not in lost])
    _of_nobody(stage)
    unknown = _three_days_later(stage)
    stage.calm()
    stage.workers()
    stage.house.schedules()
    _until_read(stage)
    states = stage.states()
    proved = sum(states[id_] == "accepted" for id_ in unknown)
    stage.expect(unknown, "something became unknown")
    stage.expect(proved == len(unknown), f"all are proved, {proved} of {len(unknown)}")
    _deliveries(stage, expected)
    stage.note = (
        f"{len(expected):,} out of order, {proved} of {len(unknown)} unknown proved"
    )


@scenario("FT-53", "2,000 reports in a second, for 15 s")
def flood(stage: Stage) -> None:
    """Each is answered within a second and counted once; alerts do not wait for them."""
    stage.open(workers=0)
    stage.house.workers(processes=1, queues=["alerts"])
    stage.house.workers(processes=1, queues=["email", "sms", "maintenance", "events"])
    stage.plant(0.5)
    stage.until(lambda: left(stage.house, stage.shop.told) == 0, 120, "sent, half")
    _until_read(stage)
    begun = datetime.now(UTC)
    with stage.planting(seconds=15):
        answers, count = _flood(stage, seconds=15)
    ended = datetime.now(UTC)
    stage.until(stage.drained, 120, "all are sent")
    _until_read(stage)
    statuses = Counter(status for status, _ in answers)
    waits = sorted(seconds for _, seconds in answers)
    p99 = waits[int(len(waits) * 0.99)]
    late = stage.late("twilio", begun, ended)
    new = _clicks(stage)
    stage.note = (
        f"{count:,} reports in {(ended - begun).total_seconds():.0f} s, answers p99 {p99:.2f} s, "
        f"alerts p95 {late:.1f} s"
    )
    stage.expect(set(statuses) == {204}, f"each is taken ({dict(statuses)})")
    stage.expect(p99 <= 1, f"answered within a second (99 in 100: {p99:.2f} s)")
    stage.expect(new == count, f"each counted once ({new:,} of {count:,})")
    stage.expect(late <= 10, f"alerts within 10 s (95 in 100: {late:.1f} s)")


@scenario("FT-54", "nobody listens to reports for 40 s")
def deaf(stage: Stage) -> None:
    """The providers say it again; what they said is right in the end."""
    stage.open()
    stage.plant(0.3)
    with stage.planting(seconds=15):
        stage.wait(2)
        stage.kill("web")
        stage.wait(40)
        stage.house.web()
    stage.until(stage.drained, 90, "all are sent")
    _until_read(stage)
    _deliveries(stage, {})


def _until_read(stage: Stage) -> None:
    def read() -> bool:
        return stage.reports_waiting() == 0 and unread(stage.house) == 0

    stage.until(read, 180, "all is reported and read")


def _mails(stage: Stage) -> list[dict[str, Any]]:
    return [e for e in stage.ledger() if e["accepted"] and e["provider"] == "sendgrid"]


def _clicks(stage: Stage) -> int:
    with stage.house.store() as store, store.read() as tx:
        query = select(func.count()).where(provider_events.c.signal == "clicked")
        return int(tx.scalar(query) or 0)


def _listed(stage: Stage) -> int:
    with stage.house.store() as store, store.read() as tx:
        return int(tx.scalar(select(func.count()).select_from(suppressions)) or 0)


def _deliveries(stage: Stage, expected: dict[str, str]) -> None:
    """Every message that was taken was delivered, except for these."""
    with stage.house.store() as store, store.read() as tx:
        query = select(messages.c.id, messages.c.delivery)
        found = {id_: str(delivery) for id_, delivery in tx.execute(query)}
    taken = {e["message"] for e in stage.ledger() if e["accepted"]}
    wrong = {
        found[id_] for id_ in taken if found[id_] != expected.get(id_, "delivered")
    }
    stage.expect(not wrong, f"how each was delivered ({', '.join(sorted(wrong))})")


def _out_of_order(stage: Stage, entries: list[dict[str, Any]]) -> dict[str, str]:
    """Says the reports on these in any order and number; message -> how it was delivered."""
    caller, events, expected = Caller(stage.house), [], {}
    for number, entry in enumerate(entries):
        names = ["processed", "deferred", "delivered"]
        if number % 3 == 0:
            names.append("bounce")
        expected[entry["message"]] = "bounced" if "bounce" in names else "delivered"
        for name in names:
            more = _BOUNCE if name == "bounce" else {}
            told = event(entry, name, **more)
            events += [told] * stage.lot.randint(1, 3)
    stage.lot.shuffle(events)
    for start in range(0, len(events), 50):
        status = caller.mail(events[start : start + 50])
        stage.expect(status == 204, f"reports are taken ({status})")
    return expected


def _of_nobody(stage: Stage) -> None:
    """A message that nobody knows, and a late bounce that names none."""
    nobody = {"to": "nobody@canary.example", "ref": "nobody", "message": "nobody"}
    before, known = _listed(stage), len(stage.states())
    Caller(stage.house).mail([event(nobody, "delivered")])
    late = event(nobody, "bounce", **_BOUNCE)
    Caller(stage.house).mail(
        [{k: late[k] for k in ("email", "event", "timestamp", "reason")}]
    )
    stage.until(lambda: unread(stage.house) == 0, 60, "they are read")
    stage.until(lambda: _listed(stage) > before, 10, "who bounced is on the list")
    stage.expect(len(stage.states()) == known, "no message comes of it")
    with stage.house.store() as store, store.read() as tx:
        query = select(func.count()).where(provider_events.c.message_id == "nobody")
        stage.expect(tx.scalar(query) == 1, "what fits nothing is kept")


def _three_days_later(stage: Stage) -> set[str]:
    """Everybody else stands still while a process of the bench waits for proof in vain; the messages that became unknown."""
    for name in ("schedules", "workers"):
        for process in stage.running(name):
            process.stop(seconds=60)
    for hours in (0, 1, 73, 74):
        rt = open_runtime(
            settings.read(stage.house._settings()),
            clock=lambda h=hours: datetime.now(UTC) + timedelta(hours=h),  # type: ignore[misc]
        )
        while sweeping.sweep(rt).unknown:
            pass
        rt.close()
    return {id_ for id_, state in stage.states().items() if state == "unknown"}


def _flood(stage: Stage, *, seconds: float) -> tuple[list[tuple[int, float]], int]:
    """Four callers, a hundred reports in a call, twenty calls in a second; each answer and how long it took."""
    mails, answers = _mails(stage), list[tuple[int, float]]()
    begun, calls = time.monotonic(), int(seconds * 20)

    def call(first: int) -> None:
        caller = Caller(stage.house)
        for number in range(first, calls, 4):
            told = [
                event(
                    mails[n % len(mails)],
                    "click",
                    url=f"https://shop.example/{number}/{n}",
                )
                for n in range(100)
            ]
            time.sleep(max(0.0, begun + number / 20 - time.monotonic()))
            asked = time.monotonic()
            status = caller.mail(told)
            answers.append((status, time.monotonic() - asked))

    threads = [threading.Thread(target=call, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers, calls * 100
