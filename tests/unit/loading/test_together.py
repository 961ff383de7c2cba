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


TAGGER = """\
name: Tagger
purpose: marketing
trigger: {event: order.delivered}
steps:
  - tag: wine-club
"""
TAGGED = """\
name: Tagged
purpose: marketing
trigger: {event: order.delivered}
audience: keen and tagged('wine-club')
steps:
  - send: {email: spring}
"""


@pytest.mark.parametrize(
    ("shop", "audience", "problems"),
    [
        ("tags: [vip]", "tagged('vip') or tagged('wine-club')", []),
        (
            "",
            "tagged('vip') or tagged('wine-clup')",
            [
                'campaigns/shop/audiences.yaml:1:7: nothing ever puts on the tag "vip" (put it on with a step '
                '"tag: vip", or list it under "tags:" in shop/shop.yaml if the shop brings it)',
                'campaigns/shop/audiences.yaml:1:24: nothing ever puts on the tag "wine-clup" (did you mean '
                '"wine-club"? One that the shop brings goes under "tags:" in shop/shop.yaml)',
            ],
        ),
        (
            "",
            "score('npss') > 8 or count('order.deliverd') > 2",
            [
                'campaigns/shop/audiences.yaml:1:7: there is no survey "npss" (did you mean "nps"?)',
                'campaigns/shop/audiences.yaml:1:28: there is no event "order.deliverd" (did you mean '
                '"order.delivered"?)',
            ],
        ),
    ],
)
def test_a_name_in_a_condition_is_one_that_some_file_brings(
    folder: Path, shop: str, audience: str, problems: list[str]
) -> None:
    (folder / "nps.yaml").write_text(SURVEY.format(purpose="survey"))
    (folder / "tagger.yaml").write_text(TAGGER)
    (folder / "tagged.yaml").write_text(TAGGED)
    (folder / "shop").mkdir(exist_ok=True)
    (folder / "shop" / "shop.yaml").write_text(f"name: S\n{shop}\n")
    (folder / "shop" / "audiences.yaml").write_text(f"keen: {audience}\n")

    assert [str(problem) for problem in check_folder(folder)] == problems
