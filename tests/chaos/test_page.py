"""The page about the bench has every scenario, and no other."""

from pathlib import Path

from chaos.registry import scenarios

PAGE = Path(__file__).parents[2] / "docs" / "chaos.md"


def test_the_page_names_every_scenario_and_no_other() -> None:
    _, _, text = PAGE.read_text(encoding="utf-8").partition("## Scenarios")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    named = {name for row in rows for name in row.split("|")[1].strip().split(", ")}

    assert named - {"name"} == set(scenarios())
