"""`aftercart plan`: what the files of the working tree would change, against a revision of them."""

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.scenes.house import House, git

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("git") is None, reason="needs git"),
]


@pytest.fixture(scope="module")
def kept(played: House) -> Iterator[House]:
    """The played shop, its campaigns under git; a test changes a file and changes it back."""
    git(played.folder, "init", "-q")
    git(played.folder, "add", "campaigns", "templates")
    git(played.folder, "commit", "-qm", "As it was")
    yield played
    shutil.rmtree(played.folder / ".git")


@pytest.fixture
def edit(kept: House) -> Iterator[Any]:
    def change(name: str, old: str, new: str) -> None:
        file = kept.folder / "campaigns" / f"{name}.yaml"
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new, 1))

    yield change
    git(kept.folder, "checkout", "-q", "--", "campaigns")
    git(kept.folder, "clean", "-qfd", "campaigns")


def _planned(house: House, *arguments: str) -> dict[str, dict[str, Any]]:
    lines = house.command("plan", *arguments, "--json").stdout.splitlines()
    return {one["campaign"]: one for one in map(json.loads, lines)}


def test_the_table_ends_with_a_line_for_a_chat(kept: House, edit: Any) -> None:
    edit("nps-survey", "customer.orders >= 1", "customer.orders >= 12")

    said = kept.command("plan").stdout

    assert "nps-survey: leave: c-" in said
    assert said.splitlines()[-1].startswith("against HEAD: 1 campaign differs, ")


def test_it_names_who_enters_and_who_leaves_and_leaves_the_rest_as_it_was(
    kept: House, edit: Any
) -> None:
    edit("recipe-follow-up", "== 'chicken'", "in ['chicken', 'fish']")
    edit("nps-survey", "customer.orders >= 1", "customer.orders >= 12")
    edit("delivery-delay", "name: it arrives", "name: and it arrives")

    found = _planned(kept)

    recipe, survey = found["recipe-follow-up"], found["nps-survey"]
    assert (recipe["how"], recipe["keys"]) == ("changed", ["trigger"])
    assert recipe["month"]["enter"]
    assert recipe["month"]["now"] > recipe["month"]["before"]
    assert (survey["how"], survey["keys"]) == ("changed", ["audience"])
    assert survey["month"]["leave"]
    assert not survey["month"]["enter"]
    for name in ("delivery-delay", "reorder-nudge"):
        one = found[name]
        # a test that reads otherwise changes nobody's life
        assert one["how"] == "as before"
        assert one["week"]["before"] == one["week"]["now"]


def test_a_campaign_that_is_new_or_gone_is_shown_with_whom_it_would_reach(
    kept: House, edit: Any
) -> None:
    campaigns = kept.folder / "campaigns"
    (campaigns / "hello.yaml").write_text(
        "name: Hello\npurpose: survey\ntrigger: {every: days at 12:00}\n"
        "steps: [{send: {email: nps-survey}}]\nlimits: 1 per 30 days\n"
    )
    (campaigns / "reorder-nudge.yaml").unlink()

    found = _planned(kept)

    assert found["hello"]["how"] == "added"
    assert len(found["hello"]["week"]["enter"]) > 100
    assert found["reorder-nudge"]["how"] == "removed"
    assert found["reorder-nudge"]["week"]["now"] == 0


@pytest.mark.parametrize(
    ("revision", "words"),
    [
        ("no-such-branch", 'git knows no revision "no-such-branch"'),
        ("--output=x", ""),
    ],
)
def test_a_revision_that_is_none_is_told(
    kept: House, revision: str, words: str
) -> None:
    done = kept.command("plan", revision, expect=2)

    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (kept.folder / "x").exists()


def test_without_git_history_it_says_so(house: House) -> None:
    done = house.command("plan", expect=2)

    assert "error: git: " in done.stderr
    assert "Traceback" not in done.stderr
