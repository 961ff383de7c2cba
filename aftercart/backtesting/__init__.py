"""What would these campaigns have done? The live decisions over stored history, with no provider and nothing written."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime, timedelta

from aftercart import loading, recalling
from aftercart.backtesting.shift import Assignment, Sample, Told, Yield, work
from aftercart.backtesting.tally import Tally
from aftercart.campaigns import Campaign
from aftercart.errors import InputError
from aftercart.settings import Settings
from aftercart.shop import Shop
from aftercart.spelling import did_you_mean
from aftercart.store import open_store, orders

__all__ = ["Backtest", "Plan", "Sample", "Tally", "Told", "run"]

#: Households in one assignment: small, so that all processes end together and the memory stays small.
_PAGE = 40


@dataclass(frozen=True)
class Plan:
    """What to back-test: `start` to `end` (aware UTC, whole minutes, end excluded), with which luck, on how many processes."""

    start: datetime
    end: datetime
    campaigns: Sequence[str] = ()  #: none: all
    seed: int = 7
    processes: int = 0  #: 0: one for each core
    messages: bool = False  #: whether each message is answered, beside the counts


@dataclass(frozen=True)
class Backtest:
    """What came of it."""

    plan: Plan
    campaigns: Sequence[Campaign]
    shop: Shop
    orders: int  #: placed in the stretch
    tally: Tally
    samples: Sequence[Sample]


def run(
    settings: Settings,
    plan: Plan,
    *,
    on_page: Callable[[int, int], object] = lambda done, total: None,
    on_message: Callable[[Told], object] = lambda told: None,
) -> Backtest:
    """Simulates every household of the database. Writes nothing; `on_page` is told how many of how many customers are done.

    Raises:
        InputError: when there is no such campaign, or no order in these days.
        CampaignError: when a campaign has mistakes.
    """
    campaigns = _chosen(settings, plan)
    shop = loading.load_shop(settings.folder / "campaigns")
    store = open_store(settings.database_url)
    store.upgrade()
    try:
        with store.read() as tx:
            groups = recalling.households(tx)
            placed = orders.placed_between(tx, start=plan.start, end=plan.end)
    finally:
        store.close()
    if not placed:
        raise InputError(
            f"no order was placed from {plan.start:%Y-%m-%d} to {plan.end - timedelta(minutes=1):%Y-%m-%d}; "
            "a back-test lives from what customers did: `aftercart import orders FILE`, or name other days"
        )
    tally, samples = Tally(), dict[tuple[str, str], Sample]()
    total, done = sum(map(len, groups)), 0
    pages = [groups[i : i + _PAGE] for i in range(0, len(groups), _PAGE)]
    assignments = [
        Assignment(
            settings,
            tuple(c.name for c in campaigns),
            page,
            plan.start,
            plan.end,
            plan.seed,
            plan.messages,
        )
        for page in pages
    ]
    for given in _spread(assignments, plan.processes or os.cpu_count() or 1):
        tally.add(given.tally)
        for sample in given.samples:
            samples.setdefault((sample.campaign, sample.template), sample)
        for told in given.told:
            on_message(told)
        done += given.tally.people
        on_page(done, total)
    return Backtest(
        plan, campaigns, shop, len(placed), tally, sorted(samples.values(), key=str)
    )


def _chosen(settings: Settings, plan: Plan) -> list[Campaign]:
    known = {c.name: c for c in loading.load_campaigns(settings.folder / "campaigns")}
    for name in plan.campaigns:
        if name not in known:
            raise InputError(
                f'there is no campaign "{name}"; {did_you_mean(name, list(known))}'
            )
    return [known[name] for name in plan.campaigns or sorted(known)]


def _spread(assignments: Sequence[Assignment], processes: int) -> Iterator[Yield]:
    """The assignments done, as they come in."""
    if processes == 1 or len(assignments) == 1:
        yield from map(work, assignments)
        return
    # spawned: a fork would take over locks and connections of whoever asks
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        for future in as_completed([pool.submit(work, a) for a in assignments]):
            yield future.result()
