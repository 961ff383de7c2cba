"""What is late, what came of a day, and what is heard of providers: as the signals ask for it."""

import pytest

from aftercart.model import Channel, Purpose, State
from aftercart.reasons import Code, because
from aftercart.store import Store, inbox, pauses, records
from tests.store.planting import DAY, HOUR, MINUTE, NOW, message, plant

ALL = {Purpose.MARKETING: NOW, Purpose.SURVEY: NOW, Purpose.SERVICE: NOW}


def _one_of_each(store: Store) -> None:
    survey = {"purpose": Purpose.SURVEY, "campaign": "nps-survey"}
    alert = {"purpose": Purpose.SERVICE, "campaign": "delay", "channel": Channel.SMS}
    with store.write() as tx:
        plant(tx, message(), message(**survey), message(**alert))


@pytest.mark.parametrize(
    ("scope", "late"),
    [
        ("", {"marketing", "survey", "service"}),
        ("all", set()),
        ("safe-mode", {"service"}),
        ("channel:sms", {"marketing", "survey"}),
        ("provider:email", {"service"}),
        ("campaign:nps-survey", {"marketing", "service"}),
    ],
)
def test_what_somebody_holds_is_due_and_not_late(
    store: Store, scope: str, late: set[str]
) -> None:
    _one_of_each(store)
    with store.write() as tx:
        if scope:
            pauses.pause(tx, scope, at=NOW, by="test")
        found = records.health(tx, now=NOW + MINUTE)

    assert (found.due, found.scheduled, found.oldest_due) == (3, 3, NOW)
    assert found.late == {Purpose(p): NOW for p in late}


def test_what_is_not_due_is_not_late(store: Store) -> None:
    _one_of_each(store)
    with store.read() as tx:
        found = records.health(tx, now=NOW - MINUTE)

    assert (found.due, found.scheduled) == (0, 3)
    assert found.late == {}


def test_the_last_callback_is_known_whether_it_was_read_or_not(store: Store) -> None:
    with store.write() as tx:
        before = records.health(tx, now=NOW).last_callback
        for at in (NOW - HOUR, NOW):
            inbox.keep(tx, provider="sendgrid", body=b"[]", received_at=at)
        after = records.health(tx, now=NOW).last_callback

    assert (before, after) == (None, NOW)


def test_a_day_is_counted_by_channel_and_what_was_given_up_apart(store: Store) -> None:
    poison = because(Code.POISON, count=3).to_json()
    refused = because(Code.REFUSED, words="no").to_json()
    with store.write() as tx:
        plant(tx, message("a"), message("b"), state=State.ACCEPTED)
        plant(tx, message("c", channel=Channel.SMS), state=State.ACCEPTED)
        plant(tx, message("d"), state=State.FAILED, reason=poison)
        plant(tx, message("e"), state=State.FAILED, reason=refused)
        plant(tx, message("f", created_at=NOW - 2 * DAY), state=State.ACCEPTED)
        plant(tx, message("g"))
        found = records.lately(tx, now=NOW)

    assert found.accepted == {Channel.EMAIL: 2, Channel.SMS: 1}
    assert found.failed == {Channel.EMAIL: 2, Channel.SMS: 0}
    assert found.poison == 1
