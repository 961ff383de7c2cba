"""What people did with our messages happens again when history is played: answers start campaigns, clicks and scores count."""

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from aftercart import loading, recalling, simulating, tracking
from aftercart.campaigns import Campaign
from aftercart.reasons import Code
from aftercart.simulating import Outcome, World
from tests.verbs.stage import DAY, HOUR, MONDAY, ROOT, Stage, due_survey

#: Whoever would recommend us is thanked two days later.
PROMOTERS = """\
name: Promoters
purpose: marketing
trigger: {answer: {survey: nps-survey, score: 9-10}}
steps: [{wait: 2 days}, {send: {email: win-back}, expires: 1 day}]
"""
#: On Thursdays, whoever would recommend us.
SCORES = """\
name: Scores
purpose: marketing
trigger: {every: thursdays at 12:00}
audience: score('nps-survey') >= 9
steps: [{send: {email: win-back}}]
"""
#: On Thursdays, whoever followed a link within three days.
CLICKS = """\
name: Clicks
purpose: marketing
trigger: {every: thursdays at 12:00}
audience: count(clicks, within='3 days') == 1
steps: [{send: {email: win-back}}]
"""
#: On Thursdays, everybody.
ALL = """\
name: All
purpose: marketing
trigger: {every: thursdays at 12:00}
steps: [{send: {email: win-back}, expires: 1 day}]
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Campaign]:
    """A campaign of this text."""
    for name in ("campaigns", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name)

    def written(text: str) -> Campaign:
        (tmp_path / "campaigns" / "mine.yaml").write_text(text)
        found = loading.load_campaigns(tmp_path / "campaigns")
        return next(c for c in found if c.name == "mine")

    return written


THURSDAY = MONDAY + 3 * DAY + 3 * HOUR


def _played(
    stage: Stage, campaign: Campaign, *, start: datetime = MONDAY
) -> list[Outcome]:
    """What becomes of Ann in the campaign, alone, from Monday to the next."""
    world = World({campaign.name: campaign}, stage.rt.shop)
    end = start + 7 * DAY
    with stage.rt.store.read() as tx:
        (household,) = recalling.recall(
            tx, [("ann",)], campaigns=[campaign], start=start, end=end, seed=1
        )
    return simulating.live(household, world=world, start=start, end=end)[0]


def _asked(stage: Stage) -> str:
    """Ann was asked on Tuesday at ten; the id of the survey."""
    id_ = due_survey(stage)
    stage.deliver(id_)
    stage.now += 2 * HOUR
    return id_


def _goes(outcomes: list[Outcome]) -> list[datetime | None]:
    return [o.message.accepted_at for o in outcomes]


def test_who_answered_goes_the_way_that_they_went(
    stage: Stage, write: Callable[[str], Campaign]
) -> None:
    promoters, id_ = write(PROMOTERS), _asked(stage)
    stage.only()
    stage.add(promoters)
    tracking.answer(stage.rt, id_, score=10, comment="")
    stage.run(MONDAY + 6 * DAY)
    (live,) = stage.messages("mine")

    (outcome,) = _played(stage, promoters)

    assert outcome.message.id == live.id
    assert outcome.message.accepted_at == live.accepted_at is not None


def test_another_answer_starts_nothing(
    stage: Stage, write: Callable[[str], Campaign]
) -> None:
    promoters, id_ = write(PROMOTERS), _asked(stage)
    tracking.answer(stage.rt, id_, score=8, comment="")

    assert _played(stage, promoters) == []
    # one of another time is not of this stretch
    tracking.answer(stage.rt, id_, score=9, comment="")
    assert _played(stage, promoters, start=MONDAY + 2 * DAY) == []


@pytest.mark.parametrize(("score", "goes"), [(9, [THURSDAY]), (8, [])])
def test_an_answer_counts_from_the_moment_in_which_it_was_given(
    stage: Stage, write: Callable[[str], Campaign], score: int, goes: list[datetime]
) -> None:
    scores, id_ = write(SCORES), _asked(stage)
    tracking.answer(stage.rt, id_, score=score, comment="")

    assert _goes(_played(stage, scores)) == goes


def test_a_click_counts_for_as_long_as_the_campaign_looks_back(
    stage: Stage, write: Callable[[str], Campaign]
) -> None:
    clicks, id_ = write(CLICKS), _asked(stage)
    # on Tuesday, and two weeks before: both are in the reach of a stretch that ends on Monday
    stage.report(stage.event_of("click", id_))
    early = stage.event_of("click", id_) | {
        "timestamp": int((MONDAY - 11 * DAY).timestamp())
    }
    stage.report(early)

    assert _goes(_played(stage, clicks)) == [THURSDAY]
    # of the click of the Tuesday, nothing is known on the Thursday before
    assert _goes(_played(stage, clicks, start=MONDAY - 14 * DAY)) == [
        THURSDAY - 14 * DAY
    ]


def test_a_bad_answer_opens_a_case_that_holds(
    stage: Stage, write: Callable[[str], Campaign]
) -> None:
    everybody, id_ = write(ALL), _asked(stage)
    tracking.answer(stage.rt, id_, score=6, comment="")

    (outcome,) = _played(stage, everybody)

    assert outcome.message.accepted_at is None
    assert {h.reason.code for h in outcome.held} == {Code.CASE_OPEN}
