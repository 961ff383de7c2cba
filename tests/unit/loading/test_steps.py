"""Steps with branches become one row of steps with jumps; every mistake in them has its place and a way out."""

from pathlib import Path

import pytest

from aftercart.campaigns import (
    Branch,
    Jump,
    Send,
    Stop,
    StopIf,
    Task,
    Variant,
    Wait,
    WaitFor,
)
from aftercart.loading import check_folder, load_campaigns

HEAD = "name: Spring\npurpose: marketing\ntrigger: {event: order.delivered}\nsteps:\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A shop with two templates and no campaign."""
    campaigns = tmp_path / "campaigns"
    (campaigns / "shop").mkdir(parents=True)
    (campaigns / "shop" / "shop.yaml").write_text("name: Meadow Grocer\n")
    for name in ("spring", "summer"):
        home = tmp_path / "templates" / name
        home.mkdir(parents=True)
        for file in ("subject.txt", "body.mjml", "body.txt", "sms.txt"):
            (home / file).touch()
    return campaigns


def found(folder: Path, steps: str, tail: str = "") -> list[str]:
    (folder / "spring.yaml").write_text(HEAD + steps + tail)
    return [str(p).removeprefix("campaigns/spring.yaml:") for p in check_folder(folder)]


BRANCHES = """\
  - wait_for: {event: order.placed, within: 3 days, where: order.total >= 20}
    then:
      - stop: they came back
    else:
      - if: customer.orders >= 5
        then:
          - stop_if: order.refunded
          - send: {email: spring}
        else:
          - task: call
  - wait: {until: fridays at 10:00}
  - send: {email: summer}
"""


def test_a_tree_becomes_one_row_of_steps_in_the_order_of_the_file(folder: Path) -> None:
    assert found(folder, BRANCHES) == []

    (campaign,) = load_campaigns(folder)

    kinds = [type(step) for step in campaign.steps]
    assert kinds == [
        WaitFor, Stop, Jump, Branch, StopIf, Send, Jump, Task, Wait, Send,
    ]  # fmt: skip
    wait, _, over, branch, stop, first, behind, *_ = campaign.steps
    assert isinstance(wait, WaitFor) and wait.otherwise == 3
    assert isinstance(over, Jump) and over.to == 8
    assert isinstance(branch, Branch) and branch.otherwise == 7
    assert isinstance(stop, StopIf) and stop.until == 6
    assert isinstance(behind, Jump) and behind.to == 8
    assert str(first.place) == "campaigns/spring.yaml:12:13"
    assert campaign.sends[0] is first


def test_every_jump_goes_forward(folder: Path) -> None:
    found(folder, BRANCHES)
    (campaign,) = load_campaigns(folder)

    for number, step in enumerate(campaign.steps):
        if isinstance(step, WaitFor | Branch):
            assert number < step.otherwise <= len(campaign.steps)
        if isinstance(step, Jump):
            assert number < step.to <= len(campaign.steps)


def test_variants_without_a_share_divide_the_rest_equally(folder: Path) -> None:
    send = "  - send: {email: spring}\n    variants: {a: {template: spring, share: 80%}, b: summer}\n"
    assert found(folder, send) == []

    (campaign,) = load_campaigns(folder)

    a, b = campaign.sends[0].variants
    assert (a, b.name, b.template) == (Variant("a", "spring", 0.8), "b", "summer")
    assert b.share == pytest.approx(0.2)


