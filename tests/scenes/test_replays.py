"""Replays: the same history gives the same messages on one process and on several, however often it is killed on the way."""

import csv
import os
import shutil
import signal
import sys
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
from tests.scenes.house import COMMAND, REPOSITORY, House, Process, build, wait_until

#: The look at the timers that rings for two dozen messages.
RUNG = 11
#: Places of a replay.
POST = "aftercart.channels.transport"
LEDGER = "aftercart.sandbox.ledger"
SETTLE = "aftercart.delivering.outcomes"

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Told:
    """What an undisturbed replay came to."""

    house: House
    rows: dict[str, dict[str, Any]]
    sent: list[str]


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


#: What the log says of a message: whether and why, and in which minute.
OUTCOME = ("state", "reason")
MINUTES = ("due_at", "accepted_at", "delivery")


def told(house: House, *columns: str) -> dict[str, tuple[Any, ...]]:
    return told_of(house.rows(), *columns)


def told_of(
    rows: dict[str, dict[str, Any]], *columns: str
) -> dict[str, tuple[Any, ...]]:
    return {id_: tuple(row[name] for name in columns) for id_, row in rows.items()}


def is_as_if_undisturbed(house: House, undisturbed: Told, *more: str) -> None:
    """Nothing twice, nothing missing, and the log says the same of every message."""
    assert Counter(house.sent()) == Counter(undisturbed.sent)
    columns = (*OUTCOME, *more)
    assert told(house, *columns) == told_of(undisturbed.rows, *columns)


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
    assert "sending" not in {row["state"] for row in rows.values()}
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

    is_as_if_undisturbed(chain, undisturbed, *MINUTES)


@pytest.mark.parametrize("count", [2, 40, 75])
def test_a_replay_that_is_killed_and_started_again_sends_nothing_twice_and_loses_nothing(
    shop: House, undisturbed: Told, count: int
) -> None:
    first = shop.start("replay", COMMAND, *arguments(shop))
    kill_at(shop, first, count)
    shop.command(*arguments(shop))

    is_as_if_undisturbed(shop, undisturbed, *MINUTES)


def test_a_replay_that_is_killed_again_and_again_still_comes_to_its_end(
    shop: House, undisturbed: Told
) -> None:
    for count in (1, 5, 30, 60, 61, 80):
        kill_at(shop, shop.start("replay", COMMAND, *arguments(shop)), count)
    shop.command(*arguments(shop))

    is_as_if_undisturbed(shop, undisturbed, *MINUTES)


@pytest.mark.parametrize(
    ("place", "count", "when"),
    [
        pytest.param("aftercart.planning:plan", 1, "after", id="while it prepares"),
        pytest.param("aftercart.enrolling:take_in", 40, "before", id="clock pushed"),
        pytest.param("aftercart.enrolling:take_in", 41, "after", id="events taken in"),
        pytest.param("aftercart.sweeping:sweep", 40, "after", id="swept"),
        pytest.param("aftercart.planning:plan", RUNG, "after", id="rung"),
        pytest.param("aftercart.store.transitions:claim", 9, "after", id="uncommitted"),
        pytest.param(f"{POST}:Transport.post", 9, "before", id="claimed"),
        pytest.param(f"{LEDGER}:Ledger._write", 9, "before", id="not taken"),
        pytest.param(f"{LEDGER}:Ledger._write", 9, "after", id="not answered"),
        pytest.param(f"{SETTLE}:settle", 20, "before", id="answer not written down"),
        pytest.param("aftercart.tracking:read_inbox", 9, "before", id="not reported"),
    ],
)
def test_it_makes_no_difference_where_a_replay_is_killed(
    shop: House, undisturbed: Told, place: str, count: int, when: str
) -> None:
    deadly = REPOSITORY / "tests" / "scenes" / "deadly.py"
    first = shop.start(
        "replay", sys.executable, deadly, place, count, when, *arguments(shop)
    )
    ended = first.popen.wait(60)
    shop.command(*arguments(shop))

    assert ended == -signal.SIGKILL, first.words
    is_as_if_undisturbed(shop, undisturbed, *MINUTES)


def test_a_replay_goes_on_with_no_other_ledger(shop: House, undisturbed: Told) -> None:
    kill_at(shop, shop.start("replay", COMMAND, *arguments(shop)), 30)
    kept, other = shop.ledger_file, shop.ledger_file.with_name("other.ndjson")
    elsewhere = [other if part == kept else part for part in arguments(shop)]

    refused = shop.command(*elsewhere, expect=2).stderr
    shop.command(*arguments(shop))

    assert f"this replay writes to the ledger {kept}" in " ".join(refused.split())
    is_as_if_undisturbed(shop, undisturbed, *MINUTES)


@pytest.mark.parametrize("victim", ["a worker", "their parent"])
def test_a_replay_outlives_workers_that_are_killed(
    chain: House, undisturbed: Told, victim: str
) -> None:
    replay = chain.start("replay", COMMAND, *arguments(chain, workers=2))
    wait_until(lambda: replay.ready(lambda: lines(chain) >= 10), what="ten messages")
    workers, parent = _workers_of(replay), _parent_of(replay)
    os.kill(workers[0] if victim == "a worker" else parent, signal.SIGKILL)
    ended = replay.popen.wait(60)

    assert ended == 0, replay.words
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
    is_as_if_undisturbed(chain, undisturbed)


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
    is_as_if_undisturbed(chain, undisturbed)


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
    is_as_if_undisturbed(shop, undisturbed, *MINUTES)


def _workers_of(replay: Process) -> list[int]:
    """The worker processes: grandchildren, because dramatiq's own process starts them."""
    return [pid for child in replay.children() for pid in _children(child)]


def _parent_of(replay: Process) -> int:
    """dramatiq's own process."""
    (parent,) = (child for child in replay.children() if _children(child))
    return parent


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in found.split()]
