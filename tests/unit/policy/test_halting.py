"""When is it better to stop a campaign? By the share of a day's messages that came to a bad end."""

import pytest

from aftercart.model import Delivery, Signal
from aftercart.policy.halting import Trouble, judge, most_to_count, trouble
from aftercart.shop import Rates

RATES = Rates()
BOUNCE, COMPLAINT, UNSUBSCRIBE = Trouble


@pytest.mark.parametrize(
    ("kind", "count", "sent", "harmful"),
    [
        (BOUNCE, 6, 120, False),
        (BOUNCE, 7, 120, True),
        (BOUNCE, 49, 49, False),
        (BOUNCE, 3, 50, True),
        (COMPLAINT, 1, 60, False),
        (COMPLAINT, 2, 60, True),
        (COMPLAINT, 3, 1000, False),
        (COMPLAINT, 4, 1000, True),
        (UNSUBSCRIBE, 4, 60, False),
        (UNSUBSCRIBE, 5, 60, True),
        (UNSUBSCRIBE, 20, 1000, False),
        (UNSUBSCRIBE, 21, 1000, True),
    ],
)
def test_a_campaign_does_harm_above_its_share_and_never_by_accident(
    kind: Trouble, count: int, sent: int, harmful: bool
) -> None:
    assert (judge({kind: count}, sent=sent, rates=RATES) is not None) is harmful


def test_the_words_have_the_figures() -> None:
    bounced = judge({BOUNCE: 7}, sent=120, rates=RATES)
    complained = judge({COMPLAINT: 4}, sent=1200, rates=RATES)

    assert (
        bounced
        and bounced.sentence() == "7 of 120 bounced within a day (5.8 %, allowed 5 %)"
    )
    assert (
        complained
        and complained.sentence()
        == "4 of 1,200 drew a complaint within a day (0.33 %, allowed 0.3 %)"
    )


def test_the_shop_says_what_is_too_much() -> None:
    assert judge({BOUNCE: 7}, sent=120, rates=Rates(bounces=0.1)) is None


@pytest.mark.parametrize("kind", Trouble)
@pytest.mark.parametrize("count", [1, 2, 3, 5, 7, 19, 100, 333])
def test_nobody_counts_further_than_what_acquits(kind: Trouble, count: int) -> None:
    most = most_to_count({kind: count}, RATES)

    harmful = [
        sent
        for sent in range(count, 120_000, 7)
        if judge({kind: count}, sent=sent, rates=RATES)
    ]
    assert all(sent < most for sent in harmful)
    assert not most or judge({kind: count}, sent=most, rates=RATES) is None


@pytest.mark.parametrize(
    ("delivery", "signal", "kind"),
    [
        (Delivery.BOUNCED, None, BOUNCE),
        (Delivery.BLOCKED, None, BOUNCE),
        (None, Signal.COMPLAINED, COMPLAINT),
        (None, Signal.UNSUBSCRIBED, UNSUBSCRIBE),
        (Delivery.DELIVERED, None, None),
        (Delivery.DROPPED, None, None),
        (None, Signal.OPENED, None),
    ],
)
def test_what_speaks_against_a_campaign(
    delivery: Delivery | None, signal: Signal | None, kind: Trouble | None
) -> None:
    assert trouble(delivery, signal) is kind
