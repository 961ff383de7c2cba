"""What customers do with a message can be played by the tests that stand in a campaign's file: open it, follow a link, answer, leave."""

import shutil
from pathlib import Path

import pytest

from aftercart import loading
from aftercart.rehearsing import rehearse
from aftercart.settings import Settings
from tests.verbs.stage import ROOT

ANSWERS = """\
name: Unhappy
purpose: service
trigger: {answer: {survey: nps-survey, score: 0-6}}
steps: [{wait: 2 hours}, {task: call them}]
tests:
  - name: who is unhappy is called
    given:
      - answer: {at: 2026-03-10 11:00, score: 3}
    expect: [{at: 2026-03-10 13:00, task: call them}]
  - name: who changes their mind is not
    given:
      - answer: {at: 2026-03-10 11:00, score: 3}
      - answer: {at: 2026-03-10 12:00, score: 9}
    expect: [{skipped: answer_changed}]
  - name: who is content hears nothing
    given:
      - answer: {at: 2026-03-10 11:00, score: 8, survey: nps-survey}
    expect: []
"""

CLICKS = """\
name: Looked
purpose: marketing
trigger: {every: mondays at 10:00}
audience: count(clicks, within='30 days') == 1 and customer.orders >= 1
steps:
  - send: {email: win-back}
  - wait: 1 day
  - stop_if: count(opens, since=trigger) >= 1
  - send: {email: win-back}
limits: 1 per 1 hour
tests:
  - name: who clicked is written to, and again who did not open it
    given:
      - order: {placed: 2026-03-05 18:00, items: [{category: chicken}]}
      - clicked: 2026-03-06 12:00
    until: 2026-03-12 00:00
    expect: [{at: 2026-03-09 10:00, email: win-back}, {at: 2026-03-10 10:00, email: win-back}]
  - name: who opened it is not written to again
    given:
      - order: {placed: 2026-03-05 18:00, items: [{category: chicken}]}
      - clicked: 2026-03-06 12:00
      - opened: 2026-03-09 12:00
    until: 2026-03-12 00:00
    expect: [{at: 2026-03-09 10:00, email: win-back}]
  - name: nor who left in between
    given:
      - order: {placed: 2026-03-05 18:00, items: [{category: chicken}]}
      - clicked: 2026-03-06 12:00
      - unsubscribed: 2026-03-09 12:00
    until: 2026-03-12 00:00
    expect: [{at: 2026-03-09 10:00, email: win-back}, {skipped: suppressed}]
  - name: who clicked nowhere hears nothing
    given:
      - order: {placed: 2026-03-05 18:00, items: [{category: chicken}]}
    expect: []
"""

SURVEY = """\
name: Ask
purpose: survey
trigger: {event: order.delivered}
steps: [{wait: 1 day}, {send: {email: nps-survey}}]
tests:
  - name: nobody can answer what they were not asked
    given:
      - order: {delivered: 2026-03-09 10:00}
      - answer: {at: 2026-03-09 12:00, score: 9}
    expect: []
  - name: nor what they were asked long ago
    given:
      - order: {delivered: 2026-03-01 10:00}
      - answer: {at: 2026-03-10 12:00, score: 9}
      - answer: {at: 2026-03-30 12:00, score: 9}
    expect: [{at: 2026-03-02 10:00, email: nps-survey}]
  - name: who was asked can
    given:
      - order: {delivered: 2026-03-09 10:00}
      - answer: {at: 2026-03-10 12:00, score: 9}
    expect: [{at: 2026-03-10 10:00, email: nps-survey}]
"""


def _played(tmp_path: Path, name: str, text: str) -> dict[str, list[str]]:
    """What is wrong with each test of a campaign that stands beside those that are shipped."""
    for folder in ("campaigns", "templates"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "campaigns" / f"{name}.yaml").write_text(text)
    campaigns = loading.load_campaigns(tmp_path / "campaigns")
    chosen = [c for c in campaigns if c.name == name]
    played = rehearse(Settings(root=str(tmp_path)), chosen)
    return {one.example.title: list(one.wrong) for one in played}


@pytest.mark.slow
@pytest.mark.parametrize(("text", "count"), [(ANSWERS, 3), (CLICKS, 4)])
def test_a_campaign_hears_what_its_customer_does(
    tmp_path: Path, text: str, count: int
) -> None:
    told = _played(tmp_path, "deeds", text)

    assert len(told) == count
    assert not any(told.values()), told


def test_an_answer_that_nobody_could_give_is_a_mistake_of_the_test(
    tmp_path: Path,
) -> None:
    told = _played(tmp_path, "ask", SURVEY)

    assert told == {
        "nobody can answer what they were not asked": [
            "campaigns/ask.yaml:9:9: nobody had been asked by then"
        ],
        "nor what they were asked long ago": [
            "campaigns/ask.yaml:15:9: this answer can no longer be changed"
        ],
        "who was asked can": [],
    }
