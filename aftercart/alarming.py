"""Does a campaign do harm, by what was reported of its last day? Then it is halted, once, with the figures for a reason."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from aftercart.campaigns import Campaign, Send
from aftercart.model import Purpose
from aftercart.policy.halting import WITHIN, Harm, Trouble, judge, most_to_count
from aftercart.runtime import Runtime
from aftercart.store import Tx, pauses, troubles

#: How long before it is due a message may be planned: its hours, and the first of its waits for a place.
_AHEAD = timedelta(days=2)

_log = structlog.get_logger(__name__)


def watch(rt: Runtime) -> Mapping[str, Harm]:
    """Halts the campaigns that do too much harm; answers which, and by what. Safe to run anywhere, any number of times."""
    now = rt.clock()
    with rt.store.read() as tx:
        suspects = troubles.suspects(tx, since=now - WITHIN)
        if not suspects:
            return {}
        held = pauses.paused(tx)
        found = {
            name: harm
            for name, told in suspects.items()
            if f"campaign:{name}" not in held
            and (harm := _harm(tx, rt, name, _kinds(told), now))
        }
    return {name: harm for name, harm in found.items() if _halt(rt, name, harm, now)}


def _harm(
    tx: Tx, rt: Runtime, name: str, told: Mapping[Trouble, int], now: datetime
) -> Harm | None:
    """What the campaign has done within a day, and since somebody who had looked at it let it go on."""
    campaign, rates = rt.campaigns.get(name), rt.shop.halt
    if campaign is None or campaign.purpose is Purpose.SERVICE:
        return None
    # nearly always the end of it: what is told of a day is too little, whatever was sent
    if not most_to_count(told, rates):
        return None
    resumed = pauses.resumed_at(tx, f"campaign:{name}")
    since = max(filter(None, (now - WITHIN, resumed)))
    mine = _kinds(troubles.of_messages_since(tx, name, since=since))
    most = most_to_count(mine, rates)
    if not most:
        return None
    planned = since - _longest_wait(campaign)
    sent = troubles.sent(tx, name, since=since, planned_since=planned, most=most)
    return judge(mine, sent=sent, rates=rates)


def _kinds(told: Mapping[str, int]) -> Mapping[Trouble, int]:
    return {Trouble(kind): count for kind, count in told.items()}


def _longest_wait(campaign: Campaign) -> timedelta:
    """How long before it goes a message of the campaign may have been planned."""
    lives = [step.expires for step in campaign.steps if isinstance(step, Send)]
    return max(lives, default=timedelta(0)) + _AHEAD


def _halt(rt: Runtime, name: str, harm: Harm, now: datetime) -> bool:
    scope, words = f"campaign:{name}", harm.sentence()
    with rt.store.write() as tx:
        new = pauses.pause(tx, scope, at=now, by="reports", words=words)
    if new:
        _log.error("held", scope=scope, reason=words)
    return new
