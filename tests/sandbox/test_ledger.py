"""The ledger is the witness: a line for every request, durable before the answer, whole after a crash."""

import asyncio
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

import orjson
import pytest

from aftercart.channels import open_senders
from aftercart.errors import InputError
from aftercart.handover import Receipt
from aftercart.model import Channel
from aftercart.sandbox import Sandbox, read_ledger, serve
from aftercart.sandbox.ledger import Ledger
from tests.channels.stage import clock, mail, settings_for


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.ndjson"


def ignore(entry: dict[str, Any], end: int) -> None: ...


def test_a_line_says_what_came_when_and_what_was_answered(path: Path) -> None:
    with Sandbox(
        path,
        public_url="http://127.0.0.1:9",
        clock=clock,
        auto=False,
        received_at=lambda: "just now",
    ) as sandbox:
        server = serve(sandbox.app)
        sender = open_senders(settings_for(sandbox, server.url), clock)[Channel.EMAIL]
        [receipt] = sender.send([mail(id="m-1")])
        sender.close()
        server.stop()

    assert isinstance(receipt, Receipt)
    assert list(read_ledger(path)) == [
        {
            "at": "2026-03-02T10:00:00+00:00",
            "received_at": "just now",
            "provider": "sendgrid",
            "message": "m-1",
            "to": "ann@shop.example",
            "campaign": "recipe-follow-up",
            "subject": "Chicken soup",
            "text": "Hello Ann",
            "env": "aftercart",
            "ref": receipt.ref,
            "status": 202,
            "accepted": True,
        }
    ]


def test_lines_that_wait_together_share_a_sync(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs: list[int] = []
    monkeypatch.setattr(os, "fsync", syncs.append)
    told: list[tuple[dict[str, Any], int]] = []
    ledger = Ledger(path, written=lambda entry, end: told.append((entry, end)))

    async def write() -> None:
        await asyncio.gather(*(ledger.append({"n": n}) for n in range(100)))

    asyncio.run(write())
    ledger.close()

    assert [entry["n"] for entry in read_ledger(path)] == list(range(100))
    assert [entry["n"] for entry, _ in told] == list(range(100))
    assert told[-1][1] == path.stat().st_size
    assert len(syncs) <= 2


def test_an_entry_is_on_the_disk_when_append_returns(path: Path) -> None:
    ledger = Ledger(path, written=ignore)

    async def write() -> list[dict[str, Any]]:
        await ledger.append({"n": 1})
        return list(read_ledger(path))

    found = asyncio.run(write())
    ledger.close()

    assert found == [{"n": 1}]


def test_a_line_that_a_crash_tore_is_left_out_and_nothing_grows_onto_it(
    path: Path,
) -> None:
    path.write_bytes(b'{"n":1}\n{"n":2}\n{"n":3,"to')
    assert [entry["n"] for entry in read_ledger(path)] == [1, 2]

    ledger = Ledger(path, written=ignore)
    asyncio.run(ledger.append({"n": 4}))
    ledger.close()

    assert [entry["n"] for entry in read_ledger(path)] == [1, 2, 4]


@pytest.mark.parametrize("torn", [b"x" * 5, b"x" * 200_000])
def test_a_file_that_is_nothing_but_a_torn_line_starts_anew(
    torn: bytes, path: Path
) -> None:
    path.write_bytes(torn)

    ledger = Ledger(path, written=ignore)
    asyncio.run(ledger.append({"n": 1}))
    ledger.close()

    assert path.read_bytes() == orjson.dumps({"n": 1}) + b"\n"


def test_a_ledger_that_is_not_there_is_empty(path: Path) -> None:
    assert list(read_ledger(path)) == []


def test_a_disk_that_is_full_is_answered_with_an_error_and_not_with_a_yes(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(path, written=ignore)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ledger, "_write", full)
    with pytest.raises(OSError, match="No space"):
        asyncio.run(ledger.append({"n": 1}))
    ledger.close()


def test_a_ledger_stays_locked_until_a_process_that_inherited_it_has_ended(
    path: Path,
) -> None:
    with Sandbox(
        path, public_url="http://127.0.0.1:9", clock=clock, auto=False
    ) as sandbox:
        heir = subprocess.Popen(["sleep", "60"], pass_fds=(sandbox.lock,))

    with pytest.raises(InputError, match="another process writes to the ledger"):
        Ledger(path, written=ignore)
    heir.kill()
    heir.wait()

    Ledger(path, written=ignore).close()


def test_what_waited_when_the_server_was_stopped_is_not_written_later(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, sync = threading.Event(), os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: slow.wait(10) and sync(file))
    ends: list[int] = []
    ledger = Ledger(path, written=lambda entry, end: ends.append(end))

    async def stop_in_the_middle() -> None:
        first = asyncio.create_task(ledger.append({"n": 1}))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(ledger.append({"n": 2}))
        await asyncio.sleep(0.05)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        slow.set()

    asyncio.run(stop_in_the_middle())
    asyncio.run(ledger.append({"n": 3}))
    ledger.close()

    assert [entry["n"] for entry in read_ledger(path)] == [1, 3]
    assert ends == [path.stat().st_size]
