"""Which messages can never go because of the campaign's own limit, or of the shop's cap? Judged on every way through the steps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from aftercart.campaigns import (
    Branch,
    Campaign,
    Jump,
    Limit,
    Send,
    Stop,
    Wait,
    WaitFor,
)
from aftercart.errors import Problem
from aftercart.model import Channel
from aftercart.recurrence import EVERY_DAY, Days
from aftercart.shop import Shop

#: Of a campaign with more ways than this nothing is said.
_MOST_WAYS = 500
_DAY = timedelta(days=1)


_Past = tuple[tuple[Send, timedelta], ...]


@dataclass(frozen=True)
class _Arrival:
    """A message reached on one way: the messages before it, each with how long ago it was at most."""

    step: int
    before: _Past


def check(campaign: Campaign, shop: Shop) -> Iterator[Problem]:
    """A mistake for each message that no way through the campaign leads to in time."""
    arrivals = _arrivals(campaign)
    for number, send in enumerate(campaign.steps):
        if not isinstance(send, Send):
            continue
        mine = [a for a in arrivals if a.step == number]
        if not mine or send.place is None:
            continue
        limits = [(campaign.limit, timedelta(0), "the campaign's own limits")]
        # what the cap holds waits for its place, as long as it is of use
        caps = shop.cap.get(campaign.purpose, ())
        limits += [(cap, send.expires, "the cap of shop/shop.yaml") for cap in caps]
        for limit, patience, whose in limits:
            if limit and all(_full(a, send, limit, patience) for a in mine):
                place = send.place
                words = f"this message never goes: {limit.count} {_per(limit)} by {whose} are used up before it on every way"
                hint = "wait longer before it, or allow more"
                yield Problem(place.file, place.line, place.column, words, hint)
                break


def _full(arrival: _Arrival, send: Send, limit: Limit, patience: timedelta) -> bool:
    recent = [
        earlier
        for earlier, ago in arrival.before
        if ago + patience < limit.period and _reaches(earlier, send)
    ]
    return len(recent) >= limit.count


def _reaches(earlier: Send, send: Send) -> bool:
    """Whether everybody who can get `send` got the earlier one: a text first, and an e-mail for the others, is no mistake."""
    return _channels(send) <= _channels(earlier) and earlier.content in (
        "",
        send.content,
    )


def _channels(send: Send) -> set[Channel]:
    return {send.channel, *([send.fallback[0]] if send.fallback else [])}


def _per(limit: Limit) -> str:
    days, rest = divmod(limit.period, _DAY)
    if rest:
        return f"per {limit.period // timedelta(hours=1)} hours"
    return f"per {days} day{'' if days == 1 else 's'}"


def _arrivals(campaign: Campaign) -> Sequence[_Arrival]:
    """Every message on every way, with the longest time that can lie between it and those before it; nothing for too many ways."""
    found: list[_Arrival] = []
    ways: list[tuple[int, _Past]] = [(0, ())]
    walked = 0
    while ways:
        step, before = ways.pop()
        while step < len(campaign.steps):
            walked += 1
            if walked > _MOST_WAYS * 20:
                return []
            current = campaign.steps[step]
            step += 1
            match current:
                case Send():
                    slack = _slack(campaign, current)
                    before = _later(before, slack)
                    found.append(_Arrival(step - 1, before))
                    before = (*before, (current, timedelta(0)))
                case Wait():
                    before = _later(before, _longest(current))
                case WaitFor(within=within, otherwise=otherwise):
                    before = _later(before, within)
                    ways.append((otherwise, before))
                case Branch(otherwise=otherwise):
                    ways.append((otherwise, before))
                case Jump(to=to):
                    step = to
                case Stop():
                    break
    return found


def _later(before: _Past, by: timedelta) -> _Past:
    return tuple((send, ago + by) for send, ago in before)


def _longest(wait: Wait) -> timedelta:
    if wait.until:
        # an hour more where clocks go back
        return timedelta(days=_apart(wait.until.on), hours=1)
    # days of the calendar: an hour more where clocks go back
    return wait.span or timedelta(days=wait.days, hours=1)


def _apart(days: Days) -> int:
    """How many days may lie between two of them; five weeks between last Fridays of a month."""
    if days.dates:
        return 35
    return 1 if days == EVERY_DAY else 7


def _slack(campaign: Campaign, send: Send) -> timedelta:
    """How much later than it is reached a message may be due: its window, or the hours of the shop, may be on the next day."""
    return timedelta(days=2) if send.between else _DAY
