"""Would the bench see it? Rules broken on purpose, each of which has to be caught; and one that another rule makes up for."""

from sqlalchemy import text

from chaos import power, sabotage
from chaos.crashes import SLOW, kill_workers
from chaos.looking import reported, unread
from chaos.registry import scenario
from chaos.stage import LATENCY, Stage


@scenario(
    "control-a",
    "workers that send first and write it down then are killed",
    caught=("duplicate",),
    recovery=100,
)
def send_then_record(stage: Stage) -> None:
    """FT-01, with the order in which most senders do it."""
    sabotage.into(stage.house, "send_then_record")
    kill_workers(stage)


@scenario("FT-04-race", "planners race each other without their lock")
def race(stage: Stage) -> None:
    """The key of a message makes up for it: this has to hold."""
    sabotage.into(stage.house, "plan_at_once")
    _race(stage)


@scenario(
    "control-b",
    "planners race, and a message has no key",
    caught=("duplicate",),
    recovery=60,
)
def no_key(stage: Stage) -> None:
    """The same race."""
    sabotage.into(stage.house, "plan_without_key")
    with stage.house.store() as store:
        store.upgrade()
        with store.write() as tx:
            found = tx.execute(
                text(
                    "SELECT conname FROM pg_constraint"
                    " WHERE conrelid = 'messages'::regclass AND contype = 'u'"
                )
            )
            for name in found.scalars().all():
                tx.execute(text(f"ALTER TABLE messages DROP CONSTRAINT {name}"))
    _race(stage)


def _race(stage: Stage) -> None:
    stage.open(workers=2, threads=4, schedules=4)
    for _ in range(5):
        stage.plant(0.2)
        stage.wait(2)


@scenario(
    "FT-32",
    "the power goes, and SQLite's log keeps what was synced",
    database="sqlite",
    reports=False,
    unknown=1.0,
)
def power_cut(stage: Stage) -> None:
    """Claims were synced before a byte left, so none of them is forgotten. Nothing but the workers has the database open."""
    _power_cut(stage)


@scenario(
    "control-c",
    "the power goes, and SQLite syncs its log only now and then",
    caught=("duplicate", "lost"),
    database="sqlite",
    reports=False,
    recovery=100,
)
def sync_seldom(stage: Stage) -> None:
    """The same, where a claim that was committed may be forgotten."""
    sabotage.into(stage.house, "sync_seldom")
    _power_cut(stage, rounds=8)


def _power_cut(stage: Stage, rounds: int = 4) -> None:
    stage.open(faults=SLOW, workers=0)
    stage.plant(1.0)
    power.watch(stage.house)
    for _ in stage.rounds(rounds):
        stage.workers()
        stage.wait(2, 4)
        stage.kill_workers(all_at_once=True)
        power.cut(stage.house)
    del stage.house.environ["LD_PRELOAD"]
    stage.workers()


@scenario(
    "control-d",
    "reports are told apart by the id that each copy is given",
    caught=("miscounted",),
)
def event_ids(stage: Stage) -> None:
    """Each report comes several times, as the providers do; each has to be counted once."""
    sabotage.into(stage.house, "trust_event_ids")
    stage.open(faults=f"{LATENCY}webhooks: {{copies: 1-5, shuffle: true}}")
    stage.plant(1.0)
    stage.until(stage.drained, 60, "all are sent")
    stage.until(lambda: stage.reports_waiting() == 0, 60, "all is reported")
    stage.until(lambda: unread(stage.house) == 0, 60, "all is read")
    mails = {one.message for one in stage.due if one.kind.channel == "email"}
    told = reported(stage.house)
    stage.miscounted = sum(told[message] != 2 for message in mails - stage.shop.silent)


@scenario(
    "control-e",
    "planners that note their progress before they write die",
    caught=("lost",),
    recovery=20,
)
def note_before_doing(stage: Stage) -> None:
    """Killed in between, what was fetched is nobody's business any more."""
    sabotage.into(stage.house, "note_before_doing")
    stage.open(faults=SLOW, workers=0)
    stage.house.workers(processes=1, queues=["alerts", "email", "sms"])
    with stage.planting(seconds=15):
        for _ in stage.rounds(6):
            planner = stage.house.workers(
                processes=1, threads=1, queues=["maintenance", "events"]
            )
            stage.wait(1, 2.5)
            stage.kill_one(planner)
    stage.house.workers(processes=1, threads=1, queues=["maintenance", "events"])
