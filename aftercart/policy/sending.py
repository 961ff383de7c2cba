"""Does anything speak against sending this message at this moment? The list of checks, in order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal

from aftercart import conditions, moments
from aftercart.campaigns import Campaign, Window
from aftercart.campaigns import Send as SendStep
from aftercart.model import Channel, Customer, Message, Order, Purpose, State
from aftercart.policy import going_live, permission, still
from aftercart.policy.verdicts import Checked, Send, Skip, Verdict, Wait
from aftercart.reasons import Code, because

#: How long until something that a person holds is looked at again. A resume rings at once; this is the safety net.
PAUSE_LOOK = timedelta(minutes=5)
#: How long until a message that waits for a late order is looked at again.
LATE_LOOK = timedelta(hours=1)
#: How long an open case holds marketing and surveys: one that everybody has forgotten must not silence a person for ever.
CASE_HOLDS = timedelta(days=7)
#: A service SMS may wake nobody: the legal floor for texts (47 CFR 64.1200(c)(1)). A service e-mail may come at any time.
SERVICE_SMS = Window(time(8), time(21))

_GO = Send()


@dataclass(frozen=True)
class Held:
    """What holds a message until somebody resumes it: a person's pause, or one that Aftercart made and says why."""

    what: str
    since: datetime
    code: Code = Code.PAUSED  #: one of `reasons.HOLDS`
    why: str = ""


@dataclass(frozen=True)
class Facts:
    """Everything that the decision on one message looks at."""

    message: Message
    customer: Customer
    campaign: Campaign
    order: Order | None = None
    hours: Window | None = None  #: the shop's hours for this channel
    paused: Held | None = None
    suppressed: tuple[str, datetime] | None = None  #: why, since when
    late_order: str = ""
    case_since: datetime | None = None  #: an open case of support, since when
    last_bought: Mapping[str, datetime] = field(default_factory=dict)
    past: Mapping[str, Sequence[tuple[datetime, Decimal]]] = field(default_factory=dict)
    trial: frozenset[str] = frozenset()  #: the shop's trial list


@dataclass(frozen=True)
class _Check:
    """One check: the verdict, and, only when somebody asks for an explanation, its words."""

    name: str
    judge: Callable[[Facts, datetime], Verdict]
    seen: Callable[[Facts, datetime], str]
    needed: Callable[[Facts], str]
    key: str = ""  #: where the YAML asks for it


def decide(facts: Facts, now: datetime) -> Verdict:
    """The first check that does not say Send decides."""
    for check in _CHECKS:
        verdict = check.judge(facts, now)
        if verdict is not _GO:
            return verdict
    return _GO


def examine(facts: Facts, now: datetime) -> list[Checked]:
    """Every check with what it saw, for `explain`. After one that ends the message, the rest is not asked."""
    seen: list[Checked] = []
    for check in _CHECKS:
        verdict = check.judge(facts, now)
        place = facts.campaign.place(check.key) if check.key else ""
        words = check.seen(facts, now)
        seen.append(Checked(check.name, words, check.needed(facts), verdict, place))
        if isinstance(verdict, Skip):
            break
    return seen


def open_hours(
    purpose: Purpose, channel: Channel, shop: Window | None
) -> Window | None:
    """The hours in which such a message may arrive; None means any."""
    if purpose is Purpose.SERVICE:
        return SERVICE_SMS if channel is Channel.SMS else None
    return shop


def _pause(f: Facts, now: datetime) -> Verdict:
    if f.paused is None:
        return _GO
    held = f.paused
    reason = because(
        held.code, what=held.what, since=_clock(f, held.since), why=held.why
    )
    return Wait(now + PAUSE_LOOK, reason)


def _best_before(f: Facts, now: datetime) -> Verdict:
    if now < f.message.expires_at:
        return _GO
    best = _clock(f, f.message.expires_at)
    return Skip(because(Code.EXPIRED, best_before=best), State.EXPIRED)


def _going_live(f: Facts, now: datetime) -> Verdict:
    return going_live.closed(f.campaign, f.customer, trial=f.trial) or _GO


def _address(f: Facts, now: datetime) -> Verdict:
    return permission.no_address(f.customer, f.message.channel) or _GO


def _suppression(f: Facts, now: datetime) -> Verdict:
    return permission.is_suppressed(f.customer, f.suppressed) or _GO


def _consent(f: Facts, now: datetime) -> Verdict:
    m = f.message
    return permission.no_consent(f.customer, m.purpose, m.channel) or _GO


