"""The page about the bench has every scenario, and no other."""

import re
from pathlib import Path

from chaos.registry import scenarios

PAGE = Path(__file__).parents[2] / "docs" / "chaos.md"


def test_the_page_names_every_scenario_and_no_other() -> None:
    tables = [
        line
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line[:1] == "|"
    ]
    named = {
        name
        for line in tables
        for name in re.findall(r"(?:FT-\d+|control)(?:-[a-z]+)?", line.split("|")[1])
    }

    assert named == set(scenarios())
