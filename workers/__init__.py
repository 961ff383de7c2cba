"""The hands: dramatiq actors, a few lines each, that ring for the engine's verbs. No decisions.

`dramatiq workers` starts them on a cluster; `aftercart up` runs them inside its own process.
"""

from workers.actors import (
    deliver_alerts,
    deliver_email,
    deliver_sms,
    plan,
    probe,
    read_inbox,
    reconcile,
    ring,
    runtime,
    sweep,
    tick,
    use,
)
from workers.broker import broker

__all__ = [
    "broker",
    "deliver_alerts",
    "deliver_email",
    "deliver_sms",
    "plan",
    "probe",
    "read_inbox",
    "reconcile",
    "ring",
    "runtime",
    "sweep",
    "tick",
    "use",
]
