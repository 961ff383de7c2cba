"""What would change? Two sets of campaigns over the same customers: the coming week from where they stand, and the month that was."""

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from pathlib import Path

from aftercart import backtesting, loading
from aftercart.backtesting import revisions
from aftercart.backtesting.result import Plan
from aftercart.backtesting.shift import Told
from aftercart.campaigns import Campaign
from aftercart.errors import InputError
from aftercart.settings import Settings
from aftercart.store import lives, open_store

#: How far the look ahead goes, and the look back.
AHEAD, BACK = timedelta(days=7), timedelta(days=30)
#: What makes no difference for whom a campaign reaches.
_SILENT = ("version", "examples", "places", "title", "sources")


@dataclass(frozen=True)
class Shift:
    """Messages that would go in a stretch, before and now; `enter` and `leave` are people who get one now, or got one before."""

    before: int
    now: int
    enter: Sequence[str]
    leave: Sequence[str]
    moved: int  #: go at another time


@dataclass(frozen=True)
class Change:
    """One campaign: `how` it changed, which keys, and what follows."""

    campaign: str
    how: str  #: "added", "removed", "changed" or "as before"
    keys: Sequence[str]
    in_flight: (
        int  #: people on the way who entered with another version, and stay on it
    )
    week: Shift  #: the seven days from now on, if nothing new happens
    month: (
        Shift | None
    )  #: the thirty days up to now, played again; None without orders in them


def compare(
    settings: Settings,
    revision: str,
    *,
    now: datetime,
    on_page: Callable[[str, int, int], object] = lambda what, done, total: None,
) -> list[Change]:
    """What the files of the working tree would change against a revision. Writes nothing.

    Raises:
        InputError: when there is no such revision.
        CampaignError: when campaigns of either have mistakes.
    """
    now = now.replace(second=0, microsecond=0)
    with tempfile.TemporaryDirectory(prefix="aftercart-plan-") as made:
        folder = Path(made)
        revisions.lay_out(revision, root=settings.folder, to=folder)
        sides = {"before": replace(settings, root=str(folder)), "now": settings}
        known = {
            side: {c.name: c for c in loading.load_campaigns(s.folder / "campaigns")}
            for side, s in sides.items()
        }
        ahead = Plan(now, now + AHEAD, messages=True, ahead=True)
        back = Plan(now - BACK, now, messages=True)
        with backtesting.hire(os.cpu_count() or 1) as staff:
            weeks, months = (
                {
                    side: _played(s, plan, side, on_page, staff)
                    for side, s in sides.items()
                }
                for plan in (ahead, back)
            )
    names = sorted(known["before"].keys() | known["now"].keys())
    flying = _in_flight(settings, known["now"])
    return [
        Change(
            campaign=name,
            how=how,
            keys=keys,
            in_flight=flying.get(name, 0),
            week=_shift(weeks["before"], weeks["now"], name),
            month=_shift(months["before"], months["now"], name)
            if months["now"] is not None and months["before"] is not None
            else None,
        )
        for name in names
        for how, keys in [_how(known["before"].get(name), known["now"].get(name))]
    ]


def _played(
    settings: Settings,
    plan: Plan,
    side: str,
    on_page: Callable[[str, int, int], object],
    staff: Executor,
) -> list[Told] | None:
    """All messages of a stretch; None where nothing was ordered in it."""
    told: list[Told] = []
    what = f"{'the coming week' if plan.ahead else 'the last month'}, {side}"
    try:
        backtesting.run(
            settings,
            plan,
            on_page=lambda done, total: on_page(what, done, total),
            on_message=told.append,
            staff=staff,
        )
    except InputError:
        return None
    return told


def _how(before: Campaign | None, now: Campaign | None) -> tuple[str, list[str]]:
    if before is None or now is None:
        return ("added" if before is None else "removed"), []
    keys = [
        f.name
        for f in fields(Campaign)
        if f.name not in _SILENT and getattr(before, f.name) != getattr(now, f.name)
    ]
    if before.version == now.version and not keys:
        return "as before", []
    return "changed", keys


def _in_flight(settings: Settings, now: Mapping[str, Campaign]) -> dict[str, int]:
    """People on the way by campaign whose version is not the one of today's file."""
    store = open_store(settings.database_url)
    try:
        with store.read() as tx:
            found: dict[str, int] = {}
            for name, version, people in lives.in_flight(tx):
                if name not in now or now[name].version != version:
                    found[name] = found.get(name, 0) + people
            return found
    finally:
        store.close()


def _shift(
    before: Sequence[Told] | None, now: Sequence[Told] | None, name: str
) -> Shift:
    """How the messages of a campaign differ."""
    was, is_ = (
        {t.id: t for t in told or () if t.campaign == name and t.accepted_at}
        for told in (before, now)
    )
    had, have = ({t.customer for t in side.values()} for side in (was, is_))
    moved = sum(was[i].accepted_at != is_[i].accepted_at for i in was.keys() & is_)
    return Shift(len(was), len(is_), sorted(have - had), sorted(had - have), moved)
