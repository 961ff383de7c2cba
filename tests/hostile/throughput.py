"""Are others served while a worker meets hostile templates? `python -m tests.hostile.throughput --count 2000` prints messages a second, with and without.

One message in six is of a campaign for each hostile template. The templates are sound when the campaigns are read, and changed when the
worker comes to them: written straight into templates/, past every check. Half of them the worker has known before. Beside it stands
the same with changes that are sound, so that only hostility makes the difference.
"""

import argparse
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select, update

from aftercart import delivering, planning
from aftercart.cli.showing import quiet_logs
from aftercart.model import State
from aftercart.runtime import Runtime, open_runtime
from aftercart.settings import Settings
from aftercart.store.tables import enrollments, messages
from benchmarks import stocking
from tests.hostile.templates import TEMPLATES

ROOT = Path(__file__).parents[2]
TEMPLATE = stocking.CAMPAIGN


@dataclass(frozen=True)
class Run:
    """What became of the messages, and how long the worker was at it."""

    good: int
    sent: int  #: of the good ones
    others: int
    went: int  #: of the others: where a change is hostile, with the template as it was before
    stopped: (
        int  #: of the others: failed by their template, or held because many had failed
    )
    seconds: float  #: of the processor: the machine may have other things to do

    @property
    def per_second(self) -> float:
        """Good messages a second."""
        return self.sent / self.seconds


def measure(count: int, *, hostile: bool) -> Run:
    """So many good messages, and a fifth as many of other campaigns among them, whose templates are hostile or sound."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        names = _write(folder, list(TEMPLATES))
        rt = open_runtime(
            Settings(
                root=str(folder),
                database_url=f"sqlite:///{folder / 'bench.db'}",
                secret_key="a benchmark signs for nobody",
                outbox=str(folder / "outbox.ndjson"),
            )
        )
        quiet_logs()
        try:
            more = count // 5
            stocking.stock(rt, count + more)
            _send_others(rt, names, count, more)
            batches = []
            while found := planning.plan(rt):
                batches += found
            _know(rt, list(names)[::2])
            for name, tried in names.items():
                if hostile:
                    _poison(folder / "templates", name, tried)
                else:
                    _change(folder / "templates" / name / "body.txt")
            begun = time.process_time()
            for batch in batches:
                delivering.deliver(rt, batch.ids)
            return _counted(rt, count, more, time.process_time() - begun)
        finally:
            rt.close()


def _write(folder: Path, tried: list[str]) -> dict[str, str]:
    """The shipped campaigns, and one for each hostile template; answers which is for which."""
    shutil.copytree(ROOT / "campaigns", folder / "campaigns")
    shutil.copytree(ROOT / "templates", folder / "templates")
    source = (ROOT / "campaigns" / f"{TEMPLATE}.yaml").read_text().split("\ntests:")[0]
    names = {f"hostile-{number}": name for number, name in enumerate(tried)}
    for name in names:
        written = source.replace(f"email: {TEMPLATE}", f"email: {name}")
        (folder / "campaigns" / f"{name}.yaml").write_text(written)
        shutil.copytree(ROOT / "templates" / TEMPLATE, folder / "templates" / name)
    return names


def _send_others(rt: Runtime, names: dict[str, str], count: int, more: int) -> None:
    """Gives the last customers to the hostile campaigns, spread among the good ones."""
    every, campaigns = (count + more) // max(more, 1), list(names)
    with rt.store.write() as tx:
        for number in range(more):
            campaign = rt.campaigns[campaigns[number % len(campaigns)]]
            tx.execute(
                update(enrollments)
                .where(enrollments.c.customer_id == f"c-{number * every}")
                .values(campaign=campaign.name, version=campaign.version)
            )


def _know(rt: Runtime, names: list[str]) -> None:
    for name in [TEMPLATE, *names]:
        rt.renderer.template(name)


def _poison(templates: Path, name: str, tried: str) -> None:
    for path, content in TEMPLATES[tried][0].items():
        home, _, file = path.partition("/")
        # what is shared stays sound, or every campaign would be hostile
        if home == "hello":
            data = content.encode() if isinstance(content, str) else content
            (templates / name / file).write_bytes(data)


def _change(file: Path) -> None:
    file.write_text(f"{file.read_text()}Have a good day!\n")


def _counted(rt: Runtime, count: int, more: int, seconds: float) -> Run:
    of = (messages.c.campaign, messages.c.state)
    with rt.store.read() as tx:
        found = tx.execute(select(*of, func.count()).group_by(*of)).all()
    ours = [(state, n) for campaign, state, n in found if campaign == TEMPLATE]
    theirs = [(state, n) for campaign, state, n in found if campaign != TEMPLATE]
    return Run(
        good=count,
        sent=sum(n for state, n in ours if state == State.ACCEPTED),
        others=more,
        went=sum(n for state, n in theirs if state == State.ACCEPTED),
        stopped=sum(n for state, n in theirs if state != State.ACCEPTED),
        seconds=seconds,
    )


def main() -> None:
    """Prints both runs, and what the hostile ones cost."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--count", type=int, default=2_000)
    count = asked.parse_args().count
    sound, among = measure(count, hostile=False), measure(count, hostile=True)
    for what, run in (("among sound ones", sound), ("among hostile ones", among)):
        print(
            f"{what}: {run.sent:,} of {run.good:,} good e-mails went, {run.per_second:,.0f} a second of the processor; "
            f"of {run.others:,} others {run.went:,} went, {run.stopped:,} stopped"
        )
    print(f"{among.per_second / sound.per_second:.0%} of the throughput")


if __name__ == "__main__":
    main()
