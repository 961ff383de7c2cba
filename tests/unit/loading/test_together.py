"""Mistakes that no file shows alone: what one campaign says of another."""

from pathlib import Path

import pytest

from aftercart.loading import check_folder
from tests.unit.loading.test_mistakes import folder

__all__ = ["folder"]

SURVEY = """\
name: Survey
purpose: {purpose}
trigger: {{every: tuesdays at 10:00}}
steps:
  - send: {{email: spring}}
"""
APOLOGY = """\
name: Apology
purpose: marketing
trigger:
  answer: {{survey: {survey}, score: 0-6}}
steps:
  - send: {{email: spring}}
"""


@pytest.mark.parametrize(
    ("survey", "purpose", "problems"),
    [
        ("nps", "survey", []),
        (
            "npss",
            "survey",
            [
                'campaigns/apology.yaml:4:12: there is no survey "npss" (did you mean "nps"?)'
            ],
        ),
        (
            "nps",
            "marketing",
            ['campaigns/apology.yaml:4:12: the campaign "nps" is no survey'],
        ),
    ],
)
def test_who_waits_for_answers_names_a_survey_that_is_there(
    folder: Path, survey: str, purpose: str, problems: list[str]
) -> None:
    (folder / "nps.yaml").write_text(SURVEY.format(purpose=purpose))
    (folder / "apology.yaml").write_text(APOLOGY.format(survey=survey))

    assert [str(problem) for problem in check_folder(folder)] == problems


def test_while_another_file_is_broken_nothing_is_said_of_what_may_be_in_it(
    folder: Path,
) -> None:
    (folder / "nps.yaml").write_text("name: [")
    (folder / "apology.yaml").write_text(APOLOGY.format(survey="nps"))

    assert {problem.file for problem in check_folder(folder)} == {"campaigns/nps.yaml"}
