"""The tutorial, followed word by word: what it says to write is written, what it says to run is run, and the answers are those that it shows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.scenes.house import REPOSITORY, House, git

pytestmark = pytest.mark.slow

_BLOCK = re.compile(r"^```(\w+)(?: (>> )?(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EDIT = re.compile(r"In `([^`]+)`,\s+change\s+`([^`]+)`\s+to\s+`([^`]+)`")


@dataclass(frozen=True)
class Step:
    """One thing to do, at its place in the page."""

    at: int
    kind: str  #: "write", "append", "change" or "run"
    what: tuple[str, ...]


def _steps(page: str) -> list[Step]:
    found = []
    for block in _BLOCK.finditer(page):
        language, append, file, text = block.groups()
        if language == "console":
            found += [
                Step(block.start() + n, "run", step)
                for n, step in enumerate(_commands(text))
            ]
        elif file:
            kind = "append" if append else "write"
            found.append(Step(block.start(), kind, (file, text)))
    for edit in _EDIT.finditer(page):
        found.append(Step(edit.start(), "change", edit.groups()))
    return sorted(found, key=lambda step: step.at)


def _commands(text: str) -> Iterator[tuple[str, ...]]:
    """Each command with the lines that it is said to answer."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *answer = part.splitlines()
        yield command, *answer


def _run(house: House, command: str, answer: tuple[str, ...]) -> None:
    program, *arguments = command.split()
    if program == "export":
        house.environ["AFTERCART_DATABASE_URL"] = arguments[0].partition("=")[2]
    if program != "aftercart":
        return
    findings = 1 if any(" problem" in line for line in answer) else 0
    said = house.command(*arguments, expect=findings).stdout.splitlines()
    told = "\n".join(said)
    place = 0
    for line in answer:
        if line == "…":
            continue
        known, _, rest = line.partition("…")
        for number in range(place, len(said)):
            seen = said[number]
            if (
                seen.startswith(known)
                if rest or "…" in line
                else seen.rstrip() == known.rstrip()
            ):
                place = number + 1
                break
        else:
            raise AssertionError(f"$ {command}\nshould say: {line}\nand said:\n{told}")


def test_it_can_be_followed_word_by_word(house: House) -> None:
    page = (REPOSITORY / "docs" / "tutorial.md").read_text()
    steps = _steps(page)
    assert len(steps) > 15
    git(house.folder, "init", "-q")
    git(house.folder, "add", "campaigns", "templates")
    git(house.folder, "commit", "-qm", "As it was cloned")
    for step in steps:
        match step.kind:
            case "run":
                command, *answer = step.what
                _run(house, command, tuple(answer))
            case "change":
                file, old, new = step.what
                path = house.folder / file
                assert old in path.read_text(), step
                path.write_text(path.read_text().replace(old, new, 1))
            case _:
                file, text = step.what
                path = house.folder / file
                path.parent.mkdir(exist_ok=True)
                before = path.read_text() if step.kind == "append" else ""
                path.write_text(before + text)
