"""Replays: the same history gives the same messages on one process and on several, and a kill costs the batch in flight at most."""

import csv
import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aftercart import importing
from tests.scenes import history
from tests.scenes.company import Inside, give_thanks, take_in, willing
from tests.scenes.house import COMMAND, House, Process, build, wait_until

#: What no message may still be when a replay has come to its end.
UNDER_WAY = {"sending"}
#: What a killed process may leave behind: listed, and not sent again.
IN_DOUBT = {"uncertain", "unknown"}


pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Told:
    """What an undisturbed replay came to."""

    house: House
    rows: dict[str, dict[str, Any]]
    sent: list[str]


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the history, imported once as a user does, to be copied for each scene."""
    house = build(tmp_path_factory.mktemp("stocked") / "shop")
    customers, orders = house.folder / "customers.csv", house.folder / "orders.csv"
    history.write_customers(customers)
    history.write_orders(orders)
    house.command("import", "customers", customers)
    house.command("import", "orders", orders)
    return house.folder / "shop.db"


@pytest.fixture(scope="module")
def undisturbed(
    stocked: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Told]:
    """One replay that nobody disturbs, with which the others are compared."""
    house = build(tmp_path_factory.mktemp("undisturbed") / "shop")
    shutil.copy(stocked, house.folder)
    house.command(*arguments(house))
    yield Told(house, house.rows(), house.sent())
    house.stop()


@pytest.fixture
def shop(house: House, stocked: Path) -> House:
    """A stocked shop on SQLite."""
    shutil.copy(stocked, house.folder)
    return house


@pytest.fixture
def chain(cluster: House) -> House:
    """A stocked shop on PostgreSQL and Redis."""
    customers, orders = cluster.folder / "customers.csv", cluster.folder / "orders.csv"
    history.write_customers(customers)
    history.write_orders(orders)
    with cluster.runtime() as rt:
        importing.import_customers(rt, customers)
        importing.import_orders(rt, orders)
    return cluster


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


def holds_the_promise(house: House, undisturbed: Told) -> set[str]:
    """Nothing twice, nothing lost: all that an undisturbed replay sends is sent once, or listed. Returns what is listed."""
    states, sent = house.states(), house.sent()
    in_doubt = {id_ for id_, state in states.items() if state in IN_DOUBT}
    assert len(sent) == len(set(sent))
    assert set(sent) <= set(undisturbed.sent) <= set(sent) | in_doubt
    assert {id_ for id_, state in states.items() if state == "accepted"} == set(sent)
    assert states.keys() == undisturbed.rows.keys()
    assert not UNDER_WAY & set(states.values())
    return in_doubt


def kill_at(house: House, process: Process, count: int) -> None:
    """Kills the process when the ledger has so many lines."""
    deadline = time.monotonic() + 60
    while lines(house) < count:
        assert process.running, process.words
        assert time.monotonic() < deadline
        time.sleep(0.001)
    process.kill()


def test_the_ledger_and_the_log_agree_message_by_message(undisturbed: Told) -> None:
    house = undisturbed.house

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


def test_a_replay_that_is_asked_again_changes_nothing(undisturbed: Told) -> None:
    house = undisturbed.house
    ledger = house.ledger_file.read_bytes()

    again = house.command(*arguments(house)).stdout

    assert house.rows() == undisturbed.rows
    assert house.ledger_file.read_bytes() == ledger
    assert "0 new events" in again


def test_another_seed_or_another_stretch_is_refused_on_the_same_database(
    undisturbed: Told,
) -> None:
    house = undisturbed.house

    seed = house.command(*arguments(house, seed=2), expect=2).stderr
    stretch = house.command(
        "replay", "--from", history.FROM, "--to", "2026-03-30", expect=2
    ).stderr

    assert "a clock does not run backwards" in seed
    assert "a clock does not run backwards" in stretch
    assert house.rows() == undisturbed.rows


def test_a_database_that_has_written_to_people_is_not_replayed(house: House) -> None:
    give_thanks(house, alone=False)
    with Inside(house) as inside:
        take_in(inside.rt, willing([1], inside.now))
        inside.tick()

    refused = house.command(*arguments(house), expect=2).stderr

    assert "this database has messages that no replay planned" in refused
    assert set(house.states().values()) == {"accepted"}


def test_postgresql_redis_and_two_processes_give_the_same_messages(
    chain: House, undisturbed: Told
) -> None:
    chain.command(*arguments(chain, workers=2))

    def told(row: dict[str, Any]) -> dict[str, Any]:
        return {
            k: row[k] for k in ("state", "reason", "due_at", "accepted_at", "delivery")
        }

    assert {id_: told(r) for id_, r in chain.rows().items()} == {
        id_: told(r) for id_, r in undisturbed.rows.items()
    }
    assert Counter(chain.sent()) == Counter(undisturbed.sent)


@pytest.mark.parametrize("count", [2, 40, 75])
def test_a_replay_that_is_killed_and_started_again_sends_nothing_twice_and_loses_nothing(
    shop: House, undisturbed: Told, count: int
) -> None:
    first = shop.start("replay", COMMAND, *arguments(shop))
    kill_at(shop, first, count)
    shop.command(*arguments(shop))

    # the batch in flight at most
    assert len(holds_the_promise(shop, undisturbed)) <= 100


def test_a_replay_that_is_killed_three_times_still_comes_to_its_end(
    shop: House, undisturbed: Told
) -> None:
    for count in (5, 30, 60):
        kill_at(shop, shop.start("replay", COMMAND, *arguments(shop)), count)
    shop.command(*arguments(shop))

    holds_the_promise(shop, undisturbed)


def test_a_replay_outlives_a_worker_that_is_killed(
    chain: House, undisturbed: Told
) -> None:
    replay = chain.start("replay", COMMAND, *arguments(chain, workers=2))
    wait_until(lambda: replay.ready(lambda: lines(chain) >= 10), what="ten messages")
    victim = _workers_of(replay)[0]
    os.kill(victim, signal.SIGKILL)
    ended = replay.popen.wait(60)

    assert ended == 0, replay.words
    holds_the_promise(chain, undisturbed)


def test_workers_do_not_outlive_the_replay_that_started_them(
    chain: House, undisturbed: Told
) -> None:
    replay = chain.start("replay", COMMAND, *arguments(chain, workers=2))
    wait_until(lambda: replay.ready(lambda: lines(chain) >= 10), what="ten messages")
    workers = _workers_of(replay)
    replay.kill()
    wait_until(
        lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers),
        what="the workers go",
    )
    chain.command(*arguments(chain, workers=2))

    assert len(workers) >= 2
    holds_the_promise(chain, undisturbed)


def test_a_new_replay_begins_a_ledger_of_its_own(
    shop: House, undisturbed: Told
) -> None:
    old = undisturbed.house.ledger_file.read_bytes()
    shop.ledger_file.write_bytes(old)

    shop.command(*arguments(shop))

    before = shop.ledger_file.with_name(f"{shop.ledger_file.name}.before")
    assert Counter(shop.sent()) == Counter(undisturbed.sent)
    assert before.read_bytes() == old


def test_a_second_replay_beside_a_running_one_is_refused(
    shop: House, undisturbed: Told
) -> None:
    first = shop.start("replay", COMMAND, *arguments(shop))
    wait_until(lambda: first.ready(lambda: lines(shop) >= 2), what="a first message")
    second = shop.command(*arguments(shop), expect=2).stderr
    ended = first.popen.wait(60)

    assert f"another process writes to the ledger {shop.ledger_file}" in second
    assert ended == 0, first.words
    assert holds_the_promise(shop, undisturbed) == set()


def _workers_of(replay: Process) -> list[int]:
    """The worker processes: grandchildren, because dramatiq's own process starts them."""
    found = []
    for child in replay.children():
        children = Path(f"/proc/{child}/task/{child}/children")
        found += [int(pid) for pid in children.read_text().split()]
    return found
