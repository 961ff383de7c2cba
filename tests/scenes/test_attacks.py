"""Everything that we could think of to make it send twice, or lose a message. Each scene is one attack, inside one process."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aftercart import (
    composing,
    delivering,
    enrolling,
    importing,
    planning,
    sweeping,
    tracking,
)
from aftercart.channels import sendgrid
from aftercart.errors import SendError, SettingsError, Unavailable, Unclear
from aftercart.handover import Outgoing, Receipt
from aftercart.model import Enrollment
from aftercart.planning import stepping
from aftercart.policy import Advance
from aftercart.runtime import Runtime
from aftercart.store import messages, pauses, records
from aftercart.store.records import LogRow
from tests.scenes.company import (
    MAIL,
    Inside,
    consent,
    give_thanks,
    order,
    take_in,
    willing,
)
from tests.scenes.house import House, add_campaign, only


class Killed(BaseException):
    """As the end of the process: nothing of ours catches it."""


def rows(rt: Runtime) -> dict[str, LogRow]:
    with rt.store.read() as tx:
        return {row.id: row for row in records.log(tx, limit=1000)}


def states(rt: Runtime) -> Counter[str]:
    return Counter(row.state.value for row in rows(rt).values())


def keep(
    rt: Runtime, message: str, event: str, at: datetime, *, reason: str = ""
) -> None:
    """A verified callback about a mail."""
    body = (
        f'[{{"event": "{event}", "mid": "{message}", "timestamp": {at.timestamp():.0f},'
        f' "sg_message_id": "r.1", "email": "", "reason": "{reason}"}}]'
    )
    tracking.keep(rt, sendgrid.SendGrid.provider, body.encode())


def report(
    rt: Runtime, message: str, event: str, at: datetime, *, reason: str = ""
) -> None:
    """The same, read at once."""
    keep(rt, message, event, at, reason=reason)
    tracking.read_inbox(rt)


# --- planning ---------------------------------------------------------------------------------------------------------


def test_a_campaign_with_two_sends_sends_both(house: House) -> None:
    only(house, [])
    text = """\
name: Twice
purpose: marketing
trigger: {event: order.placed}
steps:
  - send: {email: twice}
  - wait: 3 days
  - send: {email: twice}
