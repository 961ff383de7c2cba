"""An enrollment is due: which step is taken, what message comes of it, and when is it due again?"""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercart.campaigns import (
    Campaign,
    LateDelivery,
    Limit,
    RunningLow,
    Send,
    StopIf,
    Task,
    Wait,
    Window,
)
from aftercart.model import Channel, Message, Purpose, State, message_id
from aftercart.policy import Advance, advance
from aftercart.reasons import Code
from aftercart.shop import Shop
from tests.people import ANN, BO, CY, DI
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
from tests.unit.policy.test_sending import CHANGES, ZONES

CHICKEN = Send(Channel.EMAIL, "recipe", 3 * HOUR, content="recipes")
TWO_DAYS = Wait(days=2)


def _advance(
    way: Campaign,
    *,
    now: datetime = MONDAY,
    step: int = 0,
    due_at: datetime = MONDAY,
    seen: Any = None,
    shop: Shop = SHOP,
    **more: Any,
) -> Advance:
    return advance(
        enrollment(step=step, due_at=due_at, **more),
        campaign=way,
        shop=shop,
        view=seen or view(),
        now=now,
    )


def _message(done: Advance) -> Message:
    (draft,) = done.drafts
    return draft.message


def _code(done: Advance) -> Code | None:
    reason = _message(done).reason
    return reason.code if reason else None


# --- waiting --------------------------------------------------------------------------------------------------------------


def test_a_wait_of_days_before_hours_means_that_days_hours() -> None:
    done = _advance(campaign(TWO_DAYS, MAIL))

    assert (done.step, done.ended, done.drafts) == (1, False, ())
    assert done.due_at == datetime(2026, 3, 4, 0, 0, tzinfo=UTC)


def test_a_wait_of_days_without_hours_keeps_the_time_of_day() -> None:
    done = _advance(campaign(TWO_DAYS, TEXT))

    assert done.due_at == MONDAY + 2 * DAY


def test_a_stop_between_wait_and_send_hides_no_hours() -> None:
    stop = StopIf(condition("order.refunded"))

    done = _advance(campaign(TWO_DAYS, stop, MAIL))

    assert done.due_at == datetime(2026, 3, 4, 0, 0, tzinfo=UTC)


def test_a_late_tick_shifts_nothing() -> None:
    way = campaign(Wait(span=2 * HOUR), CHICKEN)

    on_time = _advance(way, now=MONDAY + 2 * HOUR)
    late = _advance(way, now=MONDAY + 5 * HOUR)

    assert _message(on_time).due_at == _message(late).due_at == MONDAY + 2 * HOUR


def test_waits_add_up_when_several_have_passed() -> None:
    way = campaign(Wait(span=HOUR), Wait(span=2 * HOUR), CHICKEN)

    done = _advance(way, now=MONDAY + DAY)

    assert done.ended
    assert _message(done).due_at == MONDAY + 3 * HOUR


def test_a_wait_counts_from_when_the_message_before_it_is_due() -> None:
    way = campaign(MAIL, Wait(span=2 * HOUR), CHICKEN)

    done = _advance(way)

    # due at nine, but its hours open at four
    assert _message(done).due_at == MONDAY + 7 * HOUR
    assert (done.step, done.due_at) == (2, MONDAY + 9 * HOUR)


# --- messages -------------------------------------------------------------------------------------------------------------


def test_a_message_is_dated_by_its_hours_and_best_before() -> None:
    message = _message(_advance(campaign(MAIL)))

    assert message.due_at == MONDAY + 7 * HOUR
    assert message.expires_at == message.due_at + 3 * HOUR
    assert (message.state, message.reason) == (State.SCHEDULED, None)
    assert message.created_at == MONDAY


def test_its_id_follows_from_business_facts_alone() -> None:
    first = _message(_advance(campaign(MAIL)))
    rewritten = campaign(CHICKEN, version="2", title="New")
    again = _message(_advance(rewritten, now=MONDAY + DAY))

    assert first.id == again.id == message_id("recipes", ANN.id, "o-1", 0)


def test_each_send_of_a_way_has_an_id_of_its_own() -> None:
    other = Send(Channel.EMAIL, "recipe", 3 * HOUR)
    done = _advance(campaign(CHICKEN, other, TEXT))

    assert [d.message.occurrence for d in done.drafts] == ["o-1", "o-1#2", "o-1#3"]
    assert len({d.message.id for d in done.drafts}) == 3
    assert [d.message.facts.get("send") for d in done.drafts] == [None, 2, 3]


