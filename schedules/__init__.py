"""The clock: APScheduler ticks that ring the workers. A crontab that reads aloud. No decisions."""

from schedules.table import scheduler

__all__ = ["scheduler"]
