"""Is this order late, and is it worth telling (again)?"""

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercart.campaigns import LateDelivery
from aftercart.policy.lateness import Late, NotYet, judge
from aftercart.reasons import Code, Reason
from tests.unit.policy.cases import HOUR, MINUTE, MONDAY, order

TRIGGER = LateDelivery(15 * MINUTE, 2 * MINUTE, 30 * MINUTE)
PROMISED = MONDAY + 3 * HOUR


def _judge(
    *,
    eta: int | None = None,
    now: int = -30,
    told: tuple[datetime | None, ...] = (),
    by_promise: bool = False,
    **more: Any,
) -> Late | NotYet | Reason:
    """`eta` and `now` in minutes after the promise."""
    facts: dict[str, Any] = {"promised_at": PROMISED, "delivered_at": None}
    if eta is not None:
        facts["eta"] = PROMISED + eta * MINUTE
    return judge(
        order(**(facts | more)),
        trigger=TRIGGER,
        by_promise=by_promise,
        told=told,
        now=PROMISED + now * MINUTE,
    )


def _code(verdict: Late | NotYet | Reason) -> Code | None:
    return verdict.code if isinstance(verdict, Reason) else None


@pytest.mark.parametrize(("eta", "late"), [(14, False), (15, True), (90, True)])
def test_late_is_what_is_expected_by_so_much_later_than_promised(
    eta: int, late: bool
) -> None:
    verdict = _judge(eta=eta)

    if late:
        assert verdict == Late(PROMISED + eta * MINUTE)
    else:
        assert _code(verdict) is Code.NOT_LATE


def test_without_a_promise_nothing_is_late() -> None:
    assert _code(_judge(eta=90, promised_at=None)) is Code.NOT_LATE


@pytest.mark.parametrize(
    ("fact", "code"),
    [("delivered_at", Code.ARRIVED), ("cancelled_at", Code.ORDER_CANCELLED)],
)
def test_what_is_over_is_not_late(fact: str, code: Code) -> None:
    verdict = _judge(eta=90, **{fact: PROMISED})

    assert _code(verdict) is code


def test_the_promise_is_watched_until_its_time_and_two_minutes() -> None:
    assert _judge(now=16, by_promise=True) == NotYet(PROMISED + 17 * MINUTE)
    assert _judge(now=17, by_promise=True) == Late(None)


def test_an_estimate_that_has_passed_is_no_time_to_tell() -> None:
    assert _judge(eta=16, now=20, by_promise=True) == Late(None)
    assert _judge(eta=40, now=20, by_promise=True) == Late(PROMISED + 40 * MINUTE)


def test_the_newest_estimate_counts_whichever_set_the_watch() -> None:
    assert _judge(eta=31) == Late(PROMISED + 31 * MINUTE)
    assert _code(_judge(eta=3)) is Code.NOT_LATE


@pytest.mark.parametrize(
    ("told", "eta", "again"),
    [
        ((25,), 54, False),
        ((25,), 55, True),
        ((25, 60), 89, False),
        ((60, 25), 89, False),
        ((None,), 44, False),
        ((None,), 45, True),
    ],
)
def test_it_is_told_again_when_it_is_so_much_worse_than_what_was_told(
    told: tuple[int | None, ...], eta: int, again: bool
) -> None:
    times = tuple(None if t is None else PROMISED + t * MINUTE for t in told)

    verdict = _judge(eta=eta, told=times)

    assert isinstance(verdict, Late) is again
    assert again or _code(verdict) is Code.NOT_MUCH_WORSE


@given(etas=st.lists(st.integers(-20, 300), max_size=20))
def test_however_estimates_jump_each_telling_is_so_much_later_than_the_last(
    etas: list[int],
) -> None:
    told: list[datetime] = []
    for eta in etas:
        verdict = _judge(eta=eta, told=tuple(told))
        if isinstance(verdict, Late):
            assert verdict.time is not None
            told.append(verdict.time)

    for before, after in itertools.pairwise(told):
        assert after - before >= timedelta(minutes=30)
