"""A database that comes back from a copy sends no newsletter and no survey by itself, and one that does not is left alone."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from aftercart import identity
from aftercart.identity import Identity
from aftercart.model import State
from aftercart.reasons import Code
from aftercart.store import Store, open_store, origin, pauses, records, tables
from aftercart.store.pauses import SAFE_MODE
from aftercart.witness import open_witness
from tests.people import ANN, Person, another
from tests.servers import Postgres, Redis
from tests.verbs.stage import (
    COOKING_TIME,
    DAY,
    HOUR,
    Stage,
    due_alert,
    due_recipe,
)

Copy = Callable[[Stage], Stage]
BEA, CAL = another("bea"), another("cal")


def start(stage: Stage, *, deployment: str = "") -> Stage:
    """A process that sends begins: with eyes of its own."""
    fresh = Identity(stage.rt.store, deployment=deployment, clock=lambda: stage.now)
    stage.rt.__dict__["identity"] = fresh
    stage.rt.guard()
    return stage


def safe_mode(stage: Stage) -> str:
    """Why it is in safe mode; empty where it is not."""
    with stage.rt.store.read() as tx:
        held = pauses.paused(tx).get(SAFE_MODE)
    return held.words if held else ""


def send_one(stage: Stage, who: Person = ANN) -> None:
    assert stage.deliver(due_one(stage, who)) == 1


def due_one(stage: Stage, who: Person) -> str:
    """A newsletter that is due and was rung."""
    stage.move_in(who)
    return due_recipe(stage, who, order=f"o-{who.id}")


@pytest.fixture
def copy(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path
) -> Iterator[Copy]:
    """Makes a copy of a stage's database, as people do: of the file, or of the database in its server."""
    opened: list[Store] = []

    def make(stage: Stage) -> Stage:
        if stage.rt.store.dialect == "sqlite":
            target = tmp_path / "elsewhere" / "aftercart.db"
            target.parent.mkdir()
            back_up(stage, target)
            url = f"sqlite:///{target}"
        else:
            stage.rt.store.close()
            server: Postgres = request.getfixturevalue("postgres")
            name = database_url.rpartition("/")[2]
            url = server.url(server.database(template=name))
        opened.append(open_store(url))
        made = Stage(opened[-1], now=stage.now)
        made.rt.campaigns = stage.rt.campaigns
        return made

    yield make
    for store in opened:
        store.close()


def back_up(stage: Stage, target: Path) -> None:
    assert stage.rt.store.file
    with (
        sqlite3.connect(stage.rt.store.file) as source,
        sqlite3.connect(target) as copied,
    ):
        source.backup(copied)
    source.close()
    copied.close()


def test_a_new_database_is_what_it_says_it_is_and_goes_on_being_it(
    stage: Stage,
) -> None:
    start(stage)
    send_one(stage)
    for hours in (1, 23):
        stage.now += timedelta(hours=hours)
        start(stage)

    assert safe_mode(stage) == ""


def test_a_copy_sends_no_newsletter_until_a_person_has_looked(
    stage: Stage, copy: Copy
) -> None:
    start(stage, deployment="shop")
    send_one(stage)
    id_ = due_one(stage, BEA)
    other = start(copy(stage), deployment="shop")

    other.deliver(id_)

    assert "copy" in safe_mode(other)
    message = other.message(id_)
    assert message.state is State.SCHEDULED
    assert message.reason is not None and message.reason.code is Code.SAFE_MODE
    assert other.rt.identity is not None and other.rt.identity.accept()
    assert start(other, deployment="shop").deliver(id_) == 1
    assert safe_mode(start(other, deployment="shop")) == ""


def test_in_safe_mode_service_goes_on(stage: Stage, copy: Copy) -> None:
    start(stage)
    send_one(stage)
    other = start(copy(stage))
    other._told = stage._told

    id_ = due_alert(other)

    assert safe_mode(other)
    assert other.deliver(id_) == 1


def test_a_copy_of_what_never_sent_anything_is_a_new_one(
    stage: Stage, copy: Copy
) -> None:
    start(stage, deployment="shop")

    other = start(copy(stage), deployment="another shop")

    assert safe_mode(other) == ""


