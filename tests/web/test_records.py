"""The queries behind log and console, on both databases."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aftercart.handover import ProviderEvent
from aftercart.model import Delivery, Signal, State
from aftercart.reasons import Code
from aftercart.runtime import Runtime
from aftercart.store import inbox, records
from aftercart.store.records import Nps
from tests.web import afternoon, seeding
from tests.web.seeding import DAY, HOUR, NOW


@pytest.fixture
def rt(database_url: str, tmp_path: Path) -> Runtime:
    made = seeding.runtime(tmp_path, database_url=database_url)
    afternoon.fill(made)
    return made


def test_the_log_filters_by_each_of_its_words(rt: Runtime) -> None:
    with rt.store.read() as tx:
        everything = records.log(tx)
        answers = {
            "customer": records.log(tx, customer="c-1001"),
            "order": records.log(tx, order="o-5001"),
            "campaign": records.log(tx, campaign="nps-survey"),
            "state": records.log(tx, state=State.SKIPPED),
            "since": records.log(tx, since=NOW - DAY),
            "until": records.log(tx, until=NOW - DAY),
            "both": records.log(tx, customer="c-1001", campaign="nps-survey"),
        }
    rt.store.close()

    assert {name: len(rows) for name, rows in answers.items()} == {
        "customer": 3,
        "order": 2,
        "campaign": 11,
        "state": 4,
        "since": 15,
        "until": 15,
        "both": 1,
    }
    assert len(everything) == 30
    assert everything == sorted(
        everything, key=lambda row: (row.created_at, row.id), reverse=True
    )


def test_pages_by_their_last_line_leave_out_nothing_even_in_one_moment(
    rt: Runtime,
) -> None:
    with rt.store.write() as tx:
        tx.exec_driver_sql(
            "UPDATE messages SET created_at = (SELECT max(created_at) FROM messages)"
        )
    seen: list[str] = []
    before = None
    with rt.store.read() as tx:
        for _ in range(6):
            rows = records.log(tx, before=before, limit=7)
            if not rows:
                break
            seen += [row.id for row in rows]
            before = (rows[-1].created_at, rows[-1].id)
    rt.store.close()

    assert len(seen) == len(set(seen)) == 30


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("c-1001", ["c-1001"]),
        ("ann@mail.example", ["c-1001"]),
        ("ANN@mail", ["c-1001"]),
        ("ann", ["c-1001"]),
        ("+447700900100", ["c-1001"]),
        ("07700 900100", ["c-1001"]),
        ("(07700) 900-100", ["c-1001"]),
        ("c-100", [f"c-100{n}" for n in range(1, 10)]),
        ("c", []),
        ("%", []),
        ("c-10_1", []),
        ("' OR 1=1 --", []),
    ],
)
def test_people_are_found_by_what_callers_say(
    rt: Runtime, text: str, found: list[str]
) -> None:
    with rt.store.read() as tx:
        people = [p.id for p in records.find_customers(tx, text)]
    rt.store.close()

    assert people == found


def test_a_line_of_the_log_has_its_stable_words(rt: Runtime) -> None:
    with rt.store.read() as tx:
        (row,) = records.log(tx, customer="c-1002", state=State.SKIPPED)
    rt.store.close()

    line = row.to_json()
    assert line.pop("id") == row.id
    assert line == {
        "campaign": "recipe-follow-up",
        "customer": "c-1002",
        "channel": "email",
        "purpose": "marketing",
        "state": "skipped",
        "reason": "no_consent",
        "sentence": "The customer has not agreed to marketing by email.",
        "due_at": "2026-03-05T11:00:00Z",
        "accepted_at": None,
        "created_at": "2026-03-05T10:57:00Z",
        "delivery": None,
        "order": "o-5002",
        "coupon": None,
        "variant": None,
    }


def test_an_erased_persons_messages_stay_in_the_log(rt: Runtime) -> None:
    with rt.store.write() as tx:
        tx.exec_driver_sql("DELETE FROM customers WHERE id = 'c-1001'")
    with rt.store.read() as tx:
        rows = records.log(tx, customer="c-1001")
        page = records.message_page(tx, rows[0].id, now=NOW)
    rt.store.close()

    assert {(row.first_name, row.timezone) for row in rows} == {("", "UTC")}
    assert page is not None
    assert page.customer is None


def test_messages_are_counted_by_campaign_state_and_reason(rt: Runtime) -> None:
    with rt.store.read() as tx:
        counts = records.counts(tx)
        recent = records.counts(tx, since=NOW - HOUR)
    rt.store.close()

    nudges = {(c.state, c.reason): c.n for c in counts if c.campaign == "reorder-nudge"}
    assert nudges == {
        (State.ACCEPTED, None): 1,
        (State.SCHEDULED, Code.LATE_ORDER): 1,
        (State.SKIPPED, Code.REORDERED): 1,
        (State.SKIPPED, Code.SUPPRESSED): 1,
    }
    assert sum(c.n for c in counts) == 30
    assert sum(c.n for c in recent) == 4


def test_the_story_merges_our_words_and_the_providers_in_order(rt: Runtime) -> None:
    with rt.store.read() as tx:
        row = records.log(tx, customer="c-1001", campaign="nps-survey")[0]
        page = records.message_page(tx, row.id, now=NOW)
        none = records.message_page(tx, "no-such-message", now=NOW)
    rt.store.close()

    assert none is None
    assert page is not None
    assert [entry.word for entry in page.story] == [
        *("planned", "sending", "accepted", "processed", "delivered"),
        *("opened", "answered"),
    ]
    assert page.story == sorted(page.story, key=lambda entry: entry.at)
    assert page.answer is not None
    assert page.answer.score == 10
    assert set(page.sources) >= {"subject", "html", "text"}


@pytest.mark.parametrize("turned", [False, True])
def test_reports_of_one_second_stand_in_the_order_in_which_they_must_have_come(
    rt: Runtime, *, turned: bool
) -> None:
    words: list[dict[str, Any]] = [
        {"delivery": Delivery.PROCESSED},
        {"delivery": Delivery.DELIVERED},
        {"signal": Signal.OPENED},
    ]
    with rt.store.write() as tx:
        row = records.log(tx, customer="c-1001", campaign="recipe-follow-up")[0]
        told = [
            ProviderEvent(f"k-{9 - n if turned else n}", "sendgrid", NOW, row.id, **w)
            for n, w in enumerate(words)
        ]
        inbox.add_events(tx, told)
        page = records.message_page(tx, row.id, now=NOW)
    rt.store.close()

    assert page is not None
    now = [entry.word for entry in page.story if entry.at == NOW]
    assert now == ["processed", "delivered", "opened"]


def test_a_customers_page_knows_nothing_of_tomorrow(rt: Runtime) -> None:
    with rt.store.read() as tx:
        then = records.customer_page(tx, "c-1001", now=NOW - 3 * DAY)
        today = records.customer_page(tx, "c-1001", now=NOW)
        nobody = records.customer_page(tx, "c-0", now=NOW)
    rt.store.close()

    assert nobody is None
    assert then is not None
    assert today is not None
    assert (len(then.orders), len(today.orders)) == (2, 3)
    assert (then.customer.orders, today.customer.orders) == (2, 3)
    assert [step.order for step in today.coming] == ["o-5011"]
    assert [case.kind for case in today.cases] == ["call"]


def test_cases_stand_open_ones_first(rt: Runtime) -> None:
    with rt.store.read() as tx:
        open_ones = records.cases(tx, open_only=True)
        all_ = records.cases(tx, open_only=False)
        count = records.open_case_count(tx)
    rt.store.close()

    assert [case.closed_at for case in open_ones] == [None] * 3
    assert all_[:3] == open_ones
    assert all_[3].closed_at is not None
    assert count == 3


def test_health_names_the_oldest_of_each_kind(rt: Runtime) -> None:
    later = NOW + 3 * HOUR
    with rt.store.read() as tx:
        now, then = records.health(tx, now=NOW), records.health(tx, now=later)
    rt.store.close()

    assert (now.due, now.oldest_due, now.scheduled) == (0, None, 3)
    assert (then.due, then.oldest_due) == (2, NOW + timedelta(minutes=40))
    assert (now.uncertain, now.unknown_today, now.sending, now.inbox) == (1, 1, 1, 1)
    assert now.oldest_uncertain == NOW.replace(minute=0) - 21 * HOUR
    assert now.oldest_callback == NOW


@pytest.mark.parametrize(
    ("promoters", "passives", "detractors", "score"),
    [
        (0, 0, 0, None),
        (1, 0, 0, 100),
        (0, 0, 1, -100),
        (0, 5, 0, 0),
        (6, 2, 2, 40),
        (2, 0, 1, 33),
        (1, 0, 2, -33),
        # halves go away from zero, on both sides
        (1, 7, 0, 13),
        (0, 7, 1, -13),
        (67, 66, 67, 0),
        (100, 99, 1, 50),
    ],
)
def test_the_score_is_rounded_half_away_from_zero(
    promoters: int, passives: int, detractors: int, score: int | None
) -> None:
    assert Nps(promoters, passives, detractors, 0, ()).score == score


def test_the_interval_stays_open_where_all_agree_and_inside_the_scale() -> None:
    alike = Nps(10, 0, 0, 10, ())

    # by hand: 13 answers, 10.75 up, 0.75 down
    assert alike.interval == (48, 100)
    assert Nps(6, 2, 2, 10, ()).interval == (-13, 74)
    assert replace(alike, promoters=0).interval is None


def test_answers_are_counted_by_campaign_and_time(rt: Runtime) -> None:
    with rt.store.read() as tx:
        all_ = records.nps(tx)
        recent = records.nps(tx, since=NOW - 3 * DAY)
        other = records.nps(tx, campaign="another")
        words = records.verdicts(tx)
    rt.store.close()

    assert (all_.promoters, all_.passives, all_.detractors) == (6, 2, 2)
    assert (all_.answers, all_.sent, all_.score) == (10, 11, 40)
    assert all_.spread == (0, 0, 0, 1, 0, 0, 1, 1, 1, 3, 3)
    assert recent.answers == 6
    assert (other.answers, other.sent, other.score) == (0, 0, None)
    assert [bool(v.comment) for v in words] == [True] * 3 + [False] * 7
