"""What becomes of messages when processes die or stand still?"""

from chaos.registry import scenario
from chaos.stage import Stage

#: Long enough that a process which dies has requests on their way.
SLOW = "latency: {sendgrid: 300 ms, twilio: 300 ms, spread: 150 ms}\n"


@scenario("FT-01", "worker processes are killed while they send")
def kill_workers(stage: Stage) -> None:
    """Some of them alone, after which dramatiq ends the others; some all at once."""
    stage.open(faults=SLOW)
    stage.plant(0.3)
    with stage.planting(seconds=20):
        for _ in stage.rounds(6):
            stage.wait(0.5, 2)
            stage.kill_workers()
            stage.workers()


@scenario(
    "FT-02",
    "worker processes are killed, and the providers report nothing",
    reports=False,
    unknown=1.0,
)
def kill_workers_unheard(stage: Stage) -> None:
    """What was on its way cannot be proved: it has to be listed, and must not go out again."""
    kill_workers(stage)


@scenario("FT-03", "schedulers and planners are killed at any moment of their work")
def kill_planners(stage: Stage) -> None:
    """The planner has a process of its own, so that it dies while it plans and not only while others send."""
    stage.open(workers=0, schedules=0)
    stage.house.workers(processes=1, queues=["alerts", "email", "sms"])
    stage.plant(0.1)
    with stage.planting(seconds=25):
        for _ in stage.rounds(8):
            ticking = stage.house.schedules()
            planner = stage.house.workers(
                processes=1, threads=1, queues=["maintenance", "events"]
            )
            stage.wait(0.2, 1.5)
            stage.kill_one(ticking)
            stage.kill_one(planner)
    stage.house.schedules()
    stage.house.workers(processes=1, queues=["maintenance", "events"])


@scenario("FT-04", "three schedulers at once, one of which stands still for 65 s")
def many_schedulers(stage: Stage) -> None:
    """Longer than a lease and than the minute after which a bell rings again."""
    stage.open(schedules=3)
    stage.plant(0.2)
    frozen = stage.running("schedules")[1]
    with stage.planting(seconds=60), stage.frozen(frozen):
        stage.wait(65)


@scenario("FT-05", "a worker process stands still for 80 s with messages in its hands")
def frozen_worker(stage: Stage) -> None:
    """Some of its requests are written and some are not: it has few lanes. Then it goes on, long after its lease."""
    stage.house.environ["AFTERCART_SENDS_IN_FLIGHT"] = "8"
    stage.open(faults=SLOW, workers=1)
    stage.plant(0.1)
    sleeper = stage.workers(processes=1)
    with stage.planting(seconds=20):
        stage.wait(4, 5)
        with stage.frozen(sleeper):
            stage.wait(80)


@scenario("FT-01-sqlite", "worker processes are killed, with SQLite", database="sqlite")
def kill_workers_sqlite(stage: Stage) -> None:
    """One file, several processes."""
    kill_workers(stage)
