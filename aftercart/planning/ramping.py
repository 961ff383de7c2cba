"""Who has a campaign already that is let out step by step? People are let in by lot; the others wait until it was looked at."""

from collections.abc import Sequence
from datetime import datetime

from aftercart import gathering
from aftercart.campaigns import Campaign, Status
from aftercart.model import State
from aftercart.policy import Wait
from aftercart.policy.going_live import current_round, let_in
from aftercart.runtime import Runtime
from aftercart.store import Tx, ramps, transitions
from aftercart.store.ramps import AtTheDoor
from aftercart.store.transitions import Move

_PAGE = 5000


def admit(tx: Tx, rt: Runtime, *, now: datetime) -> int:
    """Lets people into the campaigns that have a ramp, as many as its round allows; returns how many messages wait.

    Before places under the cap are given: whoever waits here takes none. A message without a place in its ramp is never rung.
    """
    ramps_on = [
        c
        for c in rt.campaigns.values()
        if c.ramp and c.status is Status.LIVE and not ramps.over(tx, c.name)
    ]
    if not ramps_on:
        return 0
    waiting = ramps.at_the_door(tx, [c.name for c in ramps_on], now=now)
    return sum(
        _admit(tx, c, waiting[c.name], now=now) for c in ramps_on if c.name in waiting
    )


def _admit(
    tx: Tx, campaign: Campaign, waiting: Sequence[AtTheDoor], *, now: datetime
) -> int:
    so_far = gathering.had_so_far(tx, campaign, now=now)
    if current_round(campaign, so_far, now) is None:
        ramps.end(tx, campaign.name, at=now)
        return 0
    # what is stale goes on, to be expired with its reason, and takes nobody's place
    fresh = [one for one in waiting if one.expires_at > now]
    people = {one.customer_id for one in fresh}
    first, others = let_in(campaign, people, had=so_far, now=now)
    ramps.let_in(tx, campaign.name, first, at=now)
    if others is None:
        return 0
    left = [_later(o, others, now) for o in fresh if o.customer_id not in first]
    for start in range(0, len(left), _PAGE):
        transitions.move(tx, left[start : start + _PAGE])
    return len(left)


def _later(one: AtTheDoor, wait: Wait, now: datetime) -> Move:
    # one that would be stale by then is looked at when it goes stale, so that the log says so at once
    until = min(wait.until, one.expires_at)
    return Move(
        one.message_id,
        State.SCHEDULED,
        State.SCHEDULED,
        now,
        "planner",
        word="held",
        reason=wait.reason,
        ring_at=until,
        columns={"due_at": until},
    )