@pytest.mark.parametrize(
    ("before", "after", "odd"),
    [
        ("shop", "trial", True),
        ("shop", "shop", False),
        ("", "shop", False),
        ("shop", "", False),
    ],
)
def test_another_name_of_the_deployment_is_seen(
    stage: Stage, before: str, after: str, odd: bool
) -> None:
    start(stage, deployment=before)
    send_one(stage)

    start(stage, deployment=after)

    words = 'it belonged to the deployment "shop", and this process to "trial"'
    assert safe_mode(stage) == (words if odd else "")


def test_a_name_that_comes_later_counts_from_then_on(stage: Stage) -> None:
    start(stage)
    send_one(stage)
    start(stage, deployment="shop")

    start(stage, deployment="trial")

    assert '"trial"' in safe_mode(stage)


def test_what_was_seen_is_accepted_and_not_what_the_one_who_accepts_is_called(
    stage: Stage,
) -> None:
    start(stage, deployment="shop")
    send_one(stage)
    start(stage, deployment="trial")

    someone = Identity(stage.rt.store, deployment="", clock=lambda: stage.now)
    someone.accept()

    assert safe_mode(start(stage, deployment="trial")) == ""
    assert safe_mode(start(stage, deployment="shop"))


@pytest.fixture
def shop(scene: Stage) -> Stage:
    """A shop on SQLite that has sent something."""
    start(scene)
    send_one(scene)
    return scene


def _restart_on(scene: Stage, file: Path) -> Stage:
    scene.rt.store.close()
    scene.rt.store = open_store(f"sqlite:///{file}")
    return start(scene)


def test_a_backup_that_is_put_over_the_file_is_seen(
    shop: Stage, tmp_path: Path
) -> None:
    file = shop.rt.store.file
    assert file
    back_up(shop, tmp_path / "backup.db")
    send_one(shop, BEA)
    shop.rt.store.close()
    for leftover in file.parent.glob("scene.db-*"):
        leftover.unlink()

    shutil.copy(tmp_path / "backup.db", file)
    _restart_on(shop, file)
    shop.deliver(due_one(shop, BEA))

    assert "a backup was put back" in safe_mode(shop)
    assert shop.sent_to == [ANN.customer.email, BEA.customer.email]


def test_a_backup_since_which_nothing_was_sent_is_as_good_as_the_file(
    shop: Stage, tmp_path: Path
) -> None:
    file = shop.rt.store.file
    assert file
    back_up(shop, tmp_path / "backup.db")
    due_one(shop, BEA)
    shop.rt.store.close()
    for leftover in file.parent.glob("scene.db-*"):
        leftover.unlink()

    shutil.copy(tmp_path / "backup.db", file)
    _restart_on(shop, file)

    assert safe_mode(shop) == ""


def test_a_folder_that_moves_as_a_whole_is_no_copy(shop: Stage, tmp_path: Path) -> None:
    file = shop.rt.store.file
    assert file
    shop.rt.store.close()
    moved = tmp_path / "another-host"
    moved.mkdir()
    for path in file.parent.glob("*scene.db*"):
        path.rename(moved / path.name)

    _restart_on(shop, moved / file.name)

    assert safe_mode(shop) == ""


def test_a_small_file_that_a_power_cut_has_emptied_says_nothing(shop: Stage) -> None:
    file = shop.rt.store.file
    assert file
    file.with_name(f".{file.name}.incarnation").write_text("")

    assert safe_mode(start(shop)) == ""


def test_after_a_day_without_a_sending_what_was_due_meanwhile_waits_for_a_person(
    stage: Stage,
) -> None:
    start(stage)
    send_one(stage)
    stage.move_in(BEA)
    stage.tell("order.placed", BEA, at=stage.now, order="o-2", items=["chicken"])
    stage.tell("order.delivered", BEA, at=stage.now, order="o-2")
    stage.now += timedelta(days=3)

    start(stage)

    assert safe_mode(stage) == (
        "it sent last at 4 Mar 2026 16:00 UTC, and what was due since then is waiting"
    )
    assert stage.rt.identity is not None
    stage.rt.identity.accept()
    assert safe_mode(start(stage)) == ""


