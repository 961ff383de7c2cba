"""Does anything speak against sending it at this moment? Each check, their order, and that `explain` sees what decides."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercart.campaigns import LateDelivery, RunningLow, Send, StopIf, Window
from aftercart.model import Channel, Purpose, State
from aftercart.policy import Facts, Held, Skip, Wait, decide, examine
from aftercart.policy import Send as Go
from aftercart.policy.sending import open_hours
from aftercart.reasons import Code
from tests.people import BO, CY
from tests.unit.policy.cases import (
    DAY,
    HOUR,
    MAIL,
    MINUTE,
    MONDAY,
    NOW,
    campaign,
    condition,
    facts,
    order,
)

LATE = LateDelivery(15 * MINUTE, 2 * MINUTE, 30 * MINUTE)
LOW = RunningLow((), time(10))
EGGS = {"category": "eggs", "name": "eggs", "last_at": MONDAY.isoformat()}


def _service(**more: Any) -> Facts:
    values: dict[str, Any] = {
        "campaign": campaign(purpose=Purpose.SERVICE, trigger=LATE),
        "message__purpose": Purpose.SERVICE,
        "order": order(delivered_at=None),
    }
    return facts(**(values | more))


def _low(**bought: datetime) -> Facts:
    told = {"started_at": MONDAY.isoformat(), "staples": [EGGS]}
    return facts(
        campaign=campaign(trigger=LOW), message__facts=told, last_bought=bought
    )


def test_where_nothing_speaks_against_it_it_goes() -> None:
    assert decide(facts(), NOW) == Go()
    assert decide(_service(), NOW) == Go()
    assert decide(_low(), NOW) == Go()


#: What is the matter, with what that makes of the message.
MATTERS: list[tuple[str, Facts, Code, State | None]] = [
    ("stale", facts(message__expires_at=NOW), Code.EXPIRED, State.EXPIRED),
    ("paused", facts(paused=Held("everything", MONDAY)), Code.PAUSED, None),
    (
        "no address",
        facts(customer=CY.customer, message__channel=Channel.SMS),
        Code.NO_ADDRESS,
        State.SKIPPED,
    ),
    (
        "suppressed",
        facts(suppressed=("bounce", MONDAY)),
        Code.SUPPRESSED,
        State.SKIPPED,
    ),
    ("no consent", facts(customer=BO.customer), Code.NO_CONSENT, State.SKIPPED),
    (
        "not in the audience",
        facts(campaign=campaign(audience=condition("customer.orders >= 1"))),
        Code.NOT_IN_AUDIENCE,
        State.SKIPPED,
    ),
    (
        "stopped",
        facts(campaign=campaign(StopIf(condition("order.total == 0")), MAIL)),
        Code.STOP_CONDITION,
        State.SKIPPED,
    ),
    (
        "refunded",
        facts(
            campaign=campaign(StopIf(condition("order.refunded")), MAIL),
            order=order(refunded_at=MONDAY),
        ),
        Code.ORDER_REFUNDED,
        State.SKIPPED,
    ),
    (
        "cancelled",
        facts(
            campaign=campaign(StopIf(condition("order.cancelled")), MAIL),
            order=order(cancelled_at=MONDAY),
        ),
        Code.ORDER_CANCELLED,
        State.SKIPPED,
    ),
    ("re-ordered", _low(eggs=NOW), Code.REORDERED, State.SKIPPED),
    ("arrived", _service(order=order()), Code.ARRIVED, State.CANCELLED),
    (
        "called off",
        _service(order=order(delivered_at=None, cancelled_at=NOW)),
        Code.ORDER_CANCELLED,
        State.CANCELLED,
    ),
    ("late order", facts(late_order="o-2"), Code.LATE_ORDER, None),
    ("open case", facts(case_since=NOW - DAY), Code.CASE_OPEN, None),
    (
        "quiet hours",
        facts(hours=Window(time(8), time(16))),
        Code.QUIET_HOURS,
        None,
    ),
    (
        "window",
        facts(
            campaign=campaign(
                Send(Channel.EMAIL, "recipe", DAY, Window(time(9), time(12)))
            )
        ),
        Code.WINDOW,
        None,
    ),
]


@pytest.mark.parametrize(
    ("given_facts", "code", "state"),
    [m[1:] for m in MATTERS],
    ids=[m[0] for m in MATTERS],
)
def test_each_check_ends_or_holds_the_message_and_is_the_last_that_explain_shows(
    given_facts: Facts, code: Code, state: State | None
) -> None:
    verdict = decide(given_facts, NOW)

    if state is None:
        assert isinstance(verdict, Wait)
        assert verdict.until > NOW
    else:
        assert isinstance(verdict, Skip)
        assert verdict.state is state
    assert verdict.reason.code is code
    assert "?" not in verdict.reason.sentence()
    shown = [c for c in examine(given_facts, NOW) if c.verdict != Go()]
    assert shown[0].verdict == verdict


def test_explain_shows_every_check_of_a_message_that_goes() -> None:
    shown = examine(facts(), NOW)

    assert [c.check for c in shown] == [
        "best before",
        "going live",
        "paused",
        "address",
        "suppression",
        "consent",
        "still true",
        "late order",
        "open case",
        "quiet hours",
        "campaign's hours",
    ]
    assert all(c.seen and c.needed for c in shown)


def test_what_is_stale_expires_though_it_is_paused() -> None:
    verdict = decide(
        facts(message__expires_at=NOW, paused=Held("everything", MONDAY)), NOW
    )

    assert isinstance(verdict, Skip) and verdict.state is State.EXPIRED


def test_an_open_case_holds_marketing_and_surveys_and_no_alert_for_a_week_at_most() -> (
    None
):
    for purpose in (Purpose.MARKETING, Purpose.SURVEY):
        for ago, until in ((DAY, NOW + HOUR), (7 * DAY - MINUTE, NOW + MINUTE)):
            held = decide(facts(case_since=NOW - ago, message__purpose=purpose), NOW)
            assert isinstance(held, Wait)
            assert (held.until, held.reason.code) == (until, Code.CASE_OPEN)
    assert decide(facts(case_since=NOW - 7 * DAY), NOW) == Go()
    assert decide(_service(case_since=NOW - DAY), NOW) == Go()


def test_a_late_order_holds_marketing_and_surveys_and_no_alert() -> None:
    for purpose in (Purpose.MARKETING, Purpose.SURVEY):
        held = decide(facts(late_order="o-2", message__purpose=purpose), NOW)
        assert isinstance(held, Wait) and held.reason.code is Code.LATE_ORDER

    assert decide(_service(late_order="o-2"), NOW) == Go()


def test_an_alert_by_mail_may_come_at_any_time_and_by_text_wakes_nobody() -> None:
    night = datetime(2026, 3, 4, 3, 0, tzinfo=UTC)
    shop = Window(time(9), time(20))

    any_time = campaign(
        Send(Channel.EMAIL, "recipe", DAY), purpose=Purpose.SERVICE, trigger=LATE
    )
    mail = decide(_service(campaign=any_time), night)
    text = decide(_service(campaign=any_time, message__channel=Channel.SMS), night)

    assert mail == Go()
    assert isinstance(text, Wait)
    assert text.until == datetime(2026, 3, 4, 8, 0, tzinfo=UTC)
    assert open_hours(Purpose.SERVICE, Channel.EMAIL, shop) is None
    assert open_hours(Purpose.SURVEY, Channel.SMS, shop) == shop


def test_only_the_stops_on_the_way_to_the_message_are_asked() -> None:
    stop = StopIf(condition("order.total == 0"))
    before, after = campaign(stop, MAIL), campaign(MAIL, stop)

    assert isinstance(decide(facts(campaign=before), NOW), Skip)
    assert decide(facts(campaign=after), NOW) == Go()


def test_a_template_that_is_used_twice_has_the_stops_and_hours_of_its_own_step() -> (
    None
):
    stop = StopIf(condition("order.total == 0"))
    late = Send(Channel.EMAIL, "recipe", DAY, Window(time(18), time(19)))
    twice = campaign(MAIL, late, stop, replace(MAIL))
    told = {"started_at": MONDAY.isoformat()}

    verdicts = [
        decide(facts(campaign=twice, message__facts=told | {"send": n}), NOW)
        for n in (1, 2, 3)
    ]

    assert verdicts[0] == Go()
    assert isinstance(verdicts[1], Wait) and verdicts[1].reason.code is Code.WINDOW
    assert isinstance(verdicts[2], Skip)


ZONES = (
    *("Europe/London", "Europe/Berlin", "America/New_York", "America/Los_Angeles"),
    *("America/Sao_Paulo", "Australia/Sydney", "Australia/Lord_Howe", "Asia/Tokyo"),
    *("Asia/Kolkata", "Pacific/Auckland", "Pacific/Apia", "Africa/Casablanca"),
    "America/Santiago",
)
#: Days on which some of these clocks change, in either direction.
CHANGES = (
    *((2026, 3, 8), (2026, 3, 29), (2026, 4, 5), (2026, 9, 6), (2026, 9, 27)),
    *((2026, 10, 4), (2026, 10, 25), (2026, 11, 1), (2026, 2, 15), (2026, 3, 22)),
)
_windows = st.tuples(st.integers(0, 22), st.integers(1, 23)).filter(
    lambda w: w[0] < w[1]
)


@given(
    zone=st.sampled_from(ZONES),
    day=st.sampled_from(CHANGES),
    minutes=st.integers(-2 * 1440, 2 * 1440),
    opens_closes=_windows,
)
def test_what_waits_for_its_hours_goes_inside_them_on_any_clock(
    zone: str, day: tuple[int, int, int], minutes: int, opens_closes: tuple[int, int]
) -> None:
    opens, closes = (time(h) for h in opens_closes)
    now = datetime(*day, 2, 0, tzinfo=UTC) + timedelta(minutes=minutes)
    asked = facts(
        customer__timezone=zone,
        hours=Window(opens, closes),
        campaign=campaign(Send(Channel.EMAIL, "recipe", DAY)),
        message__expires_at=now + 9 * DAY,
    )

    verdict = decide(asked, now)
    at = verdict.until if isinstance(verdict, Wait) else now

    assert decide(asked, at) == Go()
    assert at - now <= timedelta(hours=25)
    shown = at.astimezone(ZoneInfo(zone))
    # a window that a clock skips opens when the clock goes on
    assert opens <= shown.time() < closes or _skipped(shown, opens)
    if at > now:
        assert decide(asked, at - timedelta(seconds=1)) != Go()


def _skipped(shown: datetime, opens: time) -> bool:
    wanted = datetime.combine(shown.date(), opens, tzinfo=shown.tzinfo)
    there = wanted.astimezone(UTC).astimezone(shown.tzinfo)
    return there.replace(tzinfo=None) != wanted.replace(tzinfo=None)


def test_the_hours_are_the_customers() -> None:
    asked = facts(
        customer__timezone="Asia/Tokyo",
        campaign=campaign(Send(Channel.EMAIL, "recipe", DAY)),
    )

    verdict = decide(asked, NOW)

    # half past one at night there
    assert isinstance(verdict, Wait)
    assert verdict.until == datetime(2026, 3, 4, 23, 0, tzinfo=UTC)
    assert "5 Mar 08:00" in verdict.reason.sentence()
    assert "Tokyo" in verdict.reason.sentence()
    assert verdict.until - NOW > HOUR
