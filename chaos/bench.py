"""How did it go? One scenario from the first process to the verdict."""

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chaos import looking, rest, workload
from chaos.oracle import Findings, judge
from chaos.registry import Scenario
from chaos.servers import Postgres, Redis
from chaos.stage import Stage
from tests.scenes.house import build

#: After this the runner waits no longer for the drain, whatever the bound says.
PATIENCE = 240.0
#: The size for which the bounds are said, and how many messages a second two cores send at least while they make good a backlog.
_USUAL, _A_SECOND = 2_000, 250


@dataclass
class Result:
    """A line of the table."""

    scenario: Scenario
    findings: Findings
    recovery: float | None = 0.0  #: None where nothing was to recover
    seconds: float = 0.0
    broken: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether everything that was promised was kept; of a control, whether its fault was seen."""
        return not self.broken

    def as_json(self) -> dict[str, Any]:
        """For chaos/results.json."""
        told = vars(self.findings) | {"ended": dict(self.findings.ended)}
        return {
            "scenario": self.scenario.name,
            "sentence": self.scenario.sentence,
            **told,
            "broken": self.broken,
            "recovery_seconds": None
            if self.recovery is None
            else round(self.recovery, 1),
            "seconds": round(self.seconds, 1),
            "holds": self.holds,
        }


def play(
    scenario: Scenario, *, size: int, seed: int, keep: Path | None = None
) -> Result:
    """Plays a scenario in a folder of its own; `keep` leaves the folder there."""
    begun = time.monotonic()
    with ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stage = _stage(scenario, folder, stack, size=size, seed=seed)
        counted = scenario.play(stage)
        if counted is not None:
            broken = counted.broken + stage.broken
            seconds = time.monotonic() - begun
            return Result(scenario, counted, None, seconds, broken=broken)
        patience = scenario.recovery if scenario.caught else PATIENCE
        recovery = rest.recover(stage, limit=max(patience, scenario.recovery))
        rest.finish(stage)
        result = _verdict(stage, recovery)
    result.seconds = time.monotonic() - begun
    return result


def _stage(
    scenario: Scenario, folder: Path, stack: ExitStack, *, size: int, seed: int
) -> Stage:
    redis, postgres = Redis(), Postgres(durable=True)
    redis.start()
    stack.callback(redis.stop)
    url = ""
    if scenario.database == "postgresql":
        postgres.start()
        stack.callback(postgres.stop)
        url = postgres.url(postgres.database())
    house = build(folder / "shop", database_url=url, broker_url=redis.url)
    stack.callback(house.stop)
    due = workload.occurrences(size, seed=seed, now=datetime.now(UTC))
    return Stage(scenario, house, redis, postgres, due, seed)


def _verdict(stage: Stage, recovery: float) -> Result:
    scenario = stage.scenario
    rows = looking.rows(stage.house)
    findings = judge(
        stage.due,
        stage.house.ledger(),
        rows,
        reports=scenario.reports,
        silent=stage.shop.silent,
    )
    stage.look_for_canaries()
    stage.look_into_logs()
    unknown = {id_ for id_, row in rows.items() if row.state == "unknown"}
    stage.expect(
        rest.listed_unknown(stage) == unknown, "the log lists all that is unknown"
    )
    if stage.expected_unknown is not None:
        same = unknown == stage.expected_unknown
        stage.expect(same, "exactly what was not taken is unknown")
    findings.miscounted = stage.miscounted
    findings.note = stage.note
    broken = findings.broken + stage.broken
    if scenario.caught:
        broken = _missed(scenario, findings)
    else:
        broken += _beyond(scenario, findings, recovery, of=len(stage.due))
    return Result(scenario, findings, recovery, broken=broken)


def _beyond(
    scenario: Scenario, found: Findings, recovery: float, *, of: int
) -> list[str]:
    """The bounds that were passed."""
    # at a greater size more has piled up by then, and it takes its time to send it
    backlog = max(0, of - _USUAL) / _A_SECOND
    limits: list[tuple[str, float, float, Callable[[float], str]]] = [
        ("unknown", found.unknown, scenario.unknown * of, "{:.0f}".format),
        ("again", found.again, scenario.again * of, "{:.0f}".format),
        ("recovery", recovery, scenario.recovery + backlog, "{:.0f} s".format),
    ]
    return [
        f"{name} {form(value)}, allowed {form(limit)}"
        for name, value, limit, form in limits
        if value > limit
    ]


def _missed(scenario: Scenario, found: Findings) -> list[str]:
    """A control holds where the bench has seen what was broken on purpose."""
    if any(getattr(found, name) for name in scenario.caught):
        return []
    return [f"broken on purpose, and not seen: {', '.join(scenario.caught)}"]
