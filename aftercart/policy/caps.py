"""Has this person had enough marketing for now? The frequency cap over all campaigns."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from aftercart.campaigns import Limit
from aftercart.model import Message
from aftercart.policy.verdicts import Send, Wait
from aftercart.reasons import Code, because


def allow(
    granted: Sequence[datetime], *, limits: Sequence[Limit], now: datetime
) -> Send | Wait:
    """Send when one more message fits under every limit, else Wait until the first moment at which it would.

    `granted` are the times (aware UTC, oldest first) of the messages that the person had or is about to have.
    """
    until, tight = now, None
    for limit in limits:
        recent = [at for at in granted if at > now - limit.period]
        if len(recent) >= limit.count:
            # when the oldest of the last `count` falls out of the period
            free = recent[-limit.count] + limit.period
            if free > until:
                until, tight = free, limit
    if tight is None:
        return Send()
    count = sum(at > now - tight.period for at in granted)
    return Wait(
        until,
        because(
            Code.FREQUENCY_CAP,
            until=f"{until:%-d %b %H:%M} UTC",
            count=f"{count} marketing message" + ("s" if count > 1 else ""),
            period=_words(tight.period),
        ),
    )


def places(
    waiting: Sequence[Message],
    *,
    had: Sequence[datetime],
    limits: Sequence[Limit],
    now: datetime,
) -> list[tuple[Message, Send | Wait]]:
    """Who of one person's waiting messages, in order of merit, has a place now, and until when the others wait.

    `had` are the places of the person's earlier messages, aware UTC, oldest first.
    """
    taken = list(had)
    found: list[tuple[Message, Send | Wait]] = []
    for message in waiting:
        verdict = allow(taken, limits=limits, now=now)
        if message.expires_at <= now:
            # what is stale goes through, to be expired with its reason, and takes nobody's place
            found.append((message, Send()))
        elif isinstance(verdict, Wait):
            # one that would be stale by then is looked at when it goes stale, so that the log says so at once
            until = min(verdict.until, message.expires_at)
            found.append((message, replace(verdict, until=until)))
        else:
            taken.append(now)
            found.append((message, verdict))
    return found


def _words(period: timedelta) -> str:
    if period.days:
        return f"{period.days} day" + ("s" if period.days > 1 else "")
    hours = int(period.total_seconds() // 3600)
    return f"{hours} hours"
