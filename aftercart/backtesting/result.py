"""What is back-tested, and what came of it: the two values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aftercart.backtesting.shift import Sample
from aftercart.backtesting.tally import Tally
from aftercart.campaigns import Campaign
from aftercart.shop import Shop


@dataclass(frozen=True)
class Plan:
    """What to back-test: `start` to `end` (aware UTC, whole minutes, end excluded), with which luck, on how many processes."""

    start: datetime
    end: datetime
    campaigns: Sequence[str] = ()  #: none: all
    seed: int = 1
    processes: int = 0  #: 0: one for each core
    messages: bool = False  #: whether each message is answered, beside the counts
    ahead: bool = (
        False  #: from the state of the database on, with nothing new happening
    )


@dataclass(frozen=True)
class Backtest:
    """What came of it."""

    plan: Plan
    campaigns: Sequence[Campaign]
    shop: Shop
    orders: int  #: placed in the stretch
    tally: Tally
    samples: Sequence[Sample]
