"""Play a stretch of stored history through the live code, with a pushed clock and providers that are not there.

Every order of the stretch happens again (its delivery simulated where the history does not know it), minute by minute; what
falls due is planned, delivered to the sandbox and reported back before the clock moves on. So the same history gives the same
messages on any number of processes, and a replay that was killed goes on where it stopped.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from aftercart import enrolling, planning, probing, sweeping, tracking
from aftercart.errors import AftercartError
from aftercart.model import Event
from aftercart.replaying import beginning, recovering
from aftercart.replaying.world import World, open_world, refuse_real_providers
from aftercart.runtime import PushedClock
from aftercart.settings import Settings
from aftercart.simulating import simulate_delivery
from aftercart.store import Store, bells, open_store, orders

__all__ = ["Plan", "Step", "run"]

#: The clock moves in whole steps of this size, and only to where something happens.
GRAIN = timedelta(minutes=1)
#: Real seconds without progress after which the workers are given up.
PATIENCE = 120.0
#: How often worker processes that have ended are started again.
RESTARTS = 3
_SWEEP_EVERY = timedelta(minutes=15)


@dataclass(frozen=True)
class Plan:
    """What to replay: `start` to `end` (aware UTC, end excluded), and with which luck."""

    start: datetime
    end: datetime
    seed: int
    ledger: Path
    worker_processes: int = 0


@dataclass(frozen=True)
class Step:
    """Where the replay stands after a step; what `on_step` is given."""

    now: datetime
    events: int


@dataclass
class _Replay:
    plan: Plan
    world: World
    clock: PushedClock
    swept_at: datetime
    restarts: int = 0

    def run(
        self, events: Iterator[Event], on_step: Callable[[World, Step], None]
    ) -> int:
        rt = self.world.rt
        count = 0
        upcoming = next(events, None)
        now: datetime | None = self.clock()
        while now is not None:
            batch: list[Event] = []
            while upcoming and upcoming.at <= now:
                batch.append(upcoming)
                upcoming = next(events, None)
            if batch:
                count += enrolling.take_in(rt, batch).new
            due = self.settle()
            on_step(self.world, Step(now, count))
            if now := self._next_moment(upcoming, due):
                self.clock.push(now)
        return count

    def settle(self) -> datetime | None:
        """Everything that is due now is planned, sent and reported back; answers when something is due next."""
        rt = self.world.rt
        now = self.clock()
        if now - self.swept_at >= _SWEEP_EVERY:
            sweeping.sweep(rt)
            self.swept_at = now
            beginning.keep_swept(rt.store, now)
        probing.probe(rt)
        while (ahead := planning.look(rt)).due(now):
            batches = planning.plan(rt)
            if not batches:
                return planning.look(rt).next
            self.world.workers.ring(batches)
            self._wait()
            self._read_reports()
        return ahead.next

    def take_over(self) -> None:
        """What a killed run, or workers that are gone, left behind: proved, or sent in this very minute as if they were not."""
        recovering.hear_answers(self.world.rt, self.plan.ledger)
        self._read_reports()
        recovering.take_over(self.world.rt, self.plan.ledger)

    def _read_reports(self) -> None:
        self.world.sandbox.flush()
        while tracking.read_inbox(self.world.rt):
            pass

    def _wait(self) -> None:
        """Until every rung message has moved on."""
        staff = self.world.staff
        if staff is None:
            # what the workers in here have not moved by then failed; it is rung again in the next minute
            self.world.join()
            return
        deadline = time.monotonic() + PATIENCE
        while left := self._in_flight():
            if staff.gone and self.restarts < RESTARTS:
                self.restarts += 1
                staff.end()
                # what they have written to it is in the ledger after this, or never will be
                self.world.provider.restart()
                self.take_over()
                staff.restart()
                return
            if staff.gone or time.monotonic() > deadline:
                why = "the workers have ended" if staff.gone else "no worker moves them"
                raise AftercartError(
                    f"{left} messages are on their way and {why}; nothing is lost: "
                    "mend what the workers say above, and start the replay again to go on"
                )
            time.sleep(0.005)

    def _in_flight(self) -> int:
        now = self.clock()
        until = {now + planning.RING_AGAIN, now + planning.ALERT_AGAIN}
        with self.world.rt.store.read() as tx:
            return bells.in_flight(tx, now=now, rung_until=until)

    def _next_moment(
        self, upcoming: Event | None, due: datetime | None
    ) -> datetime | None:
        moments = [m for m in (due, upcoming.at if upcoming else None) if m]
        if not moments:
            return None
        # never the same minute twice: what is held in this minute is looked at in the next one
        moment = max(_ceil(min(moments)), _ceil(self.clock() + timedelta(seconds=1)))
        return moment if moment < self.plan.end else None


def run(
    settings: Settings,
    plan: Plan,
    *,
    on_step: Callable[[World, Step], None] = lambda world, step: None,
) -> int:
    """Replays; returns how many events were new. Run again after a crash, it goes on; run again after the end, it changes nothing.

    Raises:
        InputError: when no order was placed in the stretch, or the database is in the middle of another replay, or past
            it, or is not a replay's.
        SettingsError: when a real provider is set.
    """
    # before the database is marked: a refusal must not cost it
    refuse_real_providers(settings)
    store = open_store(settings.database_url)
    store.upgrade()
    try:
        beginning.insist_on_orders(store, start=plan.start, end=plan.end)
        clock = PushedClock(store)
        first_time = beginning.begin(store, _stretch(plan), ledger=plan.ledger)
        if first_time:
            clock.push(plan.start)
        with open_world(settings, clock=clock, ledger=plan.ledger) as world:
            if first_time:
                # what is known of everybody's rhythm on the first morning, and nothing of what came later
                enrolling.rebuild_rhythms(world.rt, before=plan.start)
                planning.plan(world.rt)
                beginning.prepared(store, _stretch(plan))
            swept_at = beginning.swept_at(store) or plan.start
            replay = _Replay(plan, world, clock, swept_at)
            replay.take_over()
            with world.hire(plan.worker_processes):
                return replay.run(_events(store, plan, after=clock()), on_step)
    finally:
        store.close()


def _events(store: Store, plan: Plan, *, after: datetime) -> Iterator[Event]:
    """All events of the stretch in order of time, from a little before where the clock stands: telling twice is free."""
    with store.read() as tx:
        placed = orders.placed_between(tx, start=plan.start, end=plan.end)
    events = [e for order in placed for e in simulate_delivery(order, seed=plan.seed)]
    since = after - GRAIN
    return iter(
        sorted(
            (e for e in events if since <= e.at < plan.end), key=lambda e: (e.at, e.id)
        )
    )


def _stretch(plan: Plan) -> dict[str, str]:
    return {
        "from": plan.start.isoformat(),
        "to": plan.end.isoformat(),
        "seed": str(plan.seed),
    }


def _ceil(at: datetime) -> datetime:
    floor = at.replace(second=0, microsecond=0)
    return floor if floor == at else floor + GRAIN
