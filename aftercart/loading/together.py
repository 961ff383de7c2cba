"""Do the campaigns fit together? The mistakes that no file shows alone."""

from collections.abc import Collection, Iterator, Sequence

from aftercart.campaigns import Answered, Campaign, Status
from aftercart.errors import Problem
from aftercart.model import Purpose
from aftercart.spelling import did_you_mean


def check(
    campaigns: Sequence[Campaign], *, trial: Collection[str] | None = None
) -> list[Problem]:
    """All of them, in the order of the files; `trial` is the shop's trial list, None where that cannot be read."""
    return [
        problem
        for campaign in campaigns
        for problem in (*_surveys(campaign, campaigns), *_trial(campaign, trial))
    ]


def _trial(campaign: Campaign, trial: Collection[str] | None) -> Iterator[Problem]:
    """A trial that is for nobody. Not asked of the earlier versions on which people are: they go on all the same."""
    if campaign.status is not Status.TRIAL or trial is None or trial:
        return
    at = campaign.places["status"]
    hint = "write it into shop/shop.yaml: trial: [customer ids or e-mail addresses]"
    words = "nobody is on the trial list"
    yield Problem(at.file, at.line, at.column, words, hint)


def _surveys(campaign: Campaign, all_: Sequence[Campaign]) -> Iterator[Problem]:
    """A campaign that waits for answers to a survey that is not there would be silent for ever; and its tests say nothing."""
    asked = [(r.survey, r.place) for e in campaign.examples for r in e.reactions]
    if isinstance(campaign.trigger, Answered):
        there = campaign.places["trigger.answer.survey"]
        asked.insert(0, (campaign.trigger.survey, there))
    surveys = [c.name for c in all_ if c.purpose is Purpose.SURVEY]
    for survey, at in asked:
        if survey and survey not in surveys:
            words = (
                f'the campaign "{survey}" is no survey'
                if any(c.name == survey for c in all_)
                else f'there is no survey "{survey}"'
            )
            hint = did_you_mean(survey, surveys)
            yield Problem(at.file, at.line, at.column, words, hint)
