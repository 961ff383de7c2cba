"""What a marketer hears who makes a mistake: word for word, with line and column, and how to mend it."""

from pathlib import Path

import pytest

from tests.hostile.mistakes import MISTAKES
from tests.hostile.sound import FILES, Mistake, answers, make


def test_the_files_are_sound_before_a_mistake_is_made(tmp_path: Path) -> None:
    right = FILES["campaigns/spring.yaml"]
    make(tmp_path, Mistake("campaigns/spring.yaml", right, right, ""))

    assert answers(tmp_path) == []


@pytest.mark.parametrize(
    "mistake", MISTAKES, ids=[mistake.written[:60] for mistake in MISTAKES]
)
def test_a_mistake_is_told_with_its_place_and_how_to_mend_it(
    tmp_path: Path, mistake: Mistake
) -> None:
    make(tmp_path, mistake)

    found = [str(p).removeprefix(f"{mistake.file}:") for p in answers(tmp_path)]

    assert found == mistake.answer.split("\n")
    # a line of the answer that gives no way out has to say in itself what would be right
    assert all(any(sign in line for sign in _WAYS) for line in found)


_WAYS = ("(", "did you mean", "write", "not one of", "at least", "at most", "never", "needed")  # fmt: skip
