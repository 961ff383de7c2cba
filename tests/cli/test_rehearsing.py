"""`aftercart test`: the tests in the campaigns' files, played through the live code."""

import json
import re

import pytest

from tests.scenes.house import House

pytestmark = pytest.mark.slow


def _edit(house: House, name: str, old: str, new: str) -> None:
    file = house.folder / "campaigns" / f"{name}.yaml"
    source = file.read_text()
    assert old in source
    file.write_text(source.replace(old, new, 1))


def test_the_shipped_campaigns_do_what_their_files_say(house: House) -> None:
    said = house.command("test").stdout

    assert re.search(r"^\d\d tests, 0 failures$", said, re.MULTILINE)
    assert "without tests" not in said
    assert "✗" not in said


def test_it_touches_no_database_and_sends_to_nobody(house: House) -> None:
    house.command("test")

    assert not list(house.folder.rglob("*.db"))
    assert not list(house.folder.rglob("outbox*"))


def test_a_campaign_that_does_something_else_is_told_what_came_instead(
    house: House,
) -> None:
    _edit(house, "recipe-follow-up", "- wait: 2 days", "- wait: 3 days")

    said = house.command("test", "recipe-follow-up", expect=1).stdout

    assert "✗ recipe-follow-up: chicken on Monday" in said
    assert "email: recipe-follow-up did not come at Wed 4 Mar 16:00" in said
    assert "not expected: Thu 5 Mar 16:00  email: recipe-follow-up" in said
    assert re.search(r"campaigns/recipe-follow-up.yaml:\d+:\d+: ", said)


def test_a_reason_that_does_not_hold_fails_and_the_true_one_is_read_aloud(
    house: House,
) -> None:
    _edit(house, "recipe-follow-up", "skipped: order_refunded", "skipped: no_consent")

    said = house.command("test", "recipe-follow-up", expect=1).stdout

    assert "nothing was held back for no_consent" in said
    assert "nothing (order_refunded): Order o-1 was refunded." in said


def test_programs_read_one_object_for_each_test(house: House) -> None:
    _edit(house, "nps-survey", "- {at: 2026-03-10 10:00", "- {at: 2026-03-10 11:00")

    lines = house.command("test", "nps-survey", "--json", expect=1).stdout.splitlines()

    told = [json.loads(line) for line in lines]
    assert [one["passed"] for one in told] == [False, True, True, True]
    assert told[0]["came"][0]["template"] == "nps-survey"
    assert told[0]["came"][0]["at"] == "2026-03-10T10:00:00+00:00"


def test_a_name_that_is_no_campaign_is_answered_with_the_one_that_may_be_meant(
    house: House,
) -> None:
    said = house.command("test", "nps", expect=2).stderr

    assert 'there is no campaign "nps"' in said
    assert "nps-survey" in said


def test_a_mistake_in_one_campaign_is_in_the_way_of_nobody_who_names_another(
    house: House,
) -> None:
    _edit(house, "win-back", "purpose: marketing", "purpose: advertising")

    named = house.command("test", "nps-survey").stdout
    seen = house.command("preview", "nps-survey").stdout
    every = house.command("test", expect=1).stderr
    itself = house.command("test", "nps-survey", "win-back", expect=1).stderr
    misspelt = house.command("test", "winback", expect=2).stderr

    assert "0 failures" in named
    assert "desktop, phone, dark" in seen
    for said in (every, itself):
        assert "campaigns/win-back.yaml:" in said
        assert '"advertising" is not one of' in said
    assert 'did you mean "win-back"?' in misspelt


def test_a_mistake_of_the_shop_is_in_everybodys_way(house: House) -> None:
    shop = house.folder / "campaigns" / "shop" / "shop.yaml"
    shop.write_text(shop.read_text() + "nmae: x\n")

    said = house.command("test", "nps-survey", expect=1).stderr

    assert 'unknown key "nmae"' in said


def test_what_support_is_asked_to_do_can_be_expected_too(house: House) -> None:
    (house.folder / "campaigns" / "care.yaml").write_text(
        """\
name: Care
purpose: service
trigger: {event: order.delivered, where: order.total >= 100}
steps:
  - wait: 1 day
  - stop_if: order.refunded
  - task: call and ask how it was
tests:
  - given:
      - order: {delivered: 2026-03-02 10:00, items: [{category: wine, quantity: 10, price: 12.50}]}
    expect:
      - {at: 2026-03-03 10:00, task: call and ask how it was}
  - given:
      - order: {delivered: 2026-03-02 10:00, refunded: 2026-03-02 18:00, items: [{category: wine, price: 125}]}
    expect:
      - {skipped: order_refunded}
"""
    )

    assert "2 tests, 0 failures" in house.command("test", "care").stdout


def test_tags_and_counts_can_be_played_too(house: House) -> None:
    (house.folder / "campaigns" / "club.yaml").write_text(
        """\
name: Club
purpose: service
trigger: {event: article.viewed, where: "count('article.viewed', within='7 days') >= 2"}
steps:
  - stop_if: tagged('guest')
  - task: invite
  - tag: guest
tests:
  - given:
      - event: {type: article.viewed, at: 2026-03-02 10:00}
      - event: {type: article.viewed, at: 2026-03-05 10:00}
      - event: {type: article.viewed, at: 2026-03-06 10:00}
    expect:
      - {at: 2026-03-05 10:00, task: invite}
  - given:
      - customer: {tags: [guest]}
      - event: {type: article.viewed, at: 2026-03-02 10:00}
      - event: {type: article.viewed, at: 2026-03-05 10:00}
    expect: []
"""
    )

    assert "2 tests, 0 failures" in house.command("test", "club").stdout


def test_the_tests_of_a_draft_are_played_as_if_it_were_live(house: House) -> None:
    file = house.folder / "campaigns" / "recipe-follow-up.yaml"
    file.write_text(file.read_text() + "\nstatus: draft\nramp: [1]\n")

    told = house.command("test", "recipe-follow-up").stdout

    assert "0 failures" in told
