"""How does one transaction of the whole deployment know that no other of its kind runs? By a lock that goes with it."""

from datetime import timedelta

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

#: One planner at a time; the number is arbitrary and only has to be ours.
_PLANNER_LOCK = {"key": 0x0AF7E2CA}

_TRY = text("SELECT pg_try_advisory_xact_lock(:key)")
# who waits stands in a queue: a planner that lets go and takes again at once comes after it
_WAIT = text("SELECT pg_advisory_xact_lock(:key)")
_PATIENCE = text("SELECT set_config('lock_timeout', :words, true)")


def is_alone(tx: Connection, *, patience: timedelta) -> bool:
    """Whether this transaction has the lock now; waits so long for it. With SQLite every writer is alone."""
    if tx.dialect.name != "postgresql":
        return True
    if not patience:
        return bool(tx.scalar(_TRY, _PLANNER_LOCK))
    usual = tx.scalar(text("SHOW lock_timeout"))
    try:
        # in a part of its own, so that the transaction outlives a wait in vain
        with tx.begin_nested():
            words = f"{round(patience.total_seconds() * 1000)}ms"
            tx.execute(_PATIENCE, {"words": words})
            tx.execute(_WAIT, _PLANNER_LOCK)
            tx.execute(_PATIENCE, {"words": usual})
    except OperationalError:
        return False
    return True
