"""Replays: the same history gives the same messages on one process and on several, and a kill costs the batch in flight at most."""

import csv
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.scenes import history
from tests.scenes.company import Inside, give_thanks, take_in, willing
from tests.scenes.conftest import Build
from tests.scenes.house import COMMAND, House, Process, build, wait_until

#: What no message may still be when a replay has come to its end.
UNDER_WAY = {"sending"}
#: What a killed process may leave behind: listed, and not sent again.
IN_DOUBT = {"uncertain", "unknown"}


@dataclass(frozen=True)
class Told:
    """What an undisturbed replay came to."""

    rows: dict[str, dict[str, Any]]
    sent: list[str]


def stock(house: House, *, trouble: bool = False) -> None:
    """Imports the history."""
    customers, orders = house.folder / "customers.csv", house.folder / "orders.csv"
    history.write_customers(customers, trouble=trouble)
    history.write_orders(orders)
    house.command("import", "customers", customers)
    house.command("import", "orders", orders)


def arguments(house: House, *, workers: int = 0, seed: int = 1) -> list[object]:
    return [
        "replay", "--from", history.FROM, "--to", history.TO, "--seed", seed,
        "--ledger", house.ledger_file, "--workers", workers,
    ]  # fmt: skip


def lines(house: House) -> int:
    try:
        return house.ledger_file.read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def kill_at(house: House, process: Process, count: int) -> None:
    """Kills the process when the ledger has so many lines."""
    deadline = time.monotonic() + 60
    while lines(house) < count:
        assert process.running, process.words
        assert time.monotonic() < deadline
        time.sleep(0.001)
    process.kill()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """One replay that nobody disturbs, with which the others are compared."""
    house = build(tmp_path_factory.mktemp("undisturbed") / "shop")
    stock(house)
    house.command(*arguments(house))
    yield Told(house.rows(), house.sent())
    house.stop()


def test_the_ledger_and_the_log_agree_message_by_message(house: House) -> None:
    stock(house, trouble=True)

    house.command(*arguments(house))

    ledger = {entry["message"]: entry for entry in house.ledger() if entry["accepted"]}
    rows = {row["id"]: row for row in house.log()}
    accepted = {id_: row for id_, row in rows.items() if row["state"] == "accepted"}
    assert len(house.sent()) == len(ledger)
    assert accepted.keys() == ledger.keys()
    assert all(
        entry["at"].replace("+00:00", "Z") == accepted[id_]["accepted_at"]
        for id_, entry in ledger.items()
    )
    assert {row["campaign"] for row in accepted.values()} == {
        "delivery-delay", "nps-survey", "recipe-follow-up", "reorder-nudge",
    }  # fmt: skip
    assert not UNDER_WAY & {row["state"] for row in rows.values()}
    assert all(row["reason"] for row in rows.values() if row["state"] == "skipped")


def test_nobody_who_refused_hears_anything_but_of_late_vans(
    house: House, undisturbed: Told
) -> None:
    history.write_customers(house.folder / "customers.csv")
    with (house.folder / "customers.csv").open() as file:
        people = {row["customer_id"]: row for row in csv.DictReader(file)}

    told = [undisturbed.rows[id_] for id_ in undisturbed.sent]

    consents = {"marketing": "email_marketing", "survey": "survey"}
    assert told
    assert [
        row
        for row in told
        if row["purpose"] in consents
        and people[row["customer"]][consents[row["purpose"]]] == "no"
    ] == []


def test_a_replay_that_is_asked_again_changes_nothing(house: House) -> None:
    stock(house)
    house.command(*arguments(house))
    before, ledger = house.rows(), house.ledger_file.read_bytes()

    again = house.command(*arguments(house)).stdout

    assert house.rows() == before
    assert house.ledger_file.read_bytes() == ledger
    assert "0 new events" in again


def test_another_seed_or_another_stretch_is_refused_on_the_same_database(
    house: House,
) -> None:
    stock(house)
    house.command(*arguments(house))
    before = house.rows()

    seed = house.command(*arguments(house, seed=2), expect=2).stderr
    stretch = house.command(
        "replay", "--from", history.FROM, "--to", "2026-03-30", expect=2
    ).stderr

    assert "a clock does not run backwards" in seed
    assert "a clock does not run backwards" in stretch
    assert house.rows() == before