def _still_true(f: Facts, now: datetime) -> Verdict:
    """What made the campaign start must still hold: re-checked in the last moment."""
    started = datetime.fromisoformat(f.message.facts["started_at"])
    scope = conditions.Scope(f.customer, f.order, now, started, f.last_bought, f.past)
    return (
        still.trigger_gone(f.campaign, f.order, scope, f.message.facts)
        or still.stopped(f.campaign, scope, before=_step(f))
        or _GO
    )


def _late_order(f: Facts, now: datetime) -> Verdict:
    if not f.late_order or f.message.purpose is Purpose.SERVICE:
        return _GO
    return Wait(now + LATE_LOOK, because(Code.LATE_ORDER, order=f.late_order))


def _case(f: Facts, now: datetime) -> Verdict:
    since = f.case_since
    if since is None or f.message.purpose is Purpose.SERVICE:
        return _GO
    if now >= since + CASE_HOLDS:
        return _GO
    words = because(Code.CASE_OPEN, since=_clock(f, since), days=CASE_HOLDS.days)
    return Wait(min(now + LATE_LOOK, since + CASE_HOLDS), words)


def _hours(f: Facts, now: datetime) -> Verdict:
    until = _opens(f, now, _open(f))
    if until is None:
        return _GO
    place = f.customer.timezone.rpartition("/")[2].replace("_", " ")
    reason = because(Code.QUIET_HOURS, until=_clock(f, until), place=place)
    return Wait(until, reason)


def _window(f: Facts, now: datetime) -> Verdict:
    window = _between(f)
    until = _opens(f, now, window)
    if until is None:
        return _GO
    return Wait(until, because(Code.WINDOW, until=_clock(f, until), window=window))


def _opens(f: Facts, now: datetime, window: Window | None) -> datetime | None:
    """When the window opens next; None when it is open, or when there is none."""
    if window is None:
        return None
    zone = moments.zone(f.customer.timezone)
    until = moments.next_in_window(now, zone, window.opens, window.closes)
    return until if until > now else None


def _open(f: Facts) -> Window | None:
    return open_hours(f.message.purpose, f.message.channel, f.hours)


def _between(f: Facts) -> Window | None:
    step = _step(f)
    return step.between if step else None


def _step(f: Facts) -> SendStep | None:
    return still.send_of(f.campaign, f.message.template, f.message.facts)


def _words(verdict: Verdict, otherwise: str) -> str:
    return verdict.reason.sentence() if isinstance(verdict, Skip) else otherwise


def _agreed(f: Facts) -> str:
    return "none needed" if f.message.purpose is Purpose.SERVICE else "agreed"


def _clock(f: Facts, at: datetime) -> str:
    return f"{moments.local(at, moments.zone(f.customer.timezone)):%-d %b %H:%M}"


_CHECKS: tuple[_Check, ...] = (
    # first of all: what is held for long would otherwise be looked at for ever
    _Check(
        "best before",
        _best_before,
        _clock,
        lambda f: f"before {_clock(f, f.message.expires_at)}",
        "steps",
    ),
    _Check(
        "going live",
        _going_live,
        lambda f, now: f.campaign.status,
        lambda f: "live, or the customer on the trial list",
        "status",
    ),
    _Check(
        "paused",
        _pause,
        lambda f, now: f.paused.what if f.paused else "no",
        lambda f: "no",
    ),
    _Check(
        "address",
        _address,
        lambda f, now: "yes" if f.customer.address(f.message.channel) else "no",
        lambda f: f"an address for {permission.WORDS[f.message.channel]}",
    ),
    _Check(
        "suppression",
        _suppression,
        lambda f, now: f.suppressed[0] if f.suppressed else "not listed",
        lambda f: "not listed",
    ),
    _Check(
        "consent",
        _consent,
        lambda f, now: _words(_consent(f, now), _agreed(f)),
        lambda f: f"{f.message.purpose} by {permission.WORDS[f.message.channel]}",
        "purpose",
    ),
    _Check(
        "still true",
        _still_true,
        lambda f, now: _words(_still_true(f, now), "yes"),
        lambda f: "yes",
        "trigger",
    ),
    _Check(
        "late order",
        _late_order,
        lambda f, now: f.late_order or "none",
        lambda f: "none, except for service",
    ),
    _Check(
        "open case",
        _case,
        lambda f, now: f"since {_clock(f, f.case_since)}" if f.case_since else "none",
        lambda f: "none, except for service",
    ),
    _Check(
        "quiet hours",
        _hours,
        _clock,
        lambda f: f"{_open(f)} in {f.customer.timezone}" if _open(f) else "any time",
    ),
    _Check(
        "campaign's hours",
        _window,
        _clock,
        lambda f: str(_between(f) or "any time"),
        "steps",
    ),
)
