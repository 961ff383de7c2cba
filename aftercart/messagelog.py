"""The words in which we speak about a message. Nobody writes free-form lines about one: these are what a reader learns."""

import sys
from typing import Any

import structlog

#: The words of a message's story, with what they mean to a reader.
WORDS: dict[str, str] = {
    "planned": "The message was planned",
    "held": "It waits",
    "sending": "A worker took it and is handing it over",
    "accepted": "The provider took it",
    "again": "It will be tried again",
    "uncertain": "The provider may have it; we wait for proof",
    "unknown": "Proof never came; it is not sent again",
    "failed": "It could not be sent",
    "skipped": "It was not sent",
    "expired": "It was too late to be useful",
    "cancelled": "It was called off",
    "report": "The provider reported on the delivery",
    "opened": "It was opened",
    "clicked": "A link was clicked",
    "complained": "The customer complained",
    "unsubscribed": "The customer unsubscribed",
    "answered": "The customer answered",
}

_log = structlog.get_logger("aftercart.messages")


def speak_plainly() -> None:
    """Sets up the log lines of this process. A traceback shows lines of code and never the values in them: they are customers'."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.StackInfoRenderer(),
            structlog.dev.set_exc_info,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=True),
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                exception_formatter=structlog.dev.plain_traceback,
            ),
        ]
    )


def say(word: str, *, count: int = 1, **context: Any) -> None:
    """One line about a batch of messages: the word, how many, and where it happened. Never an address or a name."""
    if word not in WORDS:
        raise ValueError(f"{word!r} is not a word of the message log")
    _log.info(word, count=count, **context)
