"""What does one bad message, a bad template, or an edit in the middle of it do to the others?

A template cannot end a process by itself: `check` refuses what it cannot bound. So what ends a worker is put into the workers of the
scene, for certain people. An endless loop is not played for that reason; nor is a limit of memory, which ends a process as a kill.
"""

import ctypes
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from aftercart.store.tables import renditions, template_versions
from chaos import sabotage
from chaos.registry import scenario
from chaos.stage import Stage
from tests.scenes.house import House

#: What each of them does to whoever prepares its message.
_DEEDS = ("raise", "exit", "segfault", "kill", "large")
_DEADLY = ("exit", "segfault", "kill")
#: Restarts of a worker that one message may cost.
_MOST = 3
#: Of Linux's renameat2: relative to where we are, and both exist and change places.
_HERE, _EXCHANGE = -100, 2


@scenario(
    "FT-70",
    "five messages end their worker, raise, or are far too large",
    recovery=420,
    unknown=0.02,
)
def poison(stage: Stage) -> None:
    """Each of them is given up after three deaths at most; all others go."""
    mails = [one for one in stage.due if one.kind.name == "reorder"]
    chosen = dict(
        zip(
            _DEEDS, stage.lot.sample(mails[len(mails) // 2 :], len(_DEEDS)), strict=True
        )
    )
    stage.house.environ["CHAOS_POISON"] = " ".join(
        f"{one.customer}={deed}" for deed, one in chosen.items()
    )
    sabotage.into(stage.house, "poison")
    stage.open()
    stage.plant(0.2)
    deaths = 0
    with stage.planting(seconds=10):
        deadline = datetime.now(UTC) + timedelta(seconds=420)
        while datetime.now(UTC) < deadline and not stage.drained():
            if not stage.running("workers"):
                deaths += 1
                stage.workers()
            stage.wait(0.5)
    states = stage.states()
    failed = {id_ for id_, state in states.items() if state == "failed"}
    bad = {one.message for one in chosen.values()}
    limit = _MOST * len(_DEADLY)
    stage.expect(failed == bad, f"these fail and no others ({len(failed)}, of 5)")
    stage.expect(deaths <= limit, f"at most {limit} deaths ({deaths})")
    stage.note = f"{deaths} deaths of workers for {len(_DEADLY)} deadly messages"


@scenario("FT-71", "templates are published anew 100 times while they are used")
def edited(stage: Stage) -> None:
    """No message has the subject of one version and the body of another, and the log names the one that it had."""
    versions = _versions(stage.house)
    stage.open()
    _publish(stage.house, versions, 0)
    with stage.planting(seconds=25):
        for number in range(1, 101):
            stage.wait(0.2, 0.3)
            _publish(stage.house, versions, number)
    stage.until(stage.drained, 90, "all are sent")
    told = {
        e["message"]: e
        for e in stage.ledger()
        if e["accepted"] and e.get("campaign") == "recipe"
    }
    mixed = [
        id_
        for id_, e in told.items()
        if e["subject"].split()[-1] not in e["text"].split()
    ]
    with stage.house.store() as store, store.read() as tx:
        query = select(renditions.c.message_id, template_versions.c.sources).join_from(
            renditions,
            template_versions,
            renditions.c.template_version == template_versions.c.version,
        )
        kept = {
            id_: sources["subject"].split()[-1]
            for id_, sources in tx.execute(query)
            if "subject" in sources
        }
    wrong = [
        id_ for id_, e in told.items() if kept.get(id_) != e["subject"].split()[-1]
    ]
    used = len({e["subject"] for e in told.values()})
    stage.note = f"{used} versions of 101 went out; {len(mixed)} mixed, {len(wrong)} wrongly named"
    stage.expect(not mixed, f"none has two versions in it ({len(mixed)})")
    stage.expect(not wrong, f"the log names the version of each ({len(wrong)})")


@scenario("FT-74", "a template, the shared parts and a campaign are broken for 10 s")
def invalid(stage: Stage) -> None:
    """What was good last goes on; no process ends, and no message fails for it."""
    stage.open()
    stage.plant(0.2)
    templates, campaigns = (stage.house.folder / n for n in ("templates", "campaigns"))
    broken = {
        templates / "recipe" / "subject.txt": "{% if %}",
        templates / "reorder" / "body.html": "{% include '_base/nobody.html' %}",
        templates / "survey" / "body.txt": "{{ nothing.here }}",
        campaigns / "recipe.yaml": "name: [\n  - {",
    }
    good = {file: file.read_text() for file in broken}
    before = [p.popen.pid for p in stage.house.processes if p.running]
    with stage.planting(seconds=25):
        stage.wait(5)
        for file, words in broken.items():
            file.write_text(words)
        stage.wait(10)
        said = stage.house.command("check", expect=1).stdout
        for file, words in good.items():
            file.write_text(words)
    stage.until(stage.drained, 90, "all are sent")
    after = [p.popen.pid for p in stage.house.processes if p.running]
    ended = Counter(stage.states().values())
    stage.expect(before == after, "no process has ended")
    stage.expect("recipe.yaml:" in said, "`aftercart check` names the line")
    stage.expect(not ended["failed"], f"no message fails for it ({ended['failed']})")


def _versions(house: House) -> Path:
    """A folder beside the templates, in which each version is made before it is published."""
    folder = house.folder / "versions"
    folder.mkdir()
    return folder


def _publish(house: House, versions: Path, number: int) -> None:
    """Puts the whole version into place in one step. Who writes one file after the other sends what is there in between."""
    made, place = versions / f"v{number}", house.folder / "templates" / "recipe"
    made.mkdir()
    (made / "subject.txt").write_text(f"Thank you, version v{number}")
    (made / "body.txt").write_text(
        f"Version v{number} . {{{{ message.unsubscribe_url }}}}"
    )
    link = "<a href='{{ message.unsubscribe_url }}'>No more</a>"
    (made / "body.html").write_text(f"<p>Version v{number} . {link}</p>")
    # two folders change places in one step; a link in the place of one would be refused
    done = ctypes.CDLL(None, use_errno=True).renameat2(
        _HERE, str(made).encode(), _HERE, str(place).encode(), _EXCHANGE
    )
    if done:
        raise OSError(ctypes.get_errno(), "renameat2")
