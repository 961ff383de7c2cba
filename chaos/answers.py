"""What becomes of messages whose answer is lost, late, or nonsense?"""

from aftercart.model import Purpose
from benchmarks import processes
from chaos.registry import scenario
from chaos.stage import LATENCY, Stage


def _plant_all(stage: Stage, fault: str) -> None:
    seconds = min(15.0, len(stage.due) / 100)
    stage.open(faults=f"seed: {stage.seed}\n{LATENCY}faults: [{fault}]")
    with stage.planting(seconds=seconds):
        stage.wait(seconds)
    stage.calm()
    stage.wait(1)  # for what the providers had begun to do


@scenario("FT-44", "two in a hundred are taken and cut before the answer", unknown=0.0)
def taken_and_cut(stage: Stage) -> None:
    """Each of them is proved by its report."""
    _plant_all(stage, "{share: 2%, do: take-and-reset}")


@scenario("FT-45", "two in a hundred are taken and never answered", unknown=0.0)
def taken_and_silent(stage: Stage) -> None:
    """Nobody waits longer than the time-out of a request."""
    _plant_all(stage, "{share: 2%, do: take-and-hang}")


@scenario("FT-46", "two in a hundred are cut and were not taken", unknown=0.05)
def not_taken_and_cut(stage: Stage) -> None:
    """Exactly these are unknown in the end; alerts of them go once more."""
    _plant_all(stage, "{share: 2%, do: reset, request: 1}")
    kinds = {one.message: one.kind.purpose for one in stage.due}
    stage.expected_unknown = {
        entry["message"]
        for entry in stage.ledger()
        if entry["status"] == "reset" and kinds[entry["message"]] is not Purpose.SERVICE
    }


@scenario("FT-48", "answers without an id, in HTML, torn, and of 30 MB", unknown=0.0)
def nonsense(stage: Stage) -> None:
    """What was taken is proved; nobody falls over it, and nobody grows fat on it."""
    stage.open()
    stage.plant(0.2)
    stage.until(lambda: stage.taken() > 0, 60, "the first are taken")
    [master] = stage.running("workers")
    pids = processes.family(master.popen.pid)
    before = {pid: processes.peak_mb(pid) for pid in pids}
    stage.faults(
        f"""\
{LATENCY}faults:
  - {{share: 2%, do: take-without-id}}
  - {{share: 2%, do: take-and-html}}
  - {{share: 2%, do: take-and-cut}}
  - {{share: 1%, do: take-and-flood}}
  - {{share: 1%, do: drip, for: 40 s}}
"""
    )
    with stage.planting(seconds=15):
        stage.wait(20)
    stage.calm()
    after = {pid: processes.peak_mb(pid) for pid in pids}
    grown = max(after[pid] - before[pid] for pid in pids)
    stage.expect(grown <= 50, f"no process grows by 50 MB ({grown:.0f} MB)")
    stage.expect(master.running, "no process has ended")


@scenario("FT-49", "one in a hundred is refused for its own sake", unknown=0.0)
def refused(stage: Stage) -> None:
    """Only these fail, whoever was in the batch with them."""
    _plant_all(stage, "{provider: sendgrid, share: 1%, do: answer-400}")
    stage.until(stage.drained, 60, "all have come to their end")
    refused = {e["message"] for e in stage.ledger() if e["status"] == 400}
    failed = {id_ for id_, state in stage.states().items() if state == "failed"}
    words = (
        f"exactly the refused ones fail ({len(refused)} refused, {len(failed)} failed)"
    )
    stage.expect(refused == failed, words)
