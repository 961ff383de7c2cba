"""What is given and expected in a test of a campaign? The values; `loading` makes them of a file, `rehearsing` plays them."""

from dataclasses import dataclass
from datetime import datetime

from aftercart.errors import Place
from aftercart.model import Channel, Event, Signal


@dataclass(frozen=True)
class Expected:
    """What an example expects: a message on its way at a moment, or one that is not sent, for a reason."""

    place: Place
    at: datetime | None = None  #: aware UTC; None of a reason: whenever it was
    channel: Channel | None = None
    template: str = ""
    reason: str = ""  #: a code of `reasons`; then nothing is sent
    task: str = ""  #: what support is asked to do; then nothing is sent


@dataclass(frozen=True)
class Reaction:
    """What the customer does with a message: with the newest that has gone by then, or with one of another campaign where none has."""

    place: Place
    at: datetime  #: aware UTC
    signal: Signal  #: opened, clicked, answered or unsubscribed
    survey: str = ""  #: the one that is answered
    score: int = 0  #: 0 to 10, of an answer


@dataclass(frozen=True)
class Example:
    """What should happen to one invented customer: a test of the campaign that stands in its file."""

    place: Place
    title: str
    timezone: str
    events: tuple[Event, ...]  #: what is given, in order of time
    until: datetime  #: how long it is watched
    expected: tuple[Expected, ...]
    reactions: tuple[Reaction, ...] = ()  #: in order of time