def test_the_shops_hours_hold_for_marketing_and_not_for_alerts() -> None:
    night = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
    mail = Send(Channel.EMAIL, "recipe", 3 * HOUR)

    marketing = _message(_advance(campaign(mail), now=night, due_at=night))
    service = _message(
        _advance(campaign(mail, purpose=Purpose.SERVICE), now=night, due_at=night)
    )

    assert marketing.due_at == datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
    assert service.due_at == night


def test_a_recipe_is_chosen_from_the_basket_and_not_from_what_was_had() -> None:
    leeks = view(order=order("chicken", "leeks"))
    plain = _message(_advance(campaign(CHICKEN)))
    fitting = _message(_advance(campaign(CHICKEN), seen=leeks))
    second = _message(_advance(campaign(CHICKEN), seen=view(had=frozenset({"stew"}))))

    assert (plain.content, fitting.content, second.content) == ("stew", "soup", "soup")


def test_who_has_had_them_all_is_skipped_and_the_way_goes_on() -> None:
    had = view(had=frozenset({"stew", "soup"}))

    done = _advance(campaign(CHICKEN, TEXT), seen=had)

    states = [d.message.state for d in done.drafts]
    assert states == [State.SKIPPED, State.SCHEDULED]
    assert done.drafts[0].message.reason is not None
    assert done.drafts[0].message.reason.code is Code.NOTHING_NEW


@pytest.mark.parametrize(
    ("seen", "leg", "channel"),
    [
        (view(), 0, Channel.SMS),
        (view(customer=CY.customer), 1, Channel.EMAIL),
        (view(suppressed={Channel.SMS: ("stop", MONDAY)}), 1, Channel.EMAIL),
        (
            view(customer=CY.customer, suppressed={Channel.EMAIL: ("bounce", MONDAY)}),
            0,
            Channel.SMS,
        ),
    ],
)
def test_the_fallback_is_taken_where_only_it_reaches_the_customer(
    seen: Any, leg: int, channel: Channel
) -> None:
    both = Send(Channel.SMS, "late", HOUR, fallback=(Channel.EMAIL, "late-mail"))

    message = _message(_advance(campaign(both, purpose=Purpose.SERVICE), seen=seen))

    assert (message.leg, message.channel) == (leg, channel)
    assert message.id == message_id("recipes", message.customer_id, "o-1", leg)
    assert message.template == ("late-mail" if leg else "late")


# --- what ends a way ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "seen", "code"),
    [
        (
            campaign(StopIf(condition("order.refunded")), CHICKEN, TEXT),
            view(order=order(refunded_at=MONDAY)),
            Code.ORDER_REFUNDED,
        ),
        (
            campaign(StopIf(condition("order.total == 0")), CHICKEN, TEXT),
            view(),
            Code.STOP_CONDITION,
        ),
        (
            campaign(CHICKEN, TEXT, audience=condition("customer.orders > 5")),
            view(),
            Code.NOT_IN_AUDIENCE,
        ),
    ],
)
def test_a_condition_ends_the_way_and_the_log_shows_the_message_that_was_not_sent(
    way: Campaign, seen: Any, code: Code
) -> None:
    done = _advance(way, seen=seen)

    assert done.ended
    assert done.reason is not None and done.reason.code is code
    assert _message(done).state is State.SKIPPED
    assert _code(done) is code


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (view(customer=BO.customer), Code.NO_CONSENT),
        (view(suppressed={Channel.EMAIL: ("bounce", MONDAY)}), Code.SUPPRESSED),
        (view(reached=(MONDAY - DAY,)), Code.RECENT_ENOUGH),
    ],
)
def test_what_concerns_one_step_does_not_end_the_way(seen: Any, code: Code) -> None:
    way = campaign(CHICKEN, TWO_DAYS, TEXT, limit=Limit(1, 7 * DAY))

    done = _advance(way, seen=seen)

    assert _code(done) is code
    assert _message(done).state is State.SKIPPED
    assert (done.ended, done.step) == (False, 2)


def test_a_limit_counts_what_reached_the_customer_within_its_period() -> None:
    way = campaign(CHICKEN, limit=Limit(2, 7 * DAY))
    once, long_ago = (MONDAY - DAY,), (MONDAY - DAY, MONDAY - 7 * DAY)
    twice = (MONDAY - 6 * DAY, MONDAY - DAY)

    allowed = [_code(_advance(way, seen=view(reached=r))) for r in (once, long_ago)]

    assert allowed == [None, None]
    assert _code(_advance(way, seen=view(reached=twice))) is Code.RECENT_ENOUGH


