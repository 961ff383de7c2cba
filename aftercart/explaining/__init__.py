"""Why did this customer get it, or not? The same checks that decide, shown with what they saw and what they needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from aftercart import gathering, keeping, moments, policy
from aftercart.campaigns import Campaign
from aftercart.errors import InputError
from aftercart.explaining import entry, standing
from aftercart.explaining.coming import Coming, coming
from aftercart.explaining.day import Day, of_day
from aftercart.explaining.lines import Line, clock, verdict_line
from aftercart.explaining.standing import CURRENT
from aftercart.model import Customer, Enrollment, Message, State
from aftercart.policy import permission
from aftercart.runtime import Runtime
from aftercart.spelling import did_you_mean
from aftercart.store import Tx, customers, enrollments, past

__all__ = ["CURRENT", "Coming", "Day", "Explanation", "Line", "Told", "explain"]

#: Messages of one campaign that are shown; the log has the others.
_NEWEST = 5


@dataclass(frozen=True)
class Told:
    """One message of the campaign: how it stands, and the checks as they would decide now where it still waits."""

    message: Message
    sentence: str
    checks: Sequence[Line]
    version: str  #: which version of the campaign it is of, in words


@dataclass(frozen=True)
class Explanation:
    """One campaign as seen from one customer."""

    campaign: Campaign
    customer: Customer
    messages: Sequence[Told]
    waiting: Sequence[Enrollment]  #: on the way: not a message yet
    ahead: Sequence[Line]  #: the same in words, and why a stop ended a way
    entry: Sequence[Line]  #: what would have to be true for the next one
    day: Day  #: what became of it on the day that is asked about
    coming: Sequence[Coming] = ()  #: in the days after now; of the past nothing is


def explain(
    rt: Runtime,
    customer_id: str,
    *,
    campaign: str | None = None,
    at: datetime | date | None = None,
) -> list[Explanation]:
    """One explanation for each campaign, or for the one that is named, as of `at` (default: now; of a date: its end, on the customer's clock).

    Raises:
        InputError: when there is no such customer or campaign.
    """
    if campaign is not None and campaign not in rt.campaigns:
        hint = did_you_mean(campaign, list(rt.campaigns))
        raise InputError(f'there is no campaign "{campaign}"; {hint}')
    chosen = [rt.campaigns[campaign]] if campaign else list(rt.campaigns.values())
    clock_now = rt.clock()
    with rt.store.read() as tx:
        zone = customers.clocks(tx, [customer_id]).get(customer_id)
        if zone is None:
            raise InputError(
                f'there is no customer "{customer_id}"; ids stand in the log, and the console finds them by name, '
                "address or number"
            )
        now = _moment(at, moments.zone(zone), clock_now)
        customer = customers.load(tx, [customer_id], now=now)[customer_id]
        day = moments.local(now, moments.zone(zone)).date()
        ahead = coming(tx, rt, customer_id, now=now) if now >= clock_now else []
        return [
            Explanation(
                campaign=each,
                customer=customer,
                messages=_told(tx, rt, each, customer, now),
                waiting=enrollments.waiting(tx, each.name, customer_id, now=now),
                ahead=standing.lines(tx, rt, each, customer, now),
                entry=entry.lines(tx, rt, each, customer, now),
                day=of_day(tx, rt, each, customer, day),
                coming=[c for c in ahead if c.campaign == each.name],
            )
            for each in chosen
        ]


def _moment(at: datetime | date | None, zone: ZoneInfo, now: datetime) -> datetime:
    """The moment that is asked about; the end of a day, unless it lies ahead."""
    if at is None:
        return now
    if isinstance(at, datetime):
        return at
    tomorrow = datetime.combine(at + timedelta(days=1), time(0))
    return min(
        moments.moment(tomorrow, zone) - timedelta(seconds=1),
        max(now, moments.moment(datetime.combine(at, time(0)), zone)),
    )


def _told(
    tx: Tx, rt: Runtime, campaign: Campaign, customer: Customer, now: datetime
) -> list[Told]:
    newest = past.newest(tx, campaign.name, customer.id, now=now, limit=_NEWEST)
    versions = keeping.of(tx, rt, {(m.campaign, m.version) for m in newest})
    since = keeping.since(tx, rt, versions)
    known = gathering.people(
        tx,
        customer_ids=[customer.id],
        order_ids={m.order_id for m in newest},
        campaigns=keeping.campaigns(versions),
        now=now,
    )
    told = []
    for message in newest:
        facts = gathering.facts(rt, message, known, versions)
        seen: Sequence[policy.Checked] = []
        if message.state is State.SCHEDULED and isinstance(facts, policy.Facts):
            seen = policy.examine(facts, now)
        sentence = _sentence(message, customer, seen, now)
        told.append(
            Told(
                message,
                sentence,
                [verdict_line(c) for c in seen],
                standing.of_version(since, message),
            )
        )
    return told


def _sentence(
    message: Message,
    customer: Customer,
    seen: Sequence[policy.Checked],
    now: datetime,
) -> str:
    if message.state is State.SCHEDULED:
        return _waits(message, customer, seen, now)
    if message.state is State.ACCEPTED:
        sent = f"Sent by {permission.WORDS[message.channel]} through {message.provider}"
        return f"{sent}; {message.delivery}." if message.delivery else f"{sent}."
    if message.reason:
        return message.reason.sentence()
    return "A worker is handing it to the provider."


def _waits(
    message: Message,
    customer: Customer,
    seen: Sequence[policy.Checked],
    now: datetime,
) -> str:
    """What a message waits for, until when on the customer's clock, and what would be decided now."""
    for verdict in (checked.verdict for checked in seen):
        if isinstance(verdict, policy.Skip):
            return f"As things stand it will not be sent: {verdict.reason.sentence()}"
        if isinstance(verdict, policy.Wait) and message.due_at <= now:
            return verdict.reason.sentence()
    if message.due_at <= now:
        return "It is due, and nothing speaks against it."
    when = clock(customer, message.due_at)
    if message.reason is None:
        return f"It is due on {when}."
    held = message.reason.sentence()
    if "until" in message.reason.facts:
        return held
    return f"{held} It will be looked at again on {when}."
