"""Whatever stands in a file: `aftercart check` ends soon, in little memory, and says in words what is wrong and where."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.box import Box, Outcome
from tests.hostile.campaigns import CAMPAIGNS, GOOD
from tests.hostile.poison import KINDS
from tests.hostile.templates import TEMPLATES
from tests.unit.rendering.shelf import fill

#: What one check may take. Of time it is the CPU's, which does not change with what else the machine has to do.
SECONDS, MEGABYTES = 2.0, 300.0
#: What is printed never grows with the file.
LINES = 250


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    opened = Box()
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A shop with one sound campaign and its template."""
    (tmp_path / "campaigns" / "shop").mkdir(parents=True)
    (tmp_path / "campaigns" / "shop" / "shop.yaml").write_text("name: Meadow\n")
    (tmp_path / "campaigns" / "spring.yaml").write_text(GOOD)
    fill(tmp_path / "templates")
    return tmp_path


def put(file: Path, content: str | bytes) -> None:
    file.write_bytes(content.encode() if isinstance(content, str) else content)


def contained(outcome: Outcome, words: str) -> None:
    assert "Traceback" not in outcome.printed
    assert outcome.code == (1 if words else 0), outcome.printed[-2000:]
    assert words in outcome.printed
    assert outcome.seconds < SECONDS
    assert outcome.megabytes < MEGABYTES
    assert outcome.printed.count("\n") < LINES


@pytest.mark.parametrize("tried", TEMPLATES)
def test_a_hostile_template_costs_little_and_is_told_in_words(
    box: Box, folder: Path, tried: str
) -> None:
    files, words = TEMPLATES[tried]
    for path, content in files.items():
        put(folder / "templates" / path, content)

    contained(box.check(folder), words and f"templates/{words}")


@pytest.mark.parametrize("tried", CAMPAIGNS)
def test_a_hostile_campaign_costs_little_and_is_told_in_words(
    box: Box, folder: Path, tried: str
) -> None:
    file, content, words = CAMPAIGNS[tried]
    put(folder / "campaigns" / file, content)

    contained(box.check(folder), words and f"campaigns/{words}")


@pytest.mark.parametrize("home", ["campaigns", "templates/hello", "templates/_base"])
def test_links_pipes_and_devices_are_never_waited_for(
    box: Box, folder: Path, home: str
) -> None:
    ending = "yaml" if home == "campaigns" else "txt"
    (folder / home / f"around.{ending}").symlink_to(f"around.{ending}")
    (folder / home / f"endless.{ending}").symlink_to("/dev/zero")
    (folder / home / f"again.{ending}").symlink_to(folder, target_is_directory=True)
    os.mkfifo(folder / home / f"pipe.{ending}")

    outcome = box.check(folder)

    words = {
        "campaigns": "campaigns/pipe.yaml:1:1: this is not a file",
        "templates/hello": 'templates/hello/again.txt:1:1: "again.txt" is not a language',
        "templates/_base": "",  # what nobody includes is no part of a message
    }
    contained(outcome, words[home])


def test_shared_files_behind_a_link_are_not_read(box: Box, folder: Path) -> None:
    (folder / "templates" / "_base").rename(folder / "elsewhere")
    (folder / "templates" / "_base").symlink_to(folder / "elsewhere")

    words = "templates/_base/footer.txt:1:1: cannot be read: it is a link"
    contained(box.check(folder), words)


def test_a_template_of_many_hostile_ones_does_not_hide_the_others(
    box: Box, folder: Path
) -> None:
    for number, tried in enumerate(["deep brackets", "doubling by macros", "powers"]):
        fill(folder / "templates")
        (folder / "templates" / "hello").rename(folder / "templates" / f"t{number}")
        body = TEMPLATES[tried][0]["hello/body.txt"]
        put(folder / "templates" / f"t{number}" / "body.txt", body)
    fill(folder / "templates")

    outcome = box.check(folder)

    for number in range(3):
        assert f"templates/t{number}/body.txt:1:" in outcome.printed
    contained(outcome, "3 problems in 3 files")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("works", "takes more than 1 s of computing"),
        ("eats", "takes more than 256 MB of memory"),
        ("nibbles", "takes more than 256 MB of memory"),
        ("breaks", "is inside itself so deeply that reading it breaks off"),
        ("waits", "does not come to an end"),
        ("talks", "does not come to an end"),
    ],
)
def test_what_gets_past_the_rules_ends_its_child_and_nothing_else(
    kind: str, words: str
) -> None:
    assert kind in KINDS
    ran = subprocess.run(
        [sys.executable, "-m", "tests.hostile.poison", kind],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ran.stdout.splitlines() == [
        "a:1:1: was looked at",
        f"poison:1:1: {words} (make it smaller and simpler)",
        "z:1:1: was looked at",
    ]
