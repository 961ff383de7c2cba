"""Codes: one for each customer and occasion, always the same one, and nobody can work out another's."""

from collections.abc import Mapping
from dataclasses import replace

from aftercart import codes
from aftercart.codes import Coupon
from tests.unit.policy.cases import message

SECRET = "a secret that is only for the tests"
BDAY: Mapping[str, Coupon] = {"recipes": Coupon("BDAY", 6)}
ONE = replace(message(), campaign="recipes", customer_id="ann", occurrence="2026")


def test_a_customer_has_the_same_code_however_often_it_is_worked_out() -> None:
    first = codes.of_message(BDAY, ONE, secret=SECRET)

    assert first == codes.of_message(BDAY, replace(ONE, id="other"), secret=SECRET)
    assert first.startswith("BDAY-") and len(first) == len("BDAY-") + 6
    assert not set(first.removeprefix("BDAY-")) & set("01IO")


def test_another_customer_occasion_campaign_or_key_has_another() -> None:
    both = {**BDAY, "other": Coupon("BDAY", 6)}
    made = [
        codes.of_message(both, one, secret=secret)
        for one, secret in (
            (ONE, SECRET),
            (replace(ONE, customer_id="bo"), SECRET),
            (replace(ONE, occurrence="2027"), SECRET),
            (replace(ONE, campaign="other"), SECRET),
            (ONE, "another secret"),
        )
    ]

    assert len(set(made)) == 5


def test_a_campaign_without_coupons_brings_none() -> None:
    assert codes.of_message({}, ONE, secret=SECRET) == ""


def test_a_new_key_in_front_changes_no_code_that_was_given_out() -> None:
    before = codes.referral("ann", secret=SECRET)

    assert codes.referral("ann", secret=f"new-key {SECRET}") == before
    assert codes.referral("bo", secret=SECRET) != before
