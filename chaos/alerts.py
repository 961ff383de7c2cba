"""How long does an alert take, from being due to being accepted? With little else to do, and behind a hundred thousand e-mails.

`python -m chaos --scenario alerts-nominal alerts-behind --size 100000`: not among those that are played by themselves. The processes are those of
compose.yaml: alerts have a worker of their own. The e-mails that are queued ahead are so many as the size says.
"""

import time
from datetime import UTC, datetime

from chaos import looking
from chaos.registry import scenario
from chaos.stage import Stage

#: Alerts, and how many come in a second.
ALERTS, A_SECOND = 300, 5


@scenario(
    "alerts-nominal",
    "alerts, five a second, and a few e-mails",
    alone=True,
    unknown=0.0,
    recovery=120,
)
def nominal(stage: Stage) -> None:
    """95 in 100 within 5 s, 99 in 100 within 10 s."""
    _split(stage, bulk=ALERTS)
    _open(stage)
    _measure(stage, 5.0, 10.0)


@scenario(
    "alerts-behind",
    "alerts, five a second, behind all the e-mails",
    alone=True,
    unknown=0.0,
    recovery=600,
)
def behind(stage: Stage) -> None:
    """The e-mails are told at once; while they are planned, queued and sent, alerts come. 95 in 100 within 10 s."""
    _split(stage, bulk=len(stage.due))
    _open(stage)
    bulk = len(stage.due) - ALERTS
    stage.shop.tell(bulk / len(stage.due))
    _measure(stage, 10.0, 20.0)


def _split(stage: Stage, *, bulk: int) -> None:
    """The e-mails first, then the alerts, of each so many."""
    mails = [one for one in stage.due if one.kind.channel == "email"]
    texts = [one for one in stage.due if one.kind.channel == "sms"]
    stage.due[:] = mails[:bulk] + texts[:ALERTS]


def _open(stage: Stage) -> None:
    stage.open(workers=0)
    stage.house.workers(processes=1, queues=["alerts"])
    stage.house.workers(processes=1, threads=4, queues=["maintenance", "events"])
    stage.house.workers(processes=2, queues=["email", "sms"])


def _measure(stage: Stage, p95: float, p99: float) -> None:
    begun = datetime.now(UTC)
    seconds = ALERTS / A_SECOND
    queued = looking.left(stage.house, stage.shop.told)
    with stage.planting(seconds=seconds):
        time.sleep(seconds + 1)
    left = looking.left(stage.house, stage.shop.told)
    ended = datetime.now(UTC)
    texts = sum(one.kind.channel == "sms" for one in stage.due)
    stage.until(lambda: _taken(stage) >= texts, 60, "the alerts have gone")
    found = [stage.late("twilio", begun, ended, part) for part in (0.5, 0.95, 0.99)]
    told = " / ".join(f"{value:.2f}" for value in found)
    print(
        f"    due to accepted, p50/p95/p99: {told} s; e-mails ahead at the beginning {queued:,}, at the end {left:,}",
        flush=True,
    )
    stage.expect(found[1] <= p95, f"95 in 100 within {p95:.0f} s ({found[1]:.1f})")
    stage.expect(found[2] <= p99, f"99 in 100 within {p99:.0f} s ({found[2]:.1f})")


def _taken(stage: Stage) -> int:
    return sum(e["accepted"] and e["provider"] == "twilio" for e in stage.ledger())
