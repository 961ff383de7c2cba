"""Do the campaigns fit together? The mistakes that no file shows alone."""

from collections.abc import Iterator, Sequence

from aftercart.campaigns import Answered, Campaign
from aftercart.errors import Problem
from aftercart.model import Purpose
from aftercart.spelling import did_you_mean


def check(campaigns: Sequence[Campaign]) -> list[Problem]:
    """All of them, in the order of the files."""
    return [
        problem for campaign in campaigns for problem in _surveys(campaign, campaigns)
    ]


def _surveys(campaign: Campaign, all_: Sequence[Campaign]) -> Iterator[Problem]:
    """A campaign that waits for answers to a survey that is not there would be silent for ever."""
    trigger = campaign.trigger
    if not isinstance(trigger, Answered):
        return
    surveys = [c.name for c in all_ if c.purpose is Purpose.SURVEY]
    if trigger.survey in surveys:
        return
    at = campaign.places["trigger.answer.survey"]
    there = any(c.name == trigger.survey for c in all_)
    words = (
        f'the campaign "{trigger.survey}" is no survey'
        if there
        else f'there is no survey "{trigger.survey}"'
    )
    hint = did_you_mean(trigger.survey, surveys)
    yield Problem(at.file, at.line, at.column, words, hint)