def test_who_sends_nothing_at_weekends_is_not_stopped(stage: Stage) -> None:
    start(stage)
    send_one(stage)
    stage.now += timedelta(days=3)
    stage.tick()

    start(stage)

    assert safe_mode(stage) == ""


def test_what_somebody_holds_for_days_is_not_overdue(stage: Stage) -> None:
    start(stage)
    send_one(stage)
    due_one(stage, BEA)
    with stage.rt.store.write() as tx:
        pauses.pause(tx, "all", at=stage.now, by="sam")
    stage.now = COOKING_TIME + DAY + 2 * HOUR
    stage.plan()

    start(stage)

    assert safe_mode(stage) == ""


def test_a_server_that_took_over_is_seen_while_the_process_goes_on(
    stage: Stage, redis_server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"timeline": "00000001"}
    monkeypatch.setattr(identity.origin, "facts", lambda tx: dict(told))
    start(stage)
    seen = stage.rt.identity
    assert seen is not None
    witness = open_witness(redis_server.url, deployment=lambda: seen.token)
    stage.rt.__dict__["witness"] = witness
    send_one(stage)
    id_ = due_one(stage, BEA)
    told["timeline"] = "00000002"
    stage.rt.guard()
    unseen = safe_mode(stage)

    # its connections are lost with the server, and the claim goes through new ones before anybody has looked
    stage.rt.store.close()
    handed = stage.deliver(id_)

    assert (unseen, handed) == ("", 0)
    assert "a standby took over" in safe_mode(stage)
    assert stage.message(id_).state is State.SCHEDULED
    # both in one moment of this clock, which stands still
    assert set(stage.story(id_)[-2:]) == {("sending", ""), ("held", "safe_mode")}
    alert = due_alert(stage)
    assert stage.deliver(alert) == 1
    witness.close()


def test_in_another_database_nothing_is_claimed_by_who_has_just_begun(
    stage: Stage,
) -> None:
    start(stage, deployment="shop")
    send_one(stage)
    id_ = due_one(stage, BEA)

    stage.rt.__dict__["identity"] = Identity(
        stage.rt.store, deployment="trial", clock=lambda: stage.now
    )
    handed = stage.deliver(id_)

    assert handed == 0
    assert (stage.message(id_).state, stage.message(id_).fence) == (State.SCHEDULED, 0)


def test_a_role_that_may_not_ask_goes_without_and_says_so(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries = {**origin.FACTS, "server": "SELECT nobody_may_ask_this()"}
    monkeypatch.setattr(origin, "FACTS", queries)

    with stage.rt.store.read() as tx:
        found = origin.facts(tx)
    start(stage)
    send_one(stage)

    postgres = stage.rt.store.dialect == "postgresql"
    assert sorted(found) == (["database", "timeline"] if postgres else [])
    assert safe_mode(start(stage)) == ""


def test_the_moment_of_the_last_sending_is_written_once_a_minute(stage: Stage) -> None:
    start(stage)
    seen = stage.rt.identity
    assert seen is not None
    began = stage.now
    told = []
    for seconds in (0, 30, 61, 62, 3700):
        stage.now = began + timedelta(seconds=seconds)
        seen.sent()
        with stage.rt.store.read() as tx:
            since, last = identity.sent_since(tx) or (began, began)
        told.append(((since - began).seconds, (last - began).seconds))

    assert told == [(0, 0), (0, 0), (0, 61), (0, 61), (3700, 3700)]


def test_what_waits_is_counted_by_what_would_become_of_it(stage: Stage) -> None:
    start(stage)
    go = due_recipe(stage)
    late = due_one(stage, BEA)
    barred = due_one(stage, CAL)
    stage.now = COOKING_TIME + HOUR
    stage.put(late, expires_at=stage.now)
    with stage.rt.store.write() as tx:
        tx.execute(
            tables.customers.update()
            .where(tables.customers.c.id == CAL.id)
            .values(email_marketing=False)
        )
        (found,) = records.waiting(tx, now=stage.now)

    assert go and barred
    assert (found.campaign, found.purpose) == ("recipe-follow-up", "marketing")
    assert (found.would_go, found.too_late, found.not_allowed) == (1, 1, 1)
