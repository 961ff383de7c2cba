"""What do the invented customers say? Some answer a survey some hours later, some unsubscribe; through the verbs that the pages use."""

from datetime import datetime, timedelta
from random import Random

from aftercart import tracking
from aftercart.model import Purpose
from aftercart.runtime import Runtime
from aftercart.store import desk

_ANSWERS = 0.42
_LEAVES = 0.012
_SCORES = (10, 10, 9, 9, 9, 9, 8, 8, 8, 7, 7, 6, 5, 4, 2)
_WORDS = {
    10: (
        "Always fresh, always kind.",
        "Your driver carried it up to the fourth floor. Thank you!",
    ),
    9: ("Lovely vegetables.", "The recipes are a nice touch."),
    8: ("Good, but I wish there were more fish.",),
    7: ("Fine. A little dear.",),
    6: ("Two eggs were broken.",),
    5: ("The bread was not from today.",),
    4: ("Late twice this month.",),
    2: ("I waited an hour and nobody called.",),
}
_LOOKS_BACK = timedelta(days=3)


def answer(rt: Runtime, now: datetime) -> None:
    """Lets everybody act whose moment has come since the last look."""
    with rt.store.read() as tx:
        untouched = desk.untouched(tx, since=now - _LOOKS_BACK)
    for message_id, purpose, accepted_at in untouched:
        luck = Random(message_id)
        acts, hours, score = luck.random(), luck.uniform(0.3, 40), luck.choice(_SCORES)
        if accepted_at + timedelta(hours=hours) > now:
            continue
        if purpose is Purpose.SURVEY and acts < _ANSWERS:
            words = luck.choice(_WORDS[score]) if luck.random() < 0.5 else ""
            tracking.answer(rt, message_id, score=score, comment=words)
        elif purpose is Purpose.MARKETING and acts < _LEAVES:
            tracking.unsubscribe(
                rt, message_id, everything=False, source="unsubscribe page"
            )
