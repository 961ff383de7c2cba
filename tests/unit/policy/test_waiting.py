"""Waits for an event, branches and stops: pure decisions, so that a simulation takes the same way as the planner."""

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

import pytest

from aftercart.campaigns import (
    Branch,
    Jump,
    Recurring,
    Send,
    Stop,
    StopIf,
    Wait,
    WaitFor,
)
from aftercart.conditions import Scope
from aftercart.model import Channel, Customer, Enrollment, Event
from aftercart.policy import Advance, advance, drafting, waiting
from aftercart.reasons import Code
from aftercart.recurrence import EVERY_DAY, Days
from tests.people import ANN, BO
from tests.unit.policy.cases import (
    DAY,
    HOUR,
    MAIL,
    MINUTE,
    MONDAY,
    SHOP,
    TEXT,
    campaign,
    condition,
    enrollment,
    order,
    view,
)

FIRST = Send(Channel.EMAIL, "first", 3 * DAY)
SECOND = Send(Channel.EMAIL, "second", 3 * DAY)
#: Who orders within three days is not written to; the others get the second message.
FOR_ORDER = WaitFor("order.placed", 3 * DAY, otherwise=2)
WAITS = campaign(FOR_ORDER, Stop("they came back"), SECOND)


def _go(e: Enrollment, way: Any, now: datetime, **seen: Any) -> Advance:
    return advance(e, campaign=way, shop=SHOP, view=view(**seen), now=now)


def _scope(now: datetime, **more: Any) -> Scope:
    return Scope(ANN.customer, order(**more), now, MONDAY, {})


def _placed(at: datetime, type_: str = "order.placed", who: str = ANN.id) -> Event:
    return Event("e-1", type_, at, who, "o-2", {})


def _sent(done: Advance) -> list[str]:
    return [d.message.template for d in done.drafts]


# --- waiting for an event -------------------------------------------------------------------------------------------------


def test_a_wait_for_an_event_rests_until_its_time_is_over_and_says_what_it_waits_for() -> (
    None
):
    done = _go(enrollment(), WAITS, MONDAY)

    assert (done.step, done.ended, done.awaits) == (0, False, "order.placed")
    assert done.due_at == MONDAY + 3 * DAY


def test_who_does_it_in_time_goes_the_one_way_and_is_due_when_they_did() -> None:
    waits = _go(enrollment(), WAITS, MONDAY).moves(enrollment())

    met = waiting.met(waits, WAITS, _placed(MONDAY + DAY), _scope(MONDAY + DAY))

    assert met is not None
    assert met.due_at == MONDAY + DAY
    done = _go(met, WAITS, MONDAY + DAY)
    assert done.ended and done.reason
    assert done.reason.code is Code.STOPPED
    assert "they came back" in done.reason.sentence()


def test_who_does_not_goes_the_other_when_the_time_is_over() -> None:
    waits = _go(enrollment(), WAITS, MONDAY).moves(enrollment())

    early = _go(waits, WAITS, MONDAY + 3 * DAY - MINUTE)
    late = _go(waits, WAITS, MONDAY + 4 * DAY)

    assert (early.step, early.awaits, _sent(early)) == (0, "order.placed", [])
    assert _sent(late) == ["second"]
    assert late.drafts[0].message.due_at == MONDAY + 3 * DAY


@pytest.mark.parametrize(
    "event",
    [
        _placed(MONDAY),
        _placed(MONDAY - HOUR),
        _placed(MONDAY + 3 * DAY + MINUTE),
        _placed(MONDAY + DAY, "order.delivered"),
        _placed(MONDAY + DAY, who=BO.id),
    ],
    ids=["as it began", "before", "too late", "something else", "somebody else"],
)
def test_only_that_event_of_that_customer_within_that_time_ends_the_wait(
    event: Event,
) -> None:
    waits = _go(enrollment(), WAITS, MONDAY).moves(enrollment())

    assert waiting.met(waits, WAITS, event, _scope(event.at)) is None


def test_the_condition_of_a_wait_sees_the_order_of_the_event() -> None:
    where = condition("any(item.category == 'eggs')")
    way = campaign(replace(FOR_ORDER, where=where), Stop(), SECOND)
    waits = _go(enrollment(), way, MONDAY).moves(enrollment())
    event, at = _placed(MONDAY + DAY), MONDAY + DAY

    eggs = Scope(ANN.customer, order("eggs"), at, MONDAY, {})
    leeks = Scope(ANN.customer, order("leeks"), at, MONDAY, {})

    assert waiting.met(waits, way, event, eggs)
    assert waiting.met(waits, way, event, leeks) is None


def test_a_wait_without_sides_goes_on_for_both() -> None:
    way = campaign(WaitFor("order.placed", 3 * DAY, otherwise=1), SECOND)
    waits = _go(enrollment(), way, MONDAY).moves(enrollment())
    met = waiting.met(waits, way, _placed(MONDAY + DAY), _scope(MONDAY + DAY))

    assert met
    assert _sent(_go(met, way, MONDAY + DAY)) == ["second"]
    assert _sent(_go(waits, way, MONDAY + 3 * DAY)) == ["second"]


def test_a_planner_that_comes_after_all_of_the_wait_still_asks_whether_it_happened() -> (
    None
):
    done = _go(enrollment(), WAITS, MONDAY + 9 * DAY)

    assert (done.step, done.awaits) == (0, "order.placed")
    assert done.due_at == MONDAY + 3 * DAY
    assert not done.ended and not done.drafts