"""
    add_campaign(house, "twice", text, MAIL)

    with Inside(house) as inside:
        take_in(inside.rt, willing([1], inside.now))
        inside.tick()
        inside.later(days=3, hours=1)
        inside.tick()
        sent = inside.provider.taken

    assert len(sent) == 2
    assert len(set(sent)) == 2


def test_an_event_that_is_told_again_and_again_sends_once(house: House) -> None:
    give_thanks(house)

    with Inside(house) as inside:
        for _ in range(3):
            take_in(inside.rt, willing([1, 2], inside.now))
            take_in(inside.rt, willing([2, 1, 2], inside.now))
            inside.tick()
        inside.later(days=1)
        inside.tick()
        sent = inside.provider.taken

    assert len(sent) == 2
    assert len(set(sent)) == 2


@pytest.mark.parametrize("planners", [4])
def test_planners_that_race_plan_and_ring_once(house: House, planners: int) -> None:
    give_thanks(house)

    with Inside(house) as inside:
        take_in(inside.rt, willing(range(40), inside.now))
        rung: list[str] = []
        together = threading.Barrier(planners)

        def plan() -> None:
            together.wait()
            for ringing in planning.plan(inside.rt):
                rung.extend(ringing.ids)

        threads = [threading.Thread(target=plan) for _ in range(planners)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(rung) == 40
    assert len(set(rung)) == 40


def test_one_person_whose_step_cannot_be_judged_keeps_nobody_else_waiting(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_thanks(house)
    advance = stepping.advance

    def sometimes(enrollment: Enrollment, **facts: Any) -> Advance:
        if enrollment.customer_id == "c-3" and not mended:
            raise ZeroDivisionError("a mistake in a condition")
        return advance(enrollment, **facts)

    mended: list[bool] = []
    monkeypatch.setattr(stepping, "advance", sometimes)
    with Inside(house) as inside:
        take_in(inside.rt, willing(range(10), inside.now))
        inside.tick()
        at_once = len(inside.provider.taken)
        mended.append(True)
        inside.later(minutes=20)
        inside.tick()
        sent = inside.provider.taken

    assert at_once == 9
    assert len(sent) == len(set(sent)) == 10


def test_a_planner_that_dies_within_a_great_audience_leaves_the_rest_to_the_next(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_thanks(house)
    monkeypatch.setattr(stepping, "_PAGE", 5)
    monkeypatch.setattr(stepping, "PAGES", 2)
    page, taken = stepping._page, []

    def dies(*arguments: Any) -> None:
        taken.append(arguments)
        if len(taken) == 4:
            raise Killed
        page(*arguments)

    with Inside(house) as inside:
        take_in(inside.rt, willing(range(40), inside.now))
        with monkeypatch.context() as dying:
            dying.setattr(stepping, "_page", dies)
            with pytest.raises(Killed):
                planning.plan(inside.rt)
        left = states(inside.rt)
        inside.tick()
        sent = inside.provider.taken

    # two pages of five were committed; the two of the transaction that died were not
    assert left == {"scheduled": 10}
    assert len(sent) == len(set(sent)) == 40


# --- delivering -------------------------------------------------------------------------------------------------------


def test_workers_that_race_for_the_same_ids_send_once(house: House) -> None:
    give_thanks(house)

    with Inside(house) as inside:
        take_in(inside.rt, willing(range(60), inside.now))
        ids = [id_ for ringing in planning.plan(inside.rt) for id_ in ringing.ids]
        together = threading.Barrier(4)
        broken: list[BaseException] = []

        def work() -> None:
            together.wait()
            try:
                for start in range(0, 60, 20):
                    delivering.deliver(inside.rt, ids[start : start + 20])
            except BaseException as error:
                broken.append(error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sent = inside.provider.taken

    assert not broken
    assert sorted(sent) == sorted(ids)


def test_a_worker_that_dies_while_it_loads_leaves_the_batch_to_the_next(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_thanks(house)

    def dies(*_: object, **__: object) -> None:
        raise Killed

    with Inside(house) as inside:
        take_in(inside.rt, willing(range(10), inside.now))
        with monkeypatch.context() as dying:
            dying.setattr(delivering.preparing, "gather", dies)
            with pytest.raises(Killed):
                inside.tick()
        inside.later(minutes=1)
        inside.tick()
        sent = inside.provider.taken

    assert len(sent) == len(set(sent)) == 10


def test_one_message_that_breaks_the_renderer_takes_no_other_with_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_thanks(house)
    values = composing.values

    def sometimes(message: object, **facts: object) -> object:
        if facts["customer"].id == "c-3":  # type: ignore[attr-defined]
            raise ZeroDivisionError("not a mistake of the template")
        return values(message, **facts)  # type: ignore[arg-type]

    monkeypatch.setattr(composing, "values", sometimes)
    with Inside(house) as inside:
        take_in(inside.rt, willing(range(10), inside.now))
        for _ in range(6):
            inside.tick()
            inside.later(minutes=1, seconds=1)
        ended = {row.customer: row for row in rows(inside.rt).values()}
        sent = inside.provider.taken

    assert len(sent) == len(set(sent)) == 9
    assert ended["c-3"].state == "failed"
    assert ended["c-3"].reason and ended["c-3"].reason.code == "poison"


def test_a_message_that_kills_its_worker_takes_no_other_with_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_thanks(house)
    values = composing.values

    def sometimes(message: object, **facts: object) -> object:
        if facts["customer"].id == "c-3":  # type: ignore[attr-defined]
            raise Killed
        return values(message, **facts)  # type: ignore[arg-type]

    monkeypatch.setattr(composing, "values", sometimes)
    with Inside(house) as inside:
        take_in(inside.rt, willing(range(10), inside.now))
        for _ in range(6):
            for ringing in planning.plan(inside.rt):
                try:
                    delivering.deliver(inside.rt, ringing.ids)
                except Killed:
                    continue
            inside.later(minutes=1, seconds=1)
        ended = {row.customer: row.state.value for row in rows(inside.rt).values()}
        sent = inside.provider.taken

    assert len(sent) == len(set(sent)) == 9
    assert ended.pop("c-3") == "failed"
    assert set(ended.values()) == {"accepted"}


def test_a_sender_that_raises_leaves_doubt_and_never_a_second_copy(
    house: House,
) -> None:
    give_thanks(house)

    def breaks(message: Outgoing) -> Receipt | SendError:
        inside.provider.taken.append(message.message_id)
        raise RuntimeError("a mistake in the channel, after the provider has it")

    with Inside(house) as inside:
        take_in(inside.rt, willing(range(3), inside.now))
        inside.provider.does = breaks
        inside.tick()
        inside.provider.does = inside.provider.take
        in_doubt = states(inside.rt)
        for _ in range(80):
            inside.later(hours=1)
            inside.tick()
        at_last, sent = states(inside.rt), inside.provider.taken

    # one after the other, since none went well
    assert in_doubt == {"uncertain": 3}
    assert at_last == {"unknown": 3}
    assert len(sent) == len(set(sent)) == 3


def test_a_set_up_that_cannot_send_costs_no_message(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_thanks(house)

    with Inside(house) as inside:
        take_in(inside.rt, willing([1], inside.now))
        good = inside.rt.__dict__.pop("senders")

        def unusable(*_: object) -> None:
            raise ValueError("the address of the mail server is no address")

        monkeypatch.setattr("aftercart.runtime.open_senders", unusable)
        with pytest.raises(ValueError, match="no address"):
            inside.tick()
        inside.rt.__dict__["senders"] = good
        inside.later(minutes=1, seconds=1)
        inside.tick()
        sent = inside.provider.taken

    assert len(sent) == 1


def test_an_outcome_that_could_not_be_written_is_proved_later_and_not_sent_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_thanks(house)
    settle = delivering.outcomes.settle

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("database is locked")

    with Inside(house) as inside:
        take_in(inside.rt, willing(range(3), inside.now))
        monkeypatch.setattr(delivering.outcomes, "settle", fails)
        with pytest.raises(RuntimeError):
            inside.tick()
        monkeypatch.setattr(delivering.outcomes, "settle", settle)
        inside.later(seconds=61)
        inside.tick()
        in_doubt = states(inside.rt)
        for message in list(inside.provider.taken):
            report(inside.rt, message, "delivered", inside.now)
        inside.later(hours=1)
        inside.tick()
        proved, sent = states(inside.rt), inside.provider.taken

    # one went, to see whether the provider takes it; the others were not begun
    assert in_doubt == {"uncertain": 1, "accepted": 2}
    assert proved == {"accepted": 3}
    assert len(sent) == len(set(sent)) == 3


def test_an_answer_that_comes_after_the_lease_still_counts(house: House) -> None:
    give_thanks(house)

    def slowly(message: Outgoing) -> Receipt | SendError:
        inside.later(seconds=90)
        sweeping.sweep(inside.rt)
        given_up.update(states(inside.rt))
        return inside.provider.take(message)

    given_up: Counter[str] = Counter()
    with Inside(house) as inside:
        take_in(inside.rt, willing([1], inside.now))
        inside.provider.does = slowly
        inside.tick()
        found, sent = states(inside.rt), inside.provider.taken

    assert given_up == {"uncertain": 1}
    assert found == {"accepted": 1}
    assert len(sent) == 1


def test_a_service_message_whose_answer_is_slow_is_not_repeated_after_it(
    house: House,
) -> None:
    give_thanks(house, purpose="service", expires="6 hours")

    def slowly(message: Outgoing) -> Receipt | SendError:
        inside.later(seconds=150)
        sweeping.sweep(inside.rt)
        sweeping.sweep(inside.rt)
        waiting.update(states(inside.rt))
        return inside.provider.take(message)

    waiting: Counter[str] = Counter()
    with Inside(house) as inside:
        take_in(inside.rt, willing([1], inside.now))
        inside.provider.does = slowly
        inside.tick()
        inside.provider.does = inside.provider.take
        for _ in range(10):
            inside.later(minutes=1)
            inside.tick()
        sent = inside.provider.taken

    # it had been put back to be sent once more when the answer came
    assert waiting == {"scheduled": 1}
    assert len(sent) == 1


def test_a_service_message_without_any_answer_goes_twice_at_most(house: House) -> None:
    give_thanks(house, purpose="service", expires="6 hours")

    def lost(message: Outgoing) -> Receipt | SendError:
        inside.provider.taken.append(message.message_id)
        return Unclear("the line went dead", provider="scene")

    with Inside(house) as inside:
        take_in(inside.rt, willing([1], inside.now))
        inside.provider.does = lost
        for _ in range(100):
            inside.tick()
            inside.later(minutes=1)
        sent = inside.provider.taken

    assert len(sent) == 2


def test_a_report_that_comes_before_the_answer_settles_it_once(house: House) -> None:
    give_thanks(house)

    def reported(message: Outgoing) -> Receipt | SendError:
        report(inside.rt, message.message_id, "delivered", inside.now)
        return inside.provider.take(message)

    with Inside(house) as inside:
        take_in(inside.rt, willing([1], inside.now))
        inside.provider.does = reported
        inside.tick()
        inside.later(minutes=5)
        inside.tick()
        (found,) = rows(inside.rt).values()
        sent = inside.provider.taken

    assert (found.state, found.delivery) == ("accepted", "delivered")
    assert len(sent) == 1


def test_a_report_proves_what_was_in_doubt_even_after_days(house: House) -> None:
    give_thanks(house)

    def lost(message: Outgoing) -> Receipt | SendError:
        inside.provider.taken.append(message.message_id)
        return Unclear("the line went dead", provider="scene")

    with Inside(house) as inside:
        take_in(inside.rt, willing([1], inside.now))
        inside.provider.does = lost
        inside.tick()
        inside.later(days=4)
        inside.tick()
        (message,) = inside.provider.taken
        given_up = states(inside.rt)
        report(inside.rt, message, "delivered", inside.now)
        inside.tick()
        proved, sent = states(inside.rt), inside.provider.taken

    assert given_up == {"unknown": 1}
    assert proved == {"accepted": 1}
    assert len(sent) == 1


def test_a_flood_of_copies_does_not_hide_the_one_report_that_is_new(
    house: House,
) -> None:
    give_thanks(house)

    def lost(message: Outgoing) -> Receipt | SendError:
        inside.provider.taken.append(message.message_id)
        return Unclear("the line went dead", provider="scene")

    with Inside(house) as inside:
        take_in(inside.rt, willing([1, 2], inside.now))
        inside.provider.does = lost
        inside.tick()
        first, second = inside.provider.taken
        for _ in range(450):
            keep(inside.rt, first, "delivered", inside.now)
        keep(inside.rt, second, "delivered", inside.now)
        new = tracking.read_inbox(inside.rt)
        proved = states(inside.rt)

    assert new == 2
    assert proved == {"accepted": 2}


def test_a_report_that_cannot_be_read_keeps_no_other_from_being_a_proof(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_thanks(house)
    track = tracking.reports._track

    def fails(tx: Any, rt: Any, told: Any, now: Any) -> int:
        if any(event.message_id == "poison" for event in told):
            raise ZeroDivisionError("a mistake of ours")
        return track(tx, rt, told, now)

    def lost(message: Outgoing) -> Receipt | SendError:
        inside.provider.taken.append(message.message_id)
        return Unclear("the line went dead", provider="scene")

    with Inside(house) as inside:
        take_in(inside.rt, willing(range(5), inside.now))
        inside.provider.does = lost
        inside.tick()
        monkeypatch.setattr(tracking.reports, "_track", fails)
        for message in [
            *inside.provider.taken[:2],
            "poison",
            *inside.provider.taken[2:],
        ]:
            keep(inside.rt, message, "delivered", inside.now)
        new = tracking.read_inbox(inside.rt)
        proved = states(inside.rt)

    assert new == 5
    assert proved == {"accepted": 5}


def test_a_mail_server_that_answers_with_rubbish_is_still_a_proof(
    cluster: House,
) -> None:
    give_thanks(cluster)

    def lost(message: Outgoing) -> Receipt | SendError:
        inside.provider.taken.append(message.message_id)
        return Unclear("the line went dead", provider="scene")

    with Inside(cluster) as inside:
        take_in(inside.rt, willing([1], inside.now))
        inside.provider.does = lost
        inside.tick()
        (message,) = inside.provider.taken
        report(
            inside.rt, message, "delivered", inside.now, reason="\\u0000\\ud83d\\u0000"
        )
        proved = states(inside.rt)

    assert proved == {"accepted": 1}


# --- waiting ----------------------------------------------------------------------------------------------------------


def test_a_provider_that_is_away_for_an_hour_gets_each_message_once(
    house: House,
) -> None:
    give_thanks(house)

    def away(message: Outgoing) -> Receipt | SendError:
        return Unavailable("connection refused", provider="scene")

    with Inside(house) as inside:
        take_in(inside.rt, willing(range(5), inside.now))
        inside.provider.does = away
        for _ in range(60):
            inside.tick()
            inside.later(minutes=1)
        inside.provider.does = inside.provider.take
        for _ in range(20):
            inside.tick()
            inside.later(minutes=1)
        sent = inside.provider.taken

    assert len(sent) == len(set(sent)) == 5


def test_what_is_paused_past_its_best_before_ends_as_expired_and_is_not_rung_for_ever(
    house: House,
) -> None:
    give_thanks(house, expires="2 hours")

    with Inside(house) as inside:
        take_in(inside.rt, willing([1], inside.now))
        with inside.rt.store.write() as tx:
            pauses.pause(tx, "all", at=inside.now, by="scene")
        for _ in range(40):
            inside.tick()
            inside.later(minutes=5)
        (under_pause,) = rows(inside.rt).values()
        rung = 0
        for _ in range(10):
            for ringing in planning.plan(inside.rt):
                rung += len(ringing.ids)
                delivering.deliver(inside.rt, ringing.ids)
        with inside.rt.store.write() as tx:
            pauses.resume(tx, "all", now=inside.now)
        inside.tick()
        (found,) = rows(inside.rt).values()
        sent = inside.provider.taken

    assert (under_pause.state, found.state) == ("expired", "expired")
    assert rung == 0
    assert sent == []


def test_a_pause_of_days_does_not_end_in_a_burst_over_the_cap(house: House) -> None:
    give_thanks(house, name="first")
    give_thanks(house, name="second", alone=False)

    with Inside(house) as inside:
        with inside.rt.store.write() as tx:
            pauses.pause(tx, "all", at=inside.now, by="scene")
        take_in(inside.rt, willing([1], inside.now))
        for _ in range(25):
            inside.tick()
            inside.later(hours=1)
        with inside.rt.store.write() as tx:
            pauses.resume(tx, "all", now=inside.now)
        inside.tick()
        sent = list(inside.provider.taken)

    # one marketing message a day, whatever has piled up meanwhile
    assert len(sent) == 1


def test_a_pause_and_a_resume_at_any_moment_lose_nothing(house: House) -> None:
    give_thanks(house)

    with Inside(house) as inside:
        take_in(inside.rt, willing(range(10), inside.now))
        for _ in range(5):
            with inside.rt.store.write() as tx:
                pauses.pause(tx, "channel:email", at=inside.now, by="scene")
            inside.tick()
            with inside.rt.store.write() as tx:
                pauses.resume(tx, "channel:email", now=inside.now)
            for ringing in planning.plan(inside.rt):
                delivering.deliver(inside.rt, ringing.ids[:2])
            inside.later(seconds=61)
        inside.tick()
        sent = inside.provider.taken

    assert len(sent) == len(set(sent)) == 10


def test_at_the_very_minute_of_its_best_before_it_is_either_sent_or_expired(
    house: House,
) -> None:
    give_thanks(house, expires="1 hour")

    with Inside(house) as inside:
        take_in(inside.rt, willing(range(4), inside.now))
        ids = [id_ for ringing in planning.plan(inside.rt) for id_ in ringing.ids]
        inside.later(minutes=59, seconds=59)
        inside.tick()
        delivering.deliver(inside.rt, ids[:2])
        inside.later(seconds=1)
        for _ in range(3):
            inside.tick()
            inside.later(minutes=1)
        ended, sent = states(inside.rt), inside.provider.taken

    assert ended["accepted"] == len(sent) == len(set(sent))
    assert ended["accepted"] + ended["expired"] == 4


# --- people -----------------------------------------------------------------------------------------------------------


def test_two_records_with_one_address_get_one_copy_of_a_newsletter(
    house: House,
) -> None:
    only(house, [])
    text = """\
