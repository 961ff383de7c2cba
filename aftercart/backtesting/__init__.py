"""What would these campaigns have done? The live decisions over stored history, with no provider and nothing written."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

from aftercart import loading, recalling
from aftercart.backtesting.result import Backtest, Plan
from aftercart.backtesting.shift import Assignment, Sample, Told, Yield, work
from aftercart.backtesting.tally import Tally
from aftercart.backtesting.telling import as_json, why_not
from aftercart.campaigns import Campaign
from aftercart.errors import InputError
from aftercart.settings import Settings
from aftercart.store import open_store, orders

__all__ = [
    "Backtest",
    "Plan",
    "Sample",
    "Tally",
    "Told",
    "as_json",
    "hire",
    "latest",
    "run",
    "why_not",
]

#: Households in one assignment: small, so that all processes end together and the memory stays small.
_PAGE = 40
_EVER = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
_NO_ORDERS = "this database has no orders: `aftercart import orders FILE` first, or name another one with AFTERCART_DATABASE_URL"


def run(
    settings: Settings,
    plan: Plan,
    *,
    on_page: Callable[[int, int], object] = lambda done, total: None,
    on_message: Callable[[Told], object] = lambda told: None,
    staff: Executor | None = None,
) -> Backtest:
    """Simulates every household of the database. Writes nothing; `on_page` is told how many of how many customers are done.

    Who runs several lends them one `staff` (see `hire`).

    Raises:
        InputError: when there is no such campaign, or no order in these days.
        CampaignError: when a campaign has mistakes.
    """
    campaigns = _chosen(settings, plan)
    groups, placed = _known_lives(settings, plan)
    tally, samples = Tally(), dict[tuple[str, str], Sample]()
    total, done = sum(map(len, groups)), 0
    names = tuple(c.name for c in campaigns)
    assignments = [
        Assignment(
            settings,
            names,
            page,
            plan.start,
            plan.end,
            plan.seed,
            plan.messages,
            plan.ahead,
        )
        for page in (groups[i : i + _PAGE] for i in range(0, len(groups), _PAGE))
    ]
    for given in _spread(assignments, plan, staff):
        tally.add(given.tally)
        for sample in given.samples:
            key = sample.campaign, sample.template
            samples[key] = min(sample, samples.get(key, sample), key=_order)
        for told in given.told:
            on_message(told)
        done += given.tally.people
        on_page(done, total)
    shown = sorted(samples.values(), key=_order)
    shop = loading.load_shop(settings.folder / "campaigns")
    return Backtest(plan, campaigns, shop, placed, tally, shown)


def _order(sample: Sample) -> tuple[str, str, datetime, str]:
    """The same sample is shown, whichever process comes first."""
    return sample.campaign, sample.template, sample.at, sample.customer


def _known_lives(settings: Settings, plan: Plan) -> tuple[list[tuple[str, ...]], int]:
    """The households, and how many orders were placed in the stretch."""
    store = open_store(settings.database_url)
    store.upgrade()
    try:
        with store.read() as tx:
            placed = orders.placed_between(tx, start=plan.start, end=plan.end)
            if placed or plan.ahead:
                return recalling.households(tx), len(placed)
            known = orders.span(tx, start=_EVER[0], end=_EVER[1])
    finally:
        store.close()
    last = plan.end - timedelta(minutes=1)
    raise InputError(
        f"no order was placed from {plan.start:%Y-%m-%d} to {last:%Y-%m-%d}; {_known(known)}"
    )


def latest(settings: Settings, *, days: int) -> tuple[datetime, datetime]:
    """The last days of which orders are known, as whole days of UTC: a stretch for who names none.

    Raises:
        InputError: when no order is known at all.
    """
    store = open_store(settings.database_url)
    store.upgrade()
    try:
        with store.read() as tx:
            known = orders.span(tx, start=_EVER[0], end=_EVER[1])
    finally:
        store.close()
    if known is None:
        raise InputError(_NO_ORDERS)
    midnight = known[1].replace(hour=0, minute=0, second=0, microsecond=0)
    end = midnight + timedelta(days=1)
    return end - timedelta(days=days), end


def _chosen(settings: Settings, plan: Plan) -> list[Campaign]:
    return list(loading.load_campaigns(settings.folder / "campaigns", plan.campaigns))


def _spread(
    assignments: Sequence[Assignment], plan: Plan, staff: Executor | None
) -> Iterator[Yield]:
    """The assignments done, as they come in."""
    processes = plan.processes or os.cpu_count() or 1
    if staff is None and (processes == 1 or len(assignments) == 1):
        yield from map(work, assignments)
        return
    with nullcontext(staff) if staff else hire(processes) as hired:
        for future in as_completed([hired.submit(work, a) for a in assignments]):
            yield future.result()


def hire(processes: int) -> Executor:
    """Processes for a back-test, or for several; they end with its block."""
    # spawned: a fork would take over locks and connections of whoever asks
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(processes, mp_context=context)


def _known(span: tuple[datetime, datetime] | None) -> str:
    if span is None:
        return _NO_ORDERS
    return (
        f"the orders that are known reach from {span[0]:%Y-%m-%d} to {span[1]:%Y-%m-%d}"
    )
