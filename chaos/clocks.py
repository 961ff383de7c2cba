"""What becomes of messages when a clock is wrong, or is another one by the time they are sent?"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from aftercart import planning
from aftercart.handover import Outgoing, Receipt
from aftercart.store.tables import renditions
from chaos.oracle import Findings
from chaos.registry import scenario
from chaos.seasons import ZONES, person
from chaos.shifted import Shift, shift
from chaos.stage import Stage
from tests.scenes.company import MAIL, Inside, take_in
from tests.scenes.house import Process, add_campaign, only

_WINDOW = """\
name: window
purpose: marketing
trigger: {event: note.written}
steps:
  - send: {email: window}
    between: 16:00-19:00
    expires: 3 days
"""


@scenario(
    "FT-60", "the clocks of a worker and a scheduler jump by two hours", recovery=150
)
def jump(stage: Stage) -> None:
    """Who is more than 30 s off claims nothing and says so; the others go on; when the clock is right again, so is everything."""
    stage.open(workers=1)
    worker, scheduler = shift(stage.house, "worker"), shift(stage.house, "scheduler")
    with _by(stage, worker):
        wrong = stage.workers(processes=1)
    with _by(stage, scheduler):
        stage.house.schedules()
    stage.plant(0.2)
    claims = []
    with stage.planting(seconds=70):
        for hours in (2, -2):
            stage.wait(5)
            worker.by(hours * 3600)
            scheduler.by(hours * 3600)
            stage.wait(8)
            before = _claims(stage, wrong)
            stage.wait(15)
            claims.append(_claims(stage, wrong) - before)
            worker.by(0)
            scheduler.by(0)
    stage.expect(before, "the worker had claimed something before")
    stage.expect(not any(claims), f"nothing is claimed by that clock ({claims})")
    stage.expect("the clock of this process says" in wrong.words, "the worker says so")
    stage.note = (
        f"the worker claimed {before} with its clock right, {sum(claims)} with it wrong"
    )


@scenario("FT-62", "customers move to another zone between plan and send")
def moved(stage: Stage) -> Findings:
    """Windows are those of where the customer is when the message is sent. Another edition of the zones themselves is not played."""
    only(stage.house, [])
    add_campaign(stage.house, "window", _WINDOW, MAIL)
    start = datetime(2026, 6, 3, 6, 0, tzinfo=UTC)
    people = range(min(200, len(stage.due)))
    to = {
        f"quillonia.{n}@canary.example": ZONES[(n * 5 + 3) % len(ZONES)] for n in people
    }
    sent: dict[str, time] = {}
    with Inside(stage.house, at=start) as inside:

        def take(message: Outgoing) -> Receipt:
            local = inside.now.astimezone(ZoneInfo(to[message.to]))
            sent[message.to] = local.time()
            return Receipt("scene", message.message_id)

        inside.provider.does = take
        was = [
            person(n, ZONES[n % len(ZONES)], start - timedelta(days=1)) for n in people
        ]
        take_in(inside.rt, was)
        take_in(inside.rt, [_note(n, start) for n in people])
        planning.plan(inside.rt)
        inside.later(minutes=1)
        take_in(
            inside.rt,
            [person(n, zone, inside.now) for n, zone in enumerate(to.values())],
        )
        for _ in range(2 * 24 * 4):
            inside.tick()
            inside.later(minutes=15)
    wrong = [h for h in sent.values() if not time(16) <= h < time(19)]
    stage.expect(not wrong, f"each within its window ({len(wrong)} not: {wrong[:3]})")
    stage.expect(
        len(sent) == len(people), f"all are sent ({len(sent)} of {len(people)})"
    )
    told = f"{len(people)} people moved after the plan, {len(wrong)} heard outside their window"
    return Findings(len(people), len(sent), lost=len(people) - len(sent), note=told)


def _note(n: int, at: datetime) -> dict[str, object]:
    return {
        "id": f"e-{n}", "type": "note.written", "at": at.isoformat(), "customer": {"id": f"c-{n}"},
    }  # fmt: skip


def _claims(stage: Stage, workers: Process) -> int:
    """How often these workers have claimed anything."""
    pids = tuple(f"/{pid}" for pid in workers.children())
    with stage.house.store() as store, store.read() as tx:
        actors = tx.scalars(select(renditions.c.actor)).all()
    return sum(actor.endswith(pids) for actor in actors)


@contextmanager
def _by(stage: Stage, clock: Shift) -> Iterator[None]:
    """Who is started in here goes by this clock."""
    stage.house.environ |= clock.environ
    try:
        yield
    finally:
        for name in clock.environ:
            del stage.house.environ[name]