SEND = "  - send: {email: spring}\n"
# fmt: off
WRONG = [
    # waits
    ("  - wait: {untill: 16:00}\n" + SEND, '5:11: unknown key "untill" below wait: did you mean "until"?'),
    ("  - wait: {until: 26:00}\n" + SEND, '5:11: "26:00" is not a time of day; write hours and minutes from 00:00 to 23:59, for example 16:00'),
    ("  - wait: {until: fridys at 10:00}\n" + SEND, '5:11: "fridys" is not a day of the week: did you mean "fridays"?'),
    ("  - wait: {}\n" + SEND, '5:11: a text is needed here, for example "fridays at 10:00"'),
    ("  - wait_for: {event: order.placd, within: 3 days}\n" + SEND, '5:23: there is no event "order.placd": did you mean "order.placed"?'),
    ("  - wait_for: {event: order.placed}\n" + SEND, '5:5: the key "within" is missing (write "within:" here)'),
    ("  - wait_for: {event: customer.updated, within: 3 days, where: order.late}\n" + SEND, '5:64: order.late is not known here (this place sees only customer fields)'),
    ("  - wait_for: {event: order.placed, within: 3 days}\n    then: []\n" + SEND, '5:5: nothing happens on either side (write steps below "then:" or "else:")'),
    # branches
    ("  - if: order.late\n" + SEND, '5:5: nothing happens on either side (write steps below "then:" or "else:")'),
    ("  - if: order.lat\n    then: [{stop: true}]\n" + SEND, '5:9: unknown field "order.lat" (did you mean "order.late"?)'),
    ("  - if: order.late\n    thn: [{stop: true}]\n" + SEND, '6:5: unknown key "thn" (did you mean "then"?)'),
    ("  - if: order.late\n    then: [{sned: {email: spring}}]\n" + SEND, '6:13: unknown key "sned" (did you mean "send"?)'),
    ("  - send: {email: spring}\n    then: [{stop: true}]\n", '6:5: "then" belongs to if and wait_for (indent it below its if)'),
    ("  - if: order.late\n    then:\n      - if: order.late\n        then:\n          - if: order.late\n            then:\n              - if: order.late\n                then: [{send: {email: spring}}]\n" + SEND, '11:17: more than 3 branches inside each other (join conditions with "and")'),
    ("  - if: order.late\n    then: [{send: {email: sprin}}]\n", '6:27: there is no template "sprin" (did you mean "spring"?)'),
    ("  - if: order.late\n    then:\n      - send: {email: spring}\n      - wait: 2 days\n", '8:9: nothing follows this step (add a send or delete it)'),
    ("  - if: order.late\n    then:\n      - stop_if: order.refunded\n" + SEND, '7:9: no send of this list follows, and a stop_if is judged with the sends of its own list (move it above a send, or write if: … then: [stop: true])'),
    # stops
    ("  - stop: false\n" + SEND, '5:11: write true, or why, in at most 200 characters'),
    (SEND + "  - stop: true\n  - send: {email: summer}\n", '7:5: this step is never reached: the way ends before it (delete it, or the stop above)'),
    (SEND + "  - if: order.late\n    then: [{stop: true}]\n    else: [{stop: enough}]\n  - send: {email: summer}\n", '9:5: this step is never reached: the way ends before it (delete it, or the stop above)'),
    # variants
    (SEND + "    variants: {a: spring}\n", '6:5: one variant is none (write two or more)'),
    (SEND + "    variants: {a: spring, b: sumer}\n", '6:30: there is no template "sumer" (did you mean "summer"?)'),
    (SEND + "    variants: {a: summer, b: summer}\n", '6:5: "spring" is sent, and is none of the variants (add it: {…: spring})'),
    (SEND + "    variants: {a: {template: spring, share: 80%}, b: {template: summer, share: 30%}}\n", '6:5: the shares of the variants come to 110 % (let them come to 100 %, or leave one out: it gets the rest)'),
    (SEND + "    variants: {a: {template: spring, share: 100%}, b: summer}\n", '6:45: "100%" is not a part of people; write from 0.1% to 99.9%, for example "80%"'),
    ("  - wait: 2 days\n    variants: {a: spring, b: summer}\n" + SEND, '6:5: "variants" belongs to a step that sends'),
]
# fmt: on


@pytest.mark.parametrize(("steps", "said"), WRONG)
def test_a_mistake_in_the_steps_has_its_place_and_a_way_out(
    folder: Path, steps: str, said: str
) -> None:
    assert said in found(folder, steps)
    assert len(found(folder, steps)) == 1


def test_all_conditions_are_read_where_the_form_is_broken_elsewhere(
    folder: Path,
) -> None:
    steps = "  - if: order.lat\n    then: [{stop: true}]\n  - sned: {email: spring}\n"

    assert [p.split(": ")[0] for p in found(folder, steps)] == ["5:9", "7:5"]


# --- messages that can never go -------------------------------------------------------------------------------------------

OTHER = "  - send: {email: summer}\n"
LIMIT = "limits: 1 per 7 days\n"
NEVER = "this message never goes: 1 per 7 days by the campaign's own limits are used up before it on every way (wait longer before it, or allow more)"


def test_a_message_that_the_limits_never_allow_is_named(folder: Path) -> None:
    three = SEND + "  - wait: 1 day\n" + OTHER + "  - wait: 1 day\n" + SEND

    assert found(folder, three, LIMIT) == [f"7:5: {NEVER}", f"9:5: {NEVER}"]


def test_the_cap_of_the_shop_counts_as_far_as_a_message_waits_for_it(
    folder: Path,
) -> None:
    (folder / "shop" / "shop.yaml").write_text(
        "name: Meadow Grocer\ncap: {marketing: [1 per 7 days]}\n"
    )
    patient = "  - send: {email: summer}\n    expires: 6 days\n"

    hasty = found(folder, SEND + "  - wait: 1 day\n" + OTHER)

    assert [p.split(" are used up")[0] for p in hasty] == [
        "7:5: this message never goes: 1 per 7 days by the cap of shop/shop.yaml"
    ]
    assert found(folder, SEND + "  - wait: 1 day\n" + patient) == []


@pytest.mark.parametrize(
    "steps",
    [
        SEND + "  - wait: 7 days\n" + OTHER,
        SEND + "  - wait: {until: fridays at 10:00}\n" + OTHER,
        SEND + "  - wait_for: {event: order.placed, within: 7 days}\n" + OTHER,
        # who gets the one does not get the other
        "  - if: order.late\n    then: [{send: {email: spring}}]\n    else: [{send: {email: summer}}]\n",
        "  - if: order.late\n    then: [{send: {email: spring}}]\n" + OTHER,
        # a text for those who have a telephone, an e-mail for the others
        "  - send: {sms: spring}\n" + OTHER,
    ],
)
def test_a_message_that_may_go_to_somebody_is_no_mistake(
    folder: Path, steps: str
) -> None:
    assert found(folder, steps, LIMIT) == []
