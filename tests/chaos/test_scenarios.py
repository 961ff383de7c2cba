"""The most telling scenarios of the bench, small: what it promises about them holds, and it sees what was broken on purpose."""

from pathlib import Path

import pytest

from chaos import table
from chaos.bench import play
from chaos.registry import scenarios

pytestmark = pytest.mark.slow


def test_what_was_taken_without_an_answer_is_proved_and_comes_once(
    tmp_path: Path,
) -> None:
    result = play(scenarios()["FT-44"], size=200, seed=7, keep=tmp_path)

    assert result.holds, table.line(result)
    found = result.findings
    assert (found.lost, found.duplicate, found.unknown) == (0, 0, 0)
    assert found.accepted >= 190


def test_the_bench_sees_a_report_that_is_counted_twice(tmp_path: Path) -> None:
    result = play(scenarios()["control-d"], size=150, seed=7, keep=tmp_path)

    assert result.holds, table.line(result)
    assert result.findings.miscounted > 0


def test_every_scenario_has_a_name_of_its_own_and_a_sentence() -> None:
    known = scenarios()

    assert all(one.sentence and one.play.__doc__ for one in known.values())
    assert {"FT-01", "control-a"} <= set(known)