name: Weekly
purpose: marketing
trigger: {every: wednesdays at 13:00}
steps:
  - send: {email: weekly}
"""
    add_campaign(house, "weekly", text, MAIL)

    with Inside(house) as inside:
        early = inside.now - timedelta(days=1)
        events = [consent(n, early) for n in (1, 2, 3)]
        events += [order(n, early, email="ann@shop.example") for n in (1, 2)]
        events += [order(3, early)]
        inside.now = early
        take_in(inside.rt, events)
        inside.tick()
        for _ in range(48):
            inside.later(hours=1)
            inside.tick()
        to = [row.state.value for row in rows(inside.rt).values()]
        sent = inside.provider.taken

    assert len(sent) == 2
    assert sorted(to) == ["accepted", "accepted", "skipped"]


def test_who_unsubscribes_while_a_batch_is_being_prepared_gets_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_thanks(house)
    values = composing.values

    def meanwhile(message: object, **facts: object) -> object:
        tracking.unsubscribe(
            inside.rt,
            message.id,
            everything=False,
            source="scene",  # type: ignore[attr-defined]
        )
        return values(message, **facts)  # type: ignore[arg-type]

    with Inside(house) as inside:
        take_in(inside.rt, willing([1], inside.now))
        monkeypatch.setattr(composing, "values", meanwhile)
        inside.tick()
        inside.later(minutes=2)
        inside.tick()
        (found,) = rows(inside.rt).values()
        sent = inside.provider.taken

    assert sent == []
    assert found.state == "skipped"


def test_what_breaks_says_where_and_never_whose(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give_thanks(house)

    def breaks(message: object, **facts: object) -> object:
        raise ZeroDivisionError("a mistake of ours")

    with Inside(house) as inside:
        take_in(inside.rt, willing([1], inside.now))
        monkeypatch.setattr(composing, "values", breaks)
        inside.tick()
        with pytest.raises(Exception, match="no such table") as failed:  # noqa: SIM117
            with inside.rt.store.read() as tx:
                tx.exec_driver_sql(
                    "SELECT 1 FROM nobody WHERE email = ?", ("ann.1@shop.example",)
                )
    printed = "".join(capsys.readouterr()) + str(failed.value)

    assert "ZeroDivisionError" in printed
    assert "ann.1@shop.example" not in printed
    assert house.environ["AFTERCART_SECRET_KEY"] not in printed


# --- imports and clocks -----------------------------------------------------------------------------------------------


def test_orders_that_are_imported_again_nudge_nobody_twice_for_one_cycle(
    house: House,
) -> None:
    only(house, ["reorder-nudge"])
    start = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    lines = ["order_id,customer_id,placed_at,product,category,quantity,price"]
    for number in range(6):
        at = start + timedelta(days=10 * number)
        for product in ("eggs", "milk", "coffee"):
            lines.append(f"o-{number},c-1,{at.isoformat()},{product},{product},1,2.00")
    path = house.folder / "orders.csv"
    path.write_text("\n".join(lines) + "\n")

    def import_again() -> None:
        importing.import_orders(inside.rt, path)
        enrolling.rebuild_rhythms(inside.rt)

    told: Counter[str] = Counter()
    with Inside(house, at=start + timedelta(days=51)) as inside:
        take_in(
            inside.rt,
            [order(1, inside.now - timedelta(days=60)), consent(1, inside.now)],
        )
        import_again()
        for _ in range(24 * 30):
            if inside.tick():
                import_again()
            inside.later(hours=1)
        with inside.rt.store.read() as tx:
            for message in messages.load(tx, set(inside.provider.taken)).values():
                told.update(staple["category"] for staple in message.facts["staples"])

    assert told
    assert max(told.values()) == 1, told


def test_what_is_due_in_a_replayed_database_never_reaches_a_real_provider(
    house: House,
) -> None:
    give_thanks(house)
    house.environ |= {
        "AFTERCART_EMAIL": "sendgrid",
        "AFTERCART_SENDGRID_API_KEY": "SG.real",
        "AFTERCART_SENDGRID_BASE_URL": "https://mail.shop.example",
    }

    with house.pushed_clock(), house.runtime() as rt:
        take_in(rt, willing([1], rt.clock()))
        (ringing,) = planning.plan(rt)
        with pytest.raises(SettingsError, match="belongs to a demo or a replay"):
            delivering.deliver(rt, ringing.ids)
        found = states(rt)

    assert found == {"scheduled": 1}


def test_on_the_days_when_clocks_change_a_newsletter_goes_once_a_week(
    house: House,
) -> None:
    only(house, [])
    text = """\
name: Sunday
purpose: marketing
trigger: {every: sundays at 01:30}
steps:
  - send: {email: sunday}
    expires: 3 days
"""
    add_campaign(house, "sunday", text, MAIL)
    shown: dict[str, list[str]] = {}

    for first in (
        datetime(2026, 3, 20, tzinfo=UTC),
        datetime(2026, 10, 16, tzinfo=UTC),
    ):
        with Inside(house, at=first) as inside:
            event = order(1, first)
            event["customer"]["timezone"] = "Europe/London"
            take_in(inside.rt, [consent(1, first), event])
            for _ in range(24 * 18):
                inside.tick()
                inside.later(hours=1)
            shown[f"{first:%B}"] = inside.provider.taken

    # 22 and 29 March (clocks go forward), 5 April; 18 and 25 October (they go back), 1 November
    assert {month: len(set(sent)) for month, sent in shown.items()} == {
        "March": 3,
        "October": 3,
    }
    assert all(len(sent) == len(set(sent)) for sent in shown.values())
