"""docs/flow.md speaks of scenes and files by name: they exist, one scene for each of the thirteen steps."""

import ast
import re
from collections.abc import Iterator

from tests.scenes.house import REPOSITORY

STEPS = [
    "shop", "time", "1 plan", "2 ring", "3 load", "4 decide", "5 render", "6 claim",
    "7 send", "8 settle", "9 track", "10 sweep", "11 read",
]  # fmt: skip
PAGE = (REPOSITORY / "docs" / "flow.md").read_text()


def table(heading: str) -> list[list[str]]:
    """The rows of the table under a heading, cell by cell."""
    part = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def scenes() -> Iterator[str]:
    for file in (REPOSITORY / "tests" / "scenes").glob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node.name


def test_every_step_has_a_line_in_both_tables_and_a_scene_of_its_own() -> None:
    done, dies = table("The thirteen steps"), table("If the process dies here")

    played = [re.findall(r"`(test_\w+)`", row[-1]) for row in dies]

    assert [row[0] for row in done] == [row[0] for row in dies] == STEPS
    assert all(len(names) == 1 for names in played)
    assert len({name for names in played for name in names}) == len(STEPS)


def test_every_scene_that_the_page_names_is_played() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))

    assert named - set(scenes()) == set()


def test_every_file_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`((?:aftercart|workers|schedules)/[\w/.]+)`", PAGE))

    assert len(named) > 10
    assert [name for name in sorted(named) if not (REPOSITORY / name).exists()] == []
