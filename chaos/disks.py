"""What becomes of messages when the disk is full, the database is locked, or takes no more writes?"""

import atexit
import json
import sqlite3
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chaos.registry import scenario
from chaos.stage import Stage

_MEGABYTES = 160
#: Requests that may be on their way when the disk is full: two processes, a batch each.
_CLAIMED = 200


@scenario(
    "FT-30",
    "the disk of SQLite is full for 20 s",
    database="sqlite",
    recovery=90,
    unknown=0.0,
)
def full(stage: Stage) -> None:
    """Nothing is claimed that could not be written down. Needs to be root, for a disk of 160 MB."""
    disk = _small_disk(stage)
    stage.open(workers=2, threads=1)
    stage.plant(0.3)
    filler = disk / "filler"
    with stage.planting(seconds=15):
        stage.wait(3, 6)
        _fill(filler)
        begun = datetime.now(UTC)
        stage.wait(10)
        said = str(stage.reasons())
        stage.wait(10)
        went = stage.taken(begun)
        filler.unlink()
    stage.until(stage.drained, 120, "all are sent")
    file = stage.house.environ["AFTERCART_DATABASE_URL"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(file)) as found:
        (verdict,) = found.execute("PRAGMA integrity_check").fetchone()
    stage.expect(verdict == "ok", f"the database is whole ({verdict})")
    stage.expect("disk" in said, f"/readyz says why ({said})")
    stage.expect(went <= _CLAIMED, f"only what was claimed goes meanwhile ({went})")
    stage.note = f"{went} went while the disk was full; integrity_check: {verdict}"


@scenario(
    "FT-31",
    "somebody holds SQLite's lock for 10 s, twice",
    database="sqlite",
    recovery=90,
)
def locked(stage: Stage) -> None:
    """The shop that calls meanwhile waits, or is told to come again; it never reads of a lock."""
    stage.open(workers=2, threads=1)
    stage.plant(0.3)
    file = stage.house.environ["AFTERCART_DATABASE_URL"].removeprefix("sqlite:///")
    said: list[tuple[int, str]] = []
    with stage.planting(seconds=30):
        for _ in range(2):
            stage.wait(2, 3)
            with closing(
                sqlite3.connect(file, timeout=30, isolation_level=None)
            ) as held:
                held.execute("BEGIN IMMEDIATE")
                calling = threading.Thread(target=_call, args=(stage, said))
                calling.start()
                stage.wait(10)
                held.execute("ROLLBACK")
            calling.join()
    words = [text for _, text in said if "lock" in text.lower()]
    stage.expect(not words, f"nobody reads of a lock ({words[:1]})")
    stage.note = (
        f"calls meanwhile were answered {sorted({status for status, _ in said})}"
    )


@scenario("FT-33", "PostgreSQL takes no writes for 20 s", recovery=90)
def read_only(stage: Stage) -> None:
    """As when its disk has become read-only, or a right was taken away: nothing goes out that could not be written down."""
    stage.open()
    stage.plant(0.3)
    with stage.planting(seconds=15):
        stage.wait(3)
        _writable(stage, "on")
        stage.wait(1)
        begun = datetime.now(UTC)
        stage.wait(10)
        status, said = stage.web_answers("/readyz"), str(stage.reasons())
        stage.wait(10)
        went = stage.taken(begun)
        _writable(stage, "off")
    stage.expect(went <= _CLAIMED, f"only what was claimed goes meanwhile ({went})")
    stage.expect("read-only" in said, f"/readyz says why ({status} {said})")
    stage.note = f"{went} went meanwhile; /readyz answered {status}"


def _small_disk(stage: Stage) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="aftercart-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_MEGABYTES}m", "tmpfs", str(folder)]
    done = subprocess.run(mount, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"not possible here: {done.stderr.strip()}")
    # what the scenario has started goes on using it until the runner has ended it
    atexit.register(_let_go, folder)
    stage.house.environ["AFTERCART_DATABASE_URL"] = f"sqlite:///{folder / 'shop.db'}"
    return folder


def _let_go(folder: Path) -> None:
    subprocess.run(["umount", "-l", str(folder)], check=False)
    folder.rmdir()


def _fill(file: Path) -> None:
    """Until nothing fits any more."""
    with file.open("wb", buffering=0) as out:
        part = bytes(1024 * 1024)
        try:
            while True:
                out.write(part)
        except OSError:
            return


def _call(stage: Stage, said: list[tuple[int, str]]) -> None:
    """As a shop does, again and again while the lock is held."""
    url, token = (
        stage.house.environ["AFTERCART_PUBLIC_URL"],
        stage.house.environ["AFTERCART_API_TOKEN"],
    )
    for number in range(3):
        event = {
            "id": f"extra-{len(said)}-{number}",
            "type": "article.viewed",
            "at": datetime.now(UTC).isoformat(),
            "customer": {"id": stage.due[0].customer},
        }
        request = urllib.request.Request(
            f"{url}/v1/events",
            json.dumps([event]).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        said.append(_asked(lambda r=request: urllib.request.urlopen(r, timeout=30)))  # type: ignore[misc]


def _asked(ask: Callable[[], Any]) -> tuple[int, str]:
    try:
        with ask() as answer:
            return int(answer.status), answer.read(2000).decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read(2000).decode(errors="replace")
    except OSError as error:
        return 0, str(error)


def _writable(stage: Stage, read_only: str) -> None:
    name = stage.house.environ["AFTERCART_DATABASE_URL"].rpartition("/")[2]
    stage.postgres.alter(
        f"ALTER DATABASE {name} SET default_transaction_read_only = {read_only}"
    )
    stage.postgres.hang_up()
