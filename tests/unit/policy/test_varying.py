"""Who gets which variant: the same one every time, evenly, and independent of who is held back."""

from dataclasses import replace
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercart.campaigns import Campaign, Send, Variant
from aftercart.model import Message
from aftercart.policy import advance, lots, varying
from aftercart.policy.holding_out import held_out
from tests.people import ANN
from tests.unit.policy.cases import MAIL, MONDAY, SHOP, campaign, enrollment, view

HALVES = (Variant("a", "recipe", 0.5), Variant("b", "short", 0.5))
FIFTHS = (Variant("a", "recipe", 0.8), Variant("b", "short", 0.2))
MANY = 20_000


def _send(*variants: Variant) -> tuple[Campaign, Send]:
    send = replace(MAIL, variants=variants)
    return campaign(send, holdout=0.2), send


@given(st.text(min_size=1, max_size=40))
def test_a_customer_gets_the_same_variant_every_time(customer_id: str) -> None:
    way, send = _send(*HALVES)
    again, other = _send(*HALVES)

    first = varying.variant(way, send, customer_id)

    assert first in HALVES
    assert varying.variant(again, other, customer_id) == first


@pytest.mark.parametrize("variants", [HALVES, FIFTHS])
@pytest.mark.parametrize("ids", ["c-{}", "{:09}", "kunde{}@x"])
def test_the_shares_come_out_within_three_standard_deviations(
    variants: tuple[Variant, ...], ids: str
) -> None:
    way, send = _send(*variants)

    got = sum(
        varying.variant(way, send, ids.format(n)) is variants[0] for n in range(MANY)
    )

    share = variants[0].share
    assert abs(got - share * MANY) < 3 * sqrt(MANY * share * (1 - share))


def test_who_is_held_back_and_who_gets_which_variant_have_nothing_to_do_with_each_other() -> (
    None
):
    way, send = _send(*HALVES)
    people = [replace(ANN.customer, id=f"c-{n}") for n in range(MANY)]
    held = [c for c in people if held_out(way, c)]

    among = sum(varying.variant(way, send, c.id) is HALVES[0] for c in held)

    assert abs(among - len(held) / 2) < 3 * sqrt(len(held) / 4)


def test_each_message_of_a_campaign_draws_a_lot_of_its_own() -> None:
    first, second = replace(MAIL, variants=HALVES), replace(MAIL, variants=HALVES)
    way = campaign(first, second)

    same = sum(
        varying.variant(way, first, f"c-{n}") == varying.variant(way, second, f"c-{n}")
        for n in range(MANY)
    )

    assert abs(same - MANY / 2) < 3 * sqrt(MANY / 4)


def test_the_message_says_which_variant_it_is_and_its_id_does_not_depend_on_it() -> (
    None
):
    way, _ = _send(Variant("b", "short", 1.0), Variant("a", "recipe", 0.0))
    plain = campaign(MAIL)

    def drafted(campaign_: Campaign) -> Message:
        done = advance(
            enrollment(), campaign=campaign_, shop=SHOP, view=view(), now=MONDAY
        )
        return done.drafts[0].message

    message = drafted(replace(way, holdout=0.0))

    assert (message.template, message.facts["variant"]) == ("short", "b")
    assert message.id == drafted(plain).id


def test_the_lots_of_holdouts_are_what_they_were() -> None:
    # a change would hold back others from one day to the next
    assert lots.draw("holdout", "recipes", "c-1") == 0.03195901638545415
