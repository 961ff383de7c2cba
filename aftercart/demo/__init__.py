"""An invented neighbourhood grocer and three weeks of its customers being looked after, from a seed; nothing leaves the machine."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aftercart import replaying
from aftercart.demo import answering, households, stocking
from aftercart.replaying import Step
from aftercart.replaying.world import World, refuse_real_providers
from aftercart.settings import Settings

__all__ = ["DATABASE", "END", "Demo", "run"]

FOLDER = Path("var/demo")
DATABASE = FOLDER / "aftercart.db"
LEDGER = FOLDER / "ledger.ndjson"
#: The demo always ends on this morning, so that two people see the same thing.
END = datetime(2026, 3, 23, tzinfo=UTC)
CUSTOMERS = 500
#: Weeks of purchases before the first day: without them nobody has a rhythm.
HISTORY = timedelta(weeks=9)
SEED = 7
#: How often the invented customers look at their mail.
LOOKS_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class Demo:
    """What was played, and where it lies."""

    settings: Settings
    start: datetime
    end: datetime
    customers: int
    orders: int
    events: int


def run(
    settings: Settings,
    *,
    days: int,
    ledger: Path | None,
    on_step: Callable[[World, Step], None],
) -> Demo:
    """Makes the shop anew and plays the last `days` before END.

    Raises:
        SettingsError: when a real provider is set.
    """
    refuse_real_providers(settings)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*"):
        old.unlink()
    own = replace(
        settings,
        database_url=f"sqlite:///{DATABASE}",
        broker_url="",
        secret_key=settings.secret_key or "the demo signs for nobody",
    )
    start = END - timedelta(days=days)
    people = households.invent(CUSTOMERS, seed=SEED)
    bought = stocking.shop(people, start=start - HISTORY, end=END, seed=SEED)
    stocking.fill(own, people, bought, at=start - HISTORY)

    looked_at = start

    def step(world: World, now: Step) -> None:
        nonlocal looked_at
        if now.now - looked_at >= LOOKS_EVERY:
            answering.answer(world.rt, now.now)
            looked_at = now.now
        on_step(world, now)

    plan = replaying.Plan(start, END, SEED, ledger or LEDGER)
    events = replaying.run(own, plan, on_step=step)
    return Demo(own, start, END, len(people), len(bought), events)
