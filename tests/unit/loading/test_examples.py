"""The tests that stand in a campaign file: what they give, when they end, and every mistake in them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from aftercart.campaigns import Campaign, Example
from aftercart.loading import load_campaigns
from aftercart.model import Channel
from tests.unit.loading.test_mistakes import GOOD, folder, found

__all__ = ["folder"]

TESTS = """\
tests:
  - name: chicken
    given:
      - order: {delivered: 2026-03-02 10:00, items: [{category: chicken}]}
    expect:
      - {at: 2026-03-04 16:00, email: spring}
"""


def load(folder: Path, tests: str) -> Campaign:
    (folder / "spring.yaml").write_text(GOOD + tests)
    (campaign,) = load_campaigns(folder)
    return campaign


def example(folder: Path, tests: str = TESTS) -> Example:
    (only,) = load(folder, tests).examples
    return only


def test_what_is_not_said_is_as_friendly_as_can_be(folder: Path) -> None:
    events = example(folder).events

    assert [(e.type, e.at.hour, e.at.day) for e in events] == [
        ("customer.created", 8, 1),
        ("customer.consented", 8, 1),
        ("order.placed", 8, 2),
        ("order.delivered", 10, 2),
    ]
    assert {"email", "phone", "timezone"} <= events[0].body["customer"].keys()
    assert len(events[1].body["customer"]["consents"]) == 3


def test_it_is_watched_for_a_week_after_the_last_thing_that_is_said(
    folder: Path,
) -> None:
    until = TESTS.replace("    given:", "    until: 2026-03-05 00:00\n    given:")

    assert example(folder).until == datetime(2026, 3, 11, 16, tzinfo=UTC)
    assert example(folder, until).until == datetime(2026, 3, 5, tzinfo=UTC)


def test_all_times_are_on_the_customers_clock(folder: Path) -> None:
    zone = "    given:\n      - customer: {timezone: America/New_York}"
    there = example(folder, TESTS.replace("    given:", zone))

    assert there.events[-1].at == datetime(2026, 3, 2, 15, tzinfo=UTC)
    assert there.expected[0].at == datetime(2026, 3, 4, 21, tzinfo=UTC)
    assert there.expected[0].channel is Channel.EMAIL


def test_a_test_changes_nothing_about_what_the_campaign_means(folder: Path) -> None:
    assert load(folder, TESTS).version == load(folder, "").version


# Each row: what is replaced in TESTS, by what, and the problem that it makes.
# fmt: off
WRONG = [
    ("email: spring}", "email: sprong}",
     '19:32: this campaign does not send "sprong" by email (did you mean "spring"?)'),
    ("email: spring}", "sms: spring}",
     '19:32: this campaign does not send "spring" by sms'),
    ("at: 2026-03-04 16:00, ", "",
     '19:9: when is it expected? (write "at: 2026-03-04 16:00")'),
    ("at: 2026-03-04 16:00, email: spring", "skipped: refunded",
     '19:10: there is no reason "refunded" (did you mean "order_refunded"?)'),
    ("email: spring}", "email: spring, sms: spring}",
     "19:9: one of email, sms, task, skipped is needed here"),
    ("2026-03-04 16:00", "Wednesday",
     '19:14: "Wednesday" is not a date and a time; write for example "2026-03-02 10:00"'),
    ("2026-03-04 16:00", "2026-03-04 26:00",
     '19:14: "26:00" is not a time of day; write hours and minutes from 00:00 to 23:59, for example 16:00'),
    ("delivered: 2026-03-02 10:00, ", "",
     '16:5: nothing happens (give an order or an event)'),
    ("order: {delivered: 2026-03-02 10:00, items: [{category: chicken}]}", "customer: {timezone: Europe/Londn}",
     '17:30: "Europe/Londn" is not a time zone: did you mean "Europe/London"?'),
    ("category: chicken", "categry: chicken",
     '17:55: unknown key "categry" (did you mean "category"?)'),
    ("order: {delivered: 2026-03-02 10:00, items: [{category: chicken}]}", "customer: {phone: no}",
     '17:27: true or false is needed here, not "no"'),
    ("order: {delivered: 2026-03-02 10:00, items: [{category: chicken}]}", "event: {type: order.delivred, at: 2026-03-02 10:00}",
     '17:23: there is no event "order.delivred": did you mean "order.delivered"?'),
    ("    given:", "    given:\n      - customer: {}\n      - customer: {}",
     "16:5: a test has one customer (make two tests of it)"),
    ("    given:", "    given:\n      - {}",
     "17:9: one of customer, order, event, answer, opened, clicked, unsubscribed is needed here"),
    ("    given:", "    given:\n      - {opened: 2026-03-02 10:00, clicked: 2026-03-02 10:00}",
     "17:9: one of customer, order, event, answer, opened, clicked, unsubscribed is needed here"),
    ("    given:", "    given:\n      - answer: {at: 2026-03-02 10:00, score: 9}",
     '17:9: which survey is answered? (write "survey: nps-survey")'),
    ("    given:", "    given:\n      - answer: {at: 2026-03-02 10:00, score: 9, survey: spring}",
     '17:9: the campaign "spring" is no survey'),
    ("    given:", "    given:\n      - answer: {at: 2026-03-02 10:00, score: 11, survey: nps}",
     "17:47: 11 is too large; at most 10"),
    ("    expect:\n      - {at: 2026-03-04 16:00, email: spring}\n", "",
     '15:5: the key "expect" is missing (write "expect:" here)'),
]
# fmt: on


@pytest.mark.parametrize(("old", "new", "problem"), WRONG)
def test_a_mistake_in_a_test_has_its_place_and_a_way_to_mend_it(
    folder: Path, old: str, new: str, problem: str
) -> None:
    assert old in TESTS
    told = found(folder, GOOD + TESTS.replace(old, new))

    assert any(p.endswith(problem) for p in told), told
