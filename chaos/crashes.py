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
