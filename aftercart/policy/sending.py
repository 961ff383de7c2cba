"""Does anything speak against sending this message at this moment? The list of checks, in order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from aftercart import conditions, moments
from aftercart.campaigns import Campaign, Window
from aftercart.campaigns import Send as SendStep
from aftercart.model import Channel, Customer, Message, Order, Purpose, State
from aftercart.policy import permission, still
from aftercart.policy.verdicts import Checked, Send, Skip, Verdict, Wait
from aftercart.reasons import Code, because

#: How long until something that a person holds is looked at again. A resume rings at once; this is the safety net.
PAUSE_LOOK = timedelta(minutes=5)
#: How long until a message that waits for a late order is looked at again.
LATE_LOOK = timedelta(hours=1)
#: A service SMS may wake nobody: the legal floor for texts (47 CFR 64.1200(c)(1)). A service e-mail may come at any time.
SERVICE_SMS = Window(time(8), time(21))

_GO = Send()


@dataclass(frozen=True)
class Facts:
    """Everything that the decision on one message looks at."""

    message: Message
    customer: Customer
    campaign: Campaign
    order: Order | None = None
    hours: Window | None = None  #: the shop's hours for this channel
    paused: tuple[str, datetime] | None = None
    suppressed: tuple[str, datetime] | None = None  #: why, since when
    late_order: str = ""
    last_bought: Mapping[str, datetime] = field(default_factory=dict)


_Check = Callable[[Facts, datetime], Checked]


def decide(facts: Facts, now: datetime) -> Verdict:
    """The first check that does not say Send decides."""
    for check in _CHECKS:
        verdict = check(facts, now).verdict
        if verdict is not _GO:
            return verdict
    return _GO


def examine(facts: Facts, now: datetime) -> list[Checked]:
    """Every check with what it saw, for `explain`. After one that ends the message, the rest is not asked."""
    seen: list[Checked] = []
    for check in _CHECKS:
        seen.append(check(facts, now))
        if isinstance(seen[-1].verdict, Skip):
            break
    return seen


def open_hours(
    purpose: Purpose, channel: Channel, shop: Window | None
) -> Window | None:
    """The hours in which such a message may arrive; None means any."""
    if purpose is Purpose.SERVICE:
        return SERVICE_SMS if channel is Channel.SMS else None
    return shop


def _pause(f: Facts, now: datetime) -> Checked:
    verdict: Verdict = _GO
    if f.paused:
        what, since = f.paused
        verdict = Wait(
            now + PAUSE_LOOK, because(Code.PAUSED, what=what, since=_clock(f, since))
        )
    return Checked("paused", f.paused[0] if f.paused else "no", "no", verdict)


def _best_before(f: Facts, now: datetime) -> Checked:
    best = _clock(f, f.message.expires_at)
    verdict: Verdict = _GO
    if now >= f.message.expires_at:
        verdict = Skip(because(Code.EXPIRED, best_before=best), State.EXPIRED)
    return Checked(
        "best before", _clock(f, now), f"before {best}", verdict, _place(f, "steps")
    )


def _address(f: Facts, now: datetime) -> Checked:
    skip = permission.no_address(f.customer, f.message.channel)
    needed = f"an address for {permission.WORDS[f.message.channel]}"
    return Checked("address", "no" if skip else "yes", needed, skip or _GO)


def _suppression(f: Facts, now: datetime) -> Checked:
    skip = permission.is_suppressed(f.customer, f.suppressed)
    seen = f.suppressed[0] if f.suppressed else "not listed"
    return Checked("suppression", seen, "not listed", skip or _GO)


def _consent(f: Facts, now: datetime) -> Checked:
    m = f.message
    skip = permission.no_consent(f.customer, m.purpose, m.channel)
    needed = "none needed" if m.purpose is Purpose.SERVICE else "agreed"
    seen = "not agreed" if skip else needed
    return Checked("consent", seen, needed, skip or _GO, _place(f, "purpose"))


def _still_true(f: Facts, now: datetime) -> Checked:
    """What made the campaign start must still hold: re-checked in the last moment."""
    started = datetime.fromisoformat(f.message.facts["started_at"])
    scope = conditions.Scope(f.customer, f.order, now, started, f.last_bought)
    ended = still.trigger_gone(
        f.campaign, f.order, scope, f.message.facts
    ) or still.stopped(f.campaign, scope, before=f.message.template)
    verdict: Verdict = ended or _GO
    seen = verdict.reason.sentence() if isinstance(verdict, Skip) else "yes"
    return Checked("still true", seen, "yes", verdict, _place(f, "trigger"))


def _late_order(f: Facts, now: datetime) -> Checked:
    verdict: Verdict = _GO
    if f.late_order and f.message.purpose is not Purpose.SERVICE:
        verdict = Wait(now + LATE_LOOK, because(Code.LATE_ORDER, order=f.late_order))
    return Checked(
        "late order", f.late_order or "none", "none, except for service", verdict
    )


def _hours(f: Facts, now: datetime) -> Checked:
    window = open_hours(f.message.purpose, f.message.channel, f.hours)
    if window is None:
        return Checked("quiet hours", _clock(f, now), "any time", _GO)
    until = moments.next_in_window(
        now, moments.zone(f.customer.timezone), window.opens, window.closes
    )
    verdict: Verdict = _GO
    if until > now:
        place = f.customer.timezone.rpartition("/")[2].replace("_", " ")
        verdict = Wait(
            until, because(Code.QUIET_HOURS, until=_clock(f, until), place=place)
        )
    return Checked(
        "quiet hours", _clock(f, now), f"{window} in {f.customer.timezone}", verdict
    )


def _window(f: Facts, now: datetime) -> Checked:
    window = next(
        (
            s.between
            for s in f.campaign.steps
            if isinstance(s, SendStep) and f.message.template in still.templates(s)
        ),
        None,
    )
    if window is None:
        return Checked("campaign's hours", _clock(f, now), "any time", _GO)
    until = moments.next_in_window(
        now, moments.zone(f.customer.timezone), window.opens, window.closes
    )
    verdict: Verdict = _GO
    if until > now:
        verdict = Wait(
            until, because(Code.WINDOW, until=_clock(f, until), window=window)
        )
    return Checked(
        "campaign's hours", _clock(f, now), str(window), verdict, _place(f, "steps")
    )


_CHECKS: tuple[_Check, ...] = (
    _pause,
    _best_before,
    _address,
    _suppression,
    _consent,
    _still_true,
    _late_order,
    _hours,
    _window,
)


def _clock(f: Facts, at: datetime) -> str:
    return f"{moments.local(at, moments.zone(f.customer.timezone)):%-d %b %H:%M}"


def _place(f: Facts, key: str) -> str:
    return f.campaign.place(key)
