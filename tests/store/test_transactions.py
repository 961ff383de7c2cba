"""How the database is opened, and what a transaction promises."""

import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from aftercart import store as store_module
from aftercart.errors import SettingsError
from aftercart.store import Store, Tx, desk, open_store, pauses
from tests.servers import Postgres
from tests.store.planting import NOW


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as tx:
        desk.set_mark(tx, "one", 1)
        raise RuntimeError("in the middle of it")

    with store.read() as tx:
        assert desk.get_mark(tx, "one") is None


def test_what_must_be_written_is_written_again_when_the_database_was_away(
    store: Store,
) -> None:
    tries = 0

    def act(tx: Tx) -> int:
        nonlocal tries
        tries += 1
        desk.set_mark(tx, f"try {tries}", tries)
        if tries == 1 and store.dialect == "postgresql":
            tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        elif tries <= 2:
            raise OperationalError("COMMIT", {}, Exception("the disk went away"))
        return tries

    assert store.insist(act, patience=timedelta(seconds=20)) == 3
    with store.read() as tx:
        kept = [desk.get_mark(tx, f"try {n}") for n in (1, 2, 3)]
    assert kept == [None, None, 3]


def test_who_insists_gives_up_when_patience_ends(store: Store) -> None:
    def act(tx: Tx) -> None:
        raise OperationalError("COMMIT", {}, Exception("the disk went away"))

    began = time.monotonic()
    with pytest.raises(OperationalError):
        store.insist(act, patience=timedelta(seconds=0.3))
    assert time.monotonic() - began < 10


def test_who_plans_plans_alone(store: Store) -> None:
    inside, busy, most = 0, 0, 0
    start = threading.Barrier(3)

    def plan() -> None:
        nonlocal inside, busy, most
        start.wait()
        with store.write_alone() as tx:
            if tx is None:
                busy += 1
                return
            inside += 1
            most = max(most, inside)
            time.sleep(0.5)
            inside -= 1

    threads = [threading.Thread(target=plan) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (inside, busy, most) == (0, 2, 1)
    with store.write_alone() as tx:
        assert tx is not None


def test_a_planner_of_another_process_does_not_wait_for_ours(
    postgres: Postgres, postgres_template: str
) -> None:
    url = postgres.url(postgres.database(template=postgres_template))
    ours, theirs = open_store(url), open_store(url)

    with ours.write_alone() as tx, theirs.write_alone() as later:
        assert tx is not None
        assert later is None
    with theirs.write_alone() as tx:
        assert tx is not None

    ours.close()
    theirs.close()


def test_who_has_patience_comes_after_the_planner_of_another_process_and_before_its_next_turn(
    postgres: Postgres, postgres_template: str
) -> None:
    url = postgres.url(postgres.database(template=postgres_template))
    ours, theirs = open_store(url), open_store(url)
    timeouts: list[str | None] = []
    go_on = threading.Event()

    def wait() -> None:
        with theirs.write_alone(patience=timedelta(seconds=20)) as tx:
            assert tx is not None
            timeouts.append(tx.scalar(text("SHOW lock_timeout")))
            go_on.wait(10)

    waiter = threading.Thread(target=wait)
    with ours.write_alone() as tx:
        assert tx is not None
        waiter.start()
        _until_somebody_waits(tx)
    with ours.write_alone() as tx:
        came_first = tx is not None
    go_on.set()
    waiter.join()

    assert not came_first
    assert timeouts == ["0"], "what else it waits for is none of this"
    ours.close()
    theirs.close()


def test_patience_has_an_end_and_costs_nothing(
    postgres: Postgres, postgres_template: str
) -> None:
    url = postgres.url(postgres.database(template=postgres_template))
    ours, theirs = open_store(url), open_store(url)

    with ours.write_alone() as tx:
        assert tx is not None
        with theirs.write_alone(patience=timedelta(seconds=0.2)) as later:
            assert later is None
    with theirs.write_alone() as tx:
        assert tx is not None

    ours.close()
    theirs.close()


def _until_somebody_waits(tx: Tx) -> None:
    waiting = text("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    deadline = time.monotonic() + 10
    while tx.execute(waiting).first() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_reader_does_not_wait_for_a_writer(store: Store) -> None:
    with store.write() as writing:
        desk.set_mark(writing, "one", 1)
        with store.read() as reading:
            assert desk.get_mark(reading, "one") is None


def test_sqlite_keeps_what_was_committed_through_a_power_cut(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    with store.read() as tx:
        journal = tx.execute(text("PRAGMA journal_mode")).scalar()
        synchronous = tx.execute(text("PRAGMA synchronous")).scalar()
    store.close()

    assert (journal, synchronous) == ("wal", 2)


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    naive = datetime(2026, 3, 4, 16, 0)  # noqa: DTZ001 - that is the point

    with pytest.raises(Exception, match="no time zone"), store.write() as tx:
        pauses.pause(tx, "all", at=naive, by="test")


def test_times_come_back_in_utc_to_the_microsecond(store: Store) -> None:
    exact = NOW.replace(microsecond=123456)

    with store.write() as tx:
        pauses.pause(tx, "all", at=exact, by="test")
        found = pauses.paused(tx)["all"].since

    assert found == exact
    assert found.utcoffset() == NOW.utcoffset()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("mysql://x/y", "not supported"),
        ("nonsense", "not a database URL"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused_in_words(
    url: str, words: str
) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        open_store(url)

    assert "AFTERCART_DATABASE_URL" in str(caught.value)


def test_a_file_in_a_folder_that_is_not_there_says_what_to_look_at(
    tmp_path: Path,
) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'nowhere' / 'aftercart.db'}")

    with pytest.raises(SettingsError, match="is its folder there"):
        store.upgrade()

    store.close()


def test_a_connection_that_was_cut_while_it_rested_is_replaced(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = request.getfixturevalue("postgres")
    monkeypatch.setattr(store_module, "_RESTED_SECONDS", 0.0)
    store = open_store(server.url(server.database()))
    other = open_store(server.url(server.database()))
    with store.read() as tx:
        pid = tx.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    with other.write() as tx:
        tx.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})

    with store.read() as tx:
        answered = tx.exec_driver_sql("SELECT 1").scalar_one()

    store.close()
    other.close()
    assert answered == 1


def test_a_postgresql_that_takes_no_writes_is_known(
    postgres: Postgres, postgres_template: str
) -> None:
    name = postgres.database(template=postgres_template)
    before = open_store(postgres.url(name))
    said = [before.takes_no_writes()]
    with before.write() as tx:
        tx.execute(
            text(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        )
    after = open_store(postgres.url(name))

    said.append(after.takes_no_writes())
    before.close()
    after.close()

    assert said == ["", "the database is read-only, or a standby"]


def test_a_sqlite_file_on_a_disk_that_takes_no_writes_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    store.upgrade()
    said = [store.takes_no_writes()]
    monkeypatch.setattr("os.access", lambda path, mode: False)

    said.append(store.takes_no_writes())
    store.close()

    assert said == ["", f"the file of the database at {tmp_path} may not be written to"]
