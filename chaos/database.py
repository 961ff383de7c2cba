"""What becomes of messages when the database dies, hangs up, or stays away?"""

from datetime import UTC, datetime

from chaos.registry import scenario
from chaos.stage import Stage

#: Requests that may be on their way when the database goes: two processes, two threads, a batch each.
_CLAIMED = 400


@scenario(
    "FT-20",
    "PostgreSQL loses its power and hangs up on everybody",
    unknown=0.02,
)
def restart(stage: Stage) -> None:
    """What was committed is there again; what was on its way is proved by the reports."""
    stage.open()
    stage.plant(0.3)
    with stage.planting(seconds=25):
        for _ in stage.rounds(5):
            stage.wait(1, 3)
            stage.postgres.crash()
            stage.wait(0.1, 1)
            stage.postgres.back()
            for _ in range(2):
                stage.wait(0.3, 1)
                stage.postgres.hang_up()


@scenario("FT-21", "PostgreSQL is away for 40 s", recovery=90)
def away(stage: Stage) -> None:
    """Nothing is claimed, so nothing goes out; the providers' reports are refused and come again."""
    stage.open()
    stage.plant(0.3)
    with stage.planting(seconds=30):
        stage.wait(3)
        stage.postgres.crash()
        gone = datetime.now(UTC)
        stage.wait(10)
        stage.expect(stage.web_answers("/readyz") == 503, "/readyz says 503")
        stage.wait(30)
        went = stage.taken(gone)
        stage.postgres.back()
    stage.expect(went <= _CLAIMED, f"only what was claimed goes out ({went})")
