"""The judge of the bench: it sees what is lost, what came twice and what nobody knows, and it does not cry wolf."""

from datetime import UTC, datetime
from typing import Any

import pytest

from aftercart.model import Purpose, State
from chaos.oracle import Row, judge
from chaos.workload import KINDS, Due, occurrences

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
DUE = occurrences(20, seed=7, now=NOW)
MAIL = next(one for one in DUE if one.kind.purpose is Purpose.MARKETING)
SURVEY = next(one for one in DUE if one.kind.purpose is Purpose.SURVEY)
ALERT = next(one for one in DUE if one.kind.purpose is Purpose.SERVICE)


def entry(one: Due, **more: Any) -> dict[str, Any]:
    to = one.phone if one.kind.channel == "sms" else one.email
    return {"message": one.message, "to": to, "accepted": True, **more}


def all_well() -> tuple[list[dict[str, Any]], dict[str, Row]]:
    return [entry(one) for one in DUE], {
        one.message: Row(State.ACCEPTED, ends=1) for one in DUE
    }


def test_what_is_due_is_known_from_its_seed() -> None:
    again = occurrences(20, seed=7, now=NOW)
    other = occurrences(20, seed=8, now=NOW)

    assert again == DUE
    assert not {one.message for one in other} & {one.message for one in DUE}
    shares = [sum(one.kind == kind for one in DUE) for kind in KINDS]
    assert shares == [12, 4, 2, 2]


def test_a_run_in_which_all_went_well_is_clean() -> None:
    ledger, rows = all_well()

    found = judge(DUE, ledger, rows)

    assert (found.due, found.accepted) == (20, 20)
    assert (found.lost, found.duplicate, found.unknown, found.again) == (0, 0, 0, 0)
    assert found.broken == []


@pytest.mark.parametrize(
    "row",
    [
        None,
        Row(State.SCHEDULED),
        Row(State.SENDING),
        Row(State.UNCERTAIN),
        Row(State.FAILED),
        Row(State.ACCEPTED, ends=1),
    ],
    ids=["no row", "waits", "on its way", "in doubt", "no reason", "a false yes"],
)
def test_a_message_that_was_not_sent_and_has_not_ended_with_a_reason_is_lost(
    row: Row | None,
) -> None:
    ledger, rows = all_well()
    ledger = [e for e in ledger if e["message"] != MAIL.message]
    del rows[MAIL.message]
    if row is not None:
        rows[MAIL.message] = row

    found = judge(DUE, ledger, rows)

    assert found.lost == 1
    assert MAIL.message in found.broken[0]


def test_a_message_that_was_not_sent_and_says_why_is_not_lost() -> None:
    ledger, rows = all_well()
    ledger = [e for e in ledger if e["message"] != MAIL.message]
    rows[MAIL.message] = Row(State.SKIPPED, reason="no consent")

    assert judge(DUE, ledger, rows).lost == 0


@pytest.mark.parametrize("one", [MAIL, SURVEY], ids=["marketing", "survey"])
def test_a_second_copy_is_a_duplicate(one: Due) -> None:
    ledger, rows = all_well()

    found = judge(DUE, [*ledger, entry(one), entry(one)], rows)

    assert found.duplicate == 2
    assert "sent too often: 1" in found.broken[0]


def test_a_copy_under_another_id_is_a_duplicate_all_the_same() -> None:
    ledger, rows = all_well()

    found = judge(DUE, [*ledger, entry(MAIL) | {"message": "another"}], rows)

    assert found.duplicate == 1


def test_a_request_that_was_not_taken_is_no_copy() -> None:
    ledger, rows = all_well()

    found = judge(DUE, [*ledger, entry(MAIL, accepted=False)], rows)

    assert (found.accepted, found.duplicate) == (20, 0)


def test_an_alert_may_come_twice_and_not_three_times() -> None:
    ledger, rows = all_well()

    twice = judge(DUE, [*ledger, entry(ALERT)], rows)
    thrice = judge(DUE, [*ledger, entry(ALERT), entry(ALERT)], rows)

    assert (twice.duplicate, twice.again, twice.broken) == (0, 1, [])
    assert (thrice.duplicate, thrice.again) == (1, 1)


def test_what_nobody_could_prove_is_unknown_and_not_lost() -> None:
    ledger, rows = all_well()
    ledger = [e for e in ledger if e["message"] != MAIL.message]
    rows[MAIL.message] = Row(State.UNKNOWN, reason="no proof for 72 hours")

    found = judge(DUE, ledger, rows)

    assert (found.unknown, found.lost) == (1, 0)


def test_what_was_taken_and_reported_has_to_be_accepted_in_the_rows() -> None:
    ledger, rows = all_well()
    rows[MAIL.message] = Row(State.UNKNOWN, reason="no proof for 72 hours")

    told = judge(DUE, ledger, rows)
    untold = judge(DUE, ledger, rows, reports=False)

    assert "taken by the provider and not accepted" in told.broken[0]
    assert untold.broken == []


def test_whoever_said_no_gets_nothing() -> None:
    ledger, rows = all_well()

    found = judge(DUE, ledger, rows, silent={MAIL.message})

    assert "after its person had said no" in found.broken[0]


def test_a_row_and_a_message_that_nothing_made_due_are_seen() -> None:
    ledger, rows = all_well()
    stranger = {"message": "nobody's", "to": "nobody@shop.example", "accepted": True}
    rows["nobody's too"] = Row(State.SCHEDULED)

    found = judge(DUE, [*ledger, stranger], rows)

    assert len(found.broken) == 2
    assert "nobody's too" in found.broken[0]
    assert "sent and not due: 1" in found.broken[1]


def test_a_story_that_ends_twice_is_seen() -> None:
    ledger, rows = all_well()
    rows[MAIL.message] = Row(State.ACCEPTED, ends=2)

    assert "accepted twice" in judge(DUE, ledger, rows).broken[0]
