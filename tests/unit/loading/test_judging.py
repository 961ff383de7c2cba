"""Campaigns that would be silent for ever, or stop for everybody: said before anybody waits for them."""

from pathlib import Path

import pytest

from tests.unit.loading.test_mistakes import folder, found

__all__ = ["folder"]

CAMPAIGN = """\
name: Spring
purpose: marketing
trigger:
  event: order.delivered
  where: {where}
audience: {audience}
steps:
  - stop_if: {stop}
  - send: {{email: spring}}
"""


def problems(folder: Path, **said: str) -> list[str]:
    usual = {
        "where": "order.total > 30",
        "audience": "customer.has_email",
        "stop": "order.refunded",
    }
    (folder / "shop" / "audiences.yaml").write_text("regulars: customer.orders >= 5\n")
    return [
        one.removeprefix("campaigns/spring.yaml:")
        for one in found(folder, CAMPAIGN.format(**(usual | said)))
    ]


# fmt: off
@pytest.mark.parametrize(
    ("said", "problem"),
    [
        # one condition
        ({"audience": "customer.orders > 5 and customer.orders < 3"}, "6:35: these contradict each other: customer.orders > 5 and customer.orders < 3 (change one, or write \"or\")"),
        ({"audience": "regulars and customer.orders < 3"}, "6:24: these contradict each other: regulars (customer.orders >= 5) and customer.orders < 3 (change one, or write \"or\")"),
        ({"where": "customer.orders < 0"}, "5:10: this can never hold: customer.orders < 0 (change the value)"),
        ({"audience": "customer.orders >= 0"}, "6:11: this always holds: customer.orders >= 0 (it asks nothing: delete it)"),
        ({"stop": "customer.orders > 1 or customer.orders < 3"}, "8:37: one of these always holds: customer.orders > 1 and customer.orders < 3 (it asks nothing: delete it)"),
        # the audience and a stop
        ({"audience": "customer.orders >= 2", "stop": "customer.orders >= 1"}, "8:14: this always stops the campaign: the audience (line 6) asks for customer.orders >= 2, and so customer.orders >= 1 always holds (change it, or what is asked for there)"),
        ({"audience": "regulars", "stop": "order.late or count(orders) > 3"}, "8:28: this always stops the campaign: the audience (line 6) asks for regulars (customer.orders >= 5), and so count(orders) > 3 always holds (change it, or what is asked for there)"),
        ({"audience": "customer.orders >= 2", "stop": "customer.orders == 0"}, "8:14: this never stops anybody: the audience (line 6) asks for customer.orders >= 2, and so customer.orders == 0 never holds (delete it)"),
        # the start
        ({"where": "order.total > 30", "stop": "order.total > 20"}, "8:14: this always stops the campaign: the trigger (line 5) asks for order.total > 30, and so order.total > 20 always holds (change it, or what is asked for there)"),
        ({"where": "customer.orders >= 3", "audience": "customer.orders < 3"}, "6:11: nobody gets this: the trigger (line 5) asks for customer.orders >= 3, and so customer.orders < 3 never holds (change one of the two)"),
    ],
)  # fmt: skip
def test_what_can_never_happen_is_said_with_what_stands_against_it(
    folder: Path, said: dict[str, str], problem: str
) -> None:
    assert problems(folder, **said) == [problem]


@pytest.mark.parametrize(
    "said",
    [
        {},
        # who orders meanwhile is out, which is what it is for
        {"audience": "customer.orders == 1", "where": "customer.orders <= 1"},
        {"where": "not order.cancelled", "stop": "order.cancelled"},
        {"where": "customer.orders == 1", "stop": "customer.orders >= 2"},
        {"audience": "customer.orders >= 2", "stop": "customer.orders >= 3"},
        {"audience": "regulars", "stop": "count(orders, since=trigger) > 0"},
    ],
)
def test_nothing_is_said_of_what_may_come_otherwise_by_then(
    folder: Path, said: dict[str, str]
) -> None:
    assert problems(folder, **said) == []


def test_an_audience_that_has_a_name_is_judged_in_its_own_file(folder: Path) -> None:
    spring = CAMPAIGN.format(
        where="order.total > 30", audience="nobody", stop="order.late"
    )
    nobody = "nobody: customer.orders > 5 and customer.orders < 3\n"
    (folder / "shop" / "audiences.yaml").write_text(nobody)

    assert found(folder, spring) == [
        "campaigns/shop/audiences.yaml:1:33: these contradict each other: customer.orders > 5 and "
        'customer.orders < 3 (change one, or write "or")'
    ]


TAGS = """\
name: Spring
purpose: marketing
trigger: {{event: order.delivered}}
audience: not tagged('told')
steps:
{steps}"""
TELL, TAG, WAIT = "  - send: {email: spring}\n", "  - tag: told\n", "  - wait: 1 day\n"


@pytest.mark.parametrize(
    ("steps", "line"),
    [
        (TELL + TAG, 7),
        (TAG + WAIT + TELL, 6),
        (TELL + WAIT + TAG + TELL, 8),
        (TELL + WAIT + TAG, None),
        (TAG, None),
    ],
)
def test_a_tag_that_takes_everybody_out_of_the_audience_comes_last(
    folder: Path, steps: str, line: int | None
) -> None:
    said = [
        f"campaigns/spring.yaml:{line}:10: this takes everybody out of the audience, which asks for not tagged('told') "
        '(a message that has not gone by then is dropped: put it last, after a "wait: 1 day")'
    ]

    assert found(folder, TAGS.format(steps=steps)) == (said if line else [])


START = """\
name: Spring
purpose: {purpose}
trigger:
  {trigger}
audience: {audience}
steps:
  - send: {{email: spring}}
"""


@pytest.mark.parametrize(
    ("trigger", "audience", "problem"),
    [
        ("inactive_for: 60 days", "customer.days_since_order < 30", "5:11: nobody gets this: the trigger (line 4) asks for customer.days_since_order >= 60, and so customer.days_since_order < 30 never holds (change one of the two)"),
        ("inactive_for: 60 days", "customer.orders >= 2 and days_since(orders) > 90", "5:36: nobody gets this: the trigger (line 4) asks for customer.days_since_order <= 67, and so days_since(orders) > 90 never holds (change one of the two)"),
        ("inactive_for: 60 days", "customer.orders == 0", "5:11: nobody gets this: the trigger (line 4) asks for customer.days_since_order >= 60, and so customer.orders == 0 never holds (change one of the two)"),
        ("inactive_for: 60 days", "customer.days_since_order > 60", ""),
        ("inactive_for: 60 days", "customer.orders >= 2", ""),
        ("answer: {survey: spring, score: 0-6}", "score('spring') >= 9", "5:11: nobody gets this: the trigger (line 4) asks for score('spring') <= 6, and so score('spring') >= 9 never holds (change one of the two)"),
        ("answer: {survey: spring, score: 0-6}", "score('spring') >= 6 and customer.has_email", ""),
    ],
)  # fmt: skip
def test_an_audience_that_nobody_has_at_the_start_is_told(
    folder: Path, trigger: str, audience: str, problem: str
) -> None:
    purpose = "survey" if "answer" in trigger else "marketing"
    source = START.format(purpose=purpose, trigger=trigger, audience=audience)

    told = [one.removeprefix("campaigns/spring.yaml:") for one in found(folder, source)]

    assert told == ([problem] if problem else [])