def test_a_database_that_has_written_to_people_is_not_replayed(house: House) -> None:
    give_thanks(house, alone=False)
    with Inside(house) as inside:
        take_in(inside.rt, willing([1], inside.now))
        inside.tick()

    refused = house.command(*arguments(house), expect=2).stderr

    assert "this database has messages that no replay planned" in refused
    assert set(house.states().values()) == {"accepted"}


def test_postgresql_redis_and_two_processes_give_the_same_messages(
    cluster: House, undisturbed: Told
) -> None:
    stock(cluster)

    cluster.command(*arguments(cluster, workers=2))

    def told(row: dict[str, Any]) -> dict[str, Any]:
        return {
            k: row[k] for k in ("state", "reason", "due_at", "accepted_at", "delivery")
        }

    assert {id_: told(r) for id_, r in cluster.rows().items()} == {
        id_: told(r) for id_, r in undisturbed.rows.items()
    }
    assert Counter(cluster.sent()) == Counter(undisturbed.sent)


@pytest.mark.parametrize("count", [2, 40, 75])
def test_a_replay_that_is_killed_and_started_again_sends_nothing_twice_and_loses_nothing(
    house: House, undisturbed: Told, count: int
) -> None:
    stock(house)

    first = house.start("replay", COMMAND, *arguments(house))
    kill_at(house, first, count)
    house.command(*arguments(house))

    states, sent = house.states(), house.sent()
    in_doubt = {id_ for id_, state in states.items() if state in IN_DOUBT}
    assert len(sent) == len(set(sent))
    assert set(undisturbed.sent) == set(sent) | in_doubt
    assert {i for i, s in states.items() if s == "accepted"} == set(sent)
    assert states.keys() == undisturbed.rows.keys()
    # the batch in flight: one of the four threads' hundred
    assert len(in_doubt) <= 100
    assert not UNDER_WAY & set(states.values())


def test_a_replay_that_is_killed_three_times_still_comes_to_its_end(
    house: House, undisturbed: Told
) -> None:
    stock(house)

    for count in (5, 30, 60):
        kill_at(house, house.start("replay", COMMAND, *arguments(house)), count)
    house.command(*arguments(house))

    states, sent = house.states(), house.sent()
    in_doubt = {id_ for id_, state in states.items() if state in IN_DOUBT}
    assert len(sent) == len(set(sent))
    assert set(undisturbed.sent) == set(sent) | in_doubt


def test_a_replay_outlives_a_worker_that_is_killed(
    cluster: House, undisturbed: Told
) -> None:
    stock(cluster)

    replay = cluster.start("replay", COMMAND, *arguments(cluster, workers=2))
    wait_until(lambda: replay.ready(lambda: lines(cluster) >= 10), what="ten messages")
    victim = _workers_of(replay)[0]
    os.kill(victim, signal.SIGKILL)
    ended = replay.popen.wait(60)

    states, sent = cluster.states(), cluster.sent()
    in_doubt = {id_ for id_, state in states.items() if state in IN_DOUBT}
    assert ended == 0, replay.words
    assert len(sent) == len(set(sent))
    assert set(undisturbed.sent) == set(sent) | in_doubt


def test_workers_do_not_outlive_the_replay_that_started_them(
    cluster: House, undisturbed: Told
) -> None:
    stock(cluster)

    replay = cluster.start("replay", COMMAND, *arguments(cluster, workers=2))
    wait_until(lambda: replay.ready(lambda: lines(cluster) >= 10), what="ten messages")
    workers = _workers_of(replay)
    replay.kill()
    wait_until(
        lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers),
        what="the workers go",
    )
    cluster.command(*arguments(cluster, workers=2))

    states, sent = cluster.states(), cluster.sent()
    in_doubt = {id_ for id_, state in states.items() if state in IN_DOUBT}
    assert len(workers) >= 2
    assert len(sent) == len(set(sent))
    assert set(undisturbed.sent) == set(sent) | in_doubt


def test_a_new_replay_begins_a_ledger_of_its_own(houses: Build) -> None:
    first, second = houses("first"), houses("second")
    for house in (first, second):
        stock(house)
    shared = first.ledger_file

    first.command(*arguments(first))
    old = shared.read_bytes()
    second.command(*arguments(first))

    sent = first.sent()
    assert len(sent) == len(set(sent))
    assert shared.with_name(f"{shared.name}.before").read_bytes() == old


def _workers_of(replay: Process) -> list[int]:
    """The worker processes: grandchildren, because dramatiq's own process starts them."""
    found = []
    for child in replay.children():
        children = Path(f"/proc/{child}/task/{child}/children")
        found += [int(pid) for pid in children.read_text().split()]
    return found
