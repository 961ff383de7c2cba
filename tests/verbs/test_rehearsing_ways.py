"""Branches, waits for events, stops and variants can be played by the tests that stand in a campaign's file."""

import shutil
from pathlib import Path

import pytest

from aftercart import loading
from aftercart.rehearsing import rehearse
from aftercart.settings import Settings
from tests.verbs.stage import ROOT

WAY = """\
name: Way
purpose: marketing
trigger: {event: order.delivered}
steps:
  - wait: {until: 16:00}
  - wait_for: {event: order.placed, within: 3 days, where: any(item.category == 'eggs')}
    then:
      - stop: they bought eggs
    else:
      - if: customer.country == 'GB'
        then:
          - send: {email: recipe-follow-up}
            content: recipes
            variants: {a: recipe-follow-up, b: recipe-follow-up}
        else:
          - task: call
  - if: customer.country == 'GB'
    then: [{stop: that is all}]
  - task: thank them
tests:
  - name: eggs in time
    given:
      - order: {delivered: 2026-03-02 10:00, items: [{category: chicken}]}
      - order: {placed: 2026-03-04 12:00, items: [{category: eggs}]}
    expect: [{at: 2026-03-04 12:00, skipped: stopped}]
  - name: leeks are no eggs
    given:
      - order: {delivered: 2026-03-02 10:00, items: [{category: chicken}]}
      - order: {placed: 2026-03-04 12:00, items: [{category: leeks}]}
    expect:
      - {at: 2026-03-05 16:00, email: recipe-follow-up}
      - {at: 2026-03-05 16:00, skipped: stopped}
  - name: elsewhere support calls
    given:
      - customer: {country: IE}
      - order: {delivered: 2026-03-02 10:00, items: [{category: chicken}]}
    expect: [{at: 2026-03-05 16:00, task: call}, {at: 2026-03-05 16:00, task: thank them}]
  - name: a wrong expectation is told
    given:
      - order: {delivered: 2026-03-02 10:00, items: [{category: chicken}]}
    expect: []
"""


@pytest.mark.slow
def test_a_file_with_branches_plays_its_own_tests(tmp_path: Path) -> None:
    for name in ("campaigns", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "campaigns" / "way.yaml").write_text(WAY)
    campaigns = loading.load_campaigns(tmp_path / "campaigns")
    way = [c for c in campaigns if c.name == "way"]

    played = list(rehearse(Settings(root=str(tmp_path)), way))

    told = {one.example.title: list(one.wrong) for one in played}
    assert [title for title, wrong in told.items() if wrong] == [
        "a wrong expectation is told"
    ], told
    (wrong,) = told["a wrong expectation is told"]
    assert "not expected: Thu 5 Mar 16:00  email: recipe-follow-up" in wrong