def test_staples_that_were_bought_again_meanwhile_end_the_way() -> None:
    low = campaign(CHICKEN, trigger=RunningLow((), time(10)))
    eggs = {"category": "eggs", "name": "eggs", "last_at": MONDAY.isoformat()}
    bought = view(last_bought={"eggs": MONDAY + HOUR})

    done = _advance(low, seen=bought, facts={"staples": [eggs]})

    assert done.ended
    assert _code(done) is Code.REORDERED


# --- delays ---------------------------------------------------------------------------------------------------------------

LATE = campaign(
    Send(Channel.SMS, "late", HOUR),
    purpose=Purpose.SERVICE,
    trigger=LateDelivery(15 * MINUTE, 2 * MINUTE, 30 * MINUTE),
)
PROMISED = MONDAY - 20 * MINUTE


def _late(**more: Any) -> Any:
    return view(order=order(promised_at=PROMISED, delivered_at=None, **more))


def test_a_delay_is_told_with_the_newest_time() -> None:
    eta = MONDAY + 10 * MINUTE

    known = _message(_advance(LATE, seen=_late(eta=eta), facts={"eta": "x"}))
    unknown = _message(_advance(LATE, seen=_late()))

    assert known.facts["told"] == eta.isoformat()
    assert unknown.facts["told"] == ""


def test_a_promise_that_was_moved_is_looked_at_later() -> None:
    done = _advance(LATE, seen=view(order=order(promised_at=MONDAY, delivered_at=None)))

    assert (done.ended, done.step, done.drafts) == (False, 0, ())
    assert done.due_at == MONDAY + 17 * MINUTE


def test_what_is_not_late_any_more_ends_without_a_message() -> None:
    done = _advance(LATE, seen=view(order=order(promised_at=PROMISED)))

    assert done.ended and done.drafts == ()
    assert done.reason is not None and done.reason.code is Code.ARRIVED


# --- on any clock ---------------------------------------------------------------------------------------------------------

_hours = st.tuples(st.integers(0, 22), st.integers(1, 23)).filter(lambda w: w[0] < w[1])


@given(
    zone=st.sampled_from(ZONES),
    day=st.sampled_from(CHANGES),
    minutes=st.integers(-3 * 1440, 1440),
    between=st.none() | _hours,
    days=st.integers(0, 3),
)
def test_a_message_is_due_inside_its_hours_and_the_shops_on_any_clock(
    zone: str,
    day: tuple[int, int, int],
    minutes: int,
    between: tuple[int, int] | None,
    days: int,
) -> None:
    begins = datetime(*day, 2, 0, tzinfo=UTC) + timedelta(minutes=minutes)
    window = Window(time(between[0]), time(between[1])) if between else None
    shop_hours = SHOP.quiet_hours[Channel.EMAIL]
    overlap = window is None or (
        max(window.opens, shop_hours.opens) < min(window.closes, shop_hours.closes)
    )
    send = Send(Channel.EMAIL, "recipe", 3 * HOUR, window)
    way = campaign(Wait(days=days), send) if days else campaign(send)
    customer = view(
        customer=type(DI.customer)(**vars(DI.customer) | {"timezone": zone})
    )

    done = _advance(way, now=begins + 9 * DAY, due_at=begins, seen=customer)

    due_at = _message(done).due_at
    shown = due_at.astimezone(ZoneInfo(zone))
    # no clock is put forward by day: a window between six and midnight is never skipped
    if overlap and (window is None or window.closes > time(6)):
        assert shop_hours.opens <= shown.time() < shop_hours.closes
        assert window is None or window.opens <= shown.time() < window.closes
    assert due_at >= begins
    local = begins.astimezone(ZoneInfo(zone)).date()
    assert (shown.date() - local).days in {days, days + 1, days + 2}


# --- tasks ----------------------------------------------------------------------------------------------------------------

CALL = Task("call them")


def test_a_task_is_asked_for_when_its_turn_comes_and_the_way_goes_on() -> None:
    way = campaign(CALL, TWO_DAYS, Task("call again"))

    first = _advance(way)
    last = _advance(way, step=first.step, due_at=first.due_at, now=first.due_at)

    assert (first.tasks, first.ended) == (((0, "call them"),), False)
    assert (last.tasks, last.ended) == (((2, "call again"),), True)
    assert first.drafts == last.drafts == ()


def test_nobody_is_asked_to_do_what_a_stop_condition_ends() -> None:
    way = campaign(StopIf(condition("order.refunded")), CALL)
    refunded = view(order=order(refunded_at=MONDAY - HOUR))

    done = _advance(way, seen=refunded)

    assert (done.tasks, done.ended) == ((), True)
    assert done.reason is not None and done.reason.code is Code.ORDER_REFUNDED
