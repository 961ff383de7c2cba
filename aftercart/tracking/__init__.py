"""What providers and customers say about a message becomes its delivery, its proof, its answer; never backwards, each once."""

from aftercart.tracking.people import Survey, answer, survey, unsubscribe
from aftercart.tracking.reports import keep, read_inbox

__all__ = ["Survey", "answer", "keep", "read_inbox", "survey", "unsubscribe"]