def test_what_is_waited_for_is_met_once() -> None:
    waits = _go(enrollment(), WAITS, MONDAY).moves(enrollment())
    met = waiting.met(waits, WAITS, _placed(MONDAY + DAY), _scope(MONDAY + DAY))

    assert met
    again = _placed(MONDAY + 2 * DAY)
    assert waiting.met(met, WAITS, again, _scope(again.at)) is None


def test_a_wait_after_a_message_begins_when_the_message_goes() -> None:
    # due at nine, but its hours open at four
    way = campaign(MAIL, WaitFor("order.placed", DAY, otherwise=2), SECOND)

    done = _go(enrollment(), way, MONDAY)

    waits = done.moves(enrollment())
    noon = _placed(MONDAY + 3 * HOUR)
    assert done.due_at == MONDAY + 7 * HOUR + DAY
    assert waiting.met(waits, way, noon, _scope(noon.at)) is None


def test_a_message_carries_no_word_of_the_wait_before_it() -> None:
    waits = _go(enrollment(), WAITS, MONDAY).moves(enrollment())

    (draft,) = _go(waits, WAITS, MONDAY + 3 * DAY).drafts

    assert waiting.FACT not in draft.message.facts


# --- branches and stops ---------------------------------------------------------------------------------------------------


def _branch(text: str, *, after: tuple[Any, ...] = ()) -> Any:
    return campaign(Branch(condition(text), 3), FIRST, Jump(4), SECOND, *after)


def test_a_branch_goes_one_way_or_the_other() -> None:
    many = replace(ANN.customer, orders=9)
    few = replace(ANN.customer, orders=1)
    way = _branch("customer.orders >= 5", after=(TEXT,))

    def goes(customer: Customer) -> list[str]:
        return _sent(_go(enrollment(), way, MONDAY, customer=customer))

    assert goes(many) == ["first", "reminder"]
    assert goes(few) == ["second", "reminder"]


def test_messages_keep_their_numbers_whichever_way_was_taken() -> None:
    few = replace(ANN.customer, orders=1)
    way = _branch("customer.orders >= 5", after=(TEXT,))

    done = _go(enrollment(), way, MONDAY, customer=few)

    assert [d.message.occurrence for d in done.drafts] == ["o-1#2", "o-1#3"]


def test_a_branch_is_judged_when_it_is_reached_and_not_when_the_message_before_is_planned() -> (
    None
):
    way = campaign(MAIL, Branch(condition("order.refunded"), 3), Stop(), SECOND)

    planned = _go(enrollment(), way, MONDAY)

    assert (planned.step, planned.due_at) == (1, MONDAY + 7 * HOUR)
    refunded = order(refunded_at=MONDAY + HOUR)
    later = _go(planned.moves(enrollment()), way, planned.due_at, order=refunded)
    assert later.reason and later.reason.code is Code.STOPPED


def test_a_stop_condition_counts_for_the_sends_of_its_own_branch_only() -> None:
    refunded = order(refunded_at=MONDAY)
    stop = StopIf(condition("order.refunded"), until=3)
    way = campaign(Branch(condition("customer.orders >= 0"), 3), stop, FIRST, SECOND)
    elsewhere = campaign(Branch(condition("order.late"), 3), stop, FIRST, SECOND)

    inside = _go(enrollment(), way, MONDAY, order=refunded)
    behind = _go(enrollment(), elsewhere, MONDAY, order=refunded)

    assert [d.message.reason is not None for d in inside.drafts] == [True]
    assert [d.message.reason for d in behind.drafts] == [None]
    assert _sent(behind) == ["second"]


def test_a_stop_without_words_has_a_sentence_all_the_same() -> None:
    done = _go(enrollment(), campaign(Stop()), MONDAY)

    assert done.ended and done.reason
    assert done.reason.sentence().endswith("its file says stop.")


# --- until ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "at", "base", "due"),
    [
        (EVERY_DAY, time(16), MONDAY, MONDAY + 7 * HOUR),
        (EVERY_DAY, time(9), MONDAY, MONDAY + DAY),
        (Days((4,)), time(10), MONDAY, MONDAY + 4 * DAY + HOUR),
        (Days(dates=(-1,)), time(10), MONDAY, datetime(2026, 3, 31, 9, tzinfo=UTC)),
        # clocks go forward on the 29th of March: half past one comes at two
        (
            EVERY_DAY,
            time(1, 30),
            datetime(2026, 3, 28, 12, tzinfo=UTC),
            datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
        ),
        # they go back on the 25th of October: half past one comes once, the first time
        (
            EVERY_DAY,
            time(1, 30),
            datetime(2026, 10, 24, 12, tzinfo=UTC),
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        ),
    ],
)
def test_a_wait_until_ends_the_next_time_that_it_is_that_on_the_customers_clock(
    days: Days, at: time, base: datetime, due: datetime
) -> None:
    london = replace(ANN.customer, timezone="Europe/London")
    way = campaign(Wait(until=Recurring(days, at)), SECOND)

    done = _go(enrollment(due_at=base), way, base, customer=london)

    assert done.due_at == due


def test_what_a_branch_sees_is_what_a_stop_condition_sees() -> None:
    e = enrollment()

    scope = drafting.scope_of(e, view(), MONDAY)

    assert (scope.customer, scope.started_at) == (ANN.customer, e.started_at)
