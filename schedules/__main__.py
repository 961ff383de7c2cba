"""`python -m schedules`: the ticks, until it is told to stop."""

import signal
import threading

from schedules.table import scheduler


def main() -> None:
    """Runs the ticks until SIGINT or SIGTERM."""
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    ticking = scheduler()
    ticking.start()
    stop.wait()
    ticking.shutdown()


if __name__ == "__main__":
    main()
