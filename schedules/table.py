"""What happens how often. Every tick may come twice, late or not at all without harm."""

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

import workers

#: tick -> seconds between two of them
TICKS = {
    workers.plan: 1,
    workers.read_inbox: 1,
    workers.probe: 1,
    workers.sweep: 15,
    workers.reconcile: 15,
}


def scheduler() -> BackgroundScheduler:
    """A scheduler with the ticks of the table, not yet started. Any number of them may run."""
    made = BackgroundScheduler(
        timezone="UTC",
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for actor, seconds in TICKS.items():
        made.add_job(
            workers.tick,
            IntervalTrigger(seconds=seconds),
            args=[actor],
            id=actor.actor_name,
            replace_existing=True,
        )
    return made
