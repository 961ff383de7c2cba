"""Where does a customer stand in a campaign? Those on the way, what they wait for, on which version; and why a way was ended."""

from collections.abc import Mapping
from datetime import datetime

from aftercart import keeping
from aftercart.campaigns import Branch, Campaign, Send, Step, Stop, Task, Wait
from aftercart.explaining.lines import Line, clock
from aftercart.model import Customer, Enrollment, Message
from aftercart.policy import waiting
from aftercart.reasons import Code, Reason
from aftercart.runtime import Runtime
from aftercart.store import Tx, enrollments

#: Said of who is on the version that stands in the file.
CURRENT = "on the version now"

#: Ends that no message tells of.
_SILENT = (Code.STOPPED, Code.VERSION_UNREADABLE)


def lines(
    tx: Tx, rt: Runtime, campaign: Campaign, customer: Customer, now: datetime
) -> list[Line]:
    """One line for each way that goes on, the next due first, and for the latest that a stop ended."""
    on = enrollments.waiting(tx, campaign.name, customer.id, now=now)
    over = [
        (e, at, reason)
        for e, at, reason in enrollments.ended(tx, campaign.name, customer.id, now=now)
        if reason.code in _SILENT
    ]
    keys = {(e.campaign, e.version) for e in (*on, *(e for e, _, _ in over))}
    versions, since = keeping.of(tx, rt, keys), keeping.since(tx, rt, keys)

    def line(e: Enrollment, check: str, seen: str, outcome: str) -> Line:
        step = _step(e, versions[e.campaign, e.version])
        place = str(step.place) if step and step.place else ""
        return Line(check, seen, of_version(since, e), outcome, place)

    return [
        *(line(e, "on the way", _ahead(e, versions, customer), "wait") for e in on),
        *(
            line(e, f"ended {clock(customer, at)}", reason.sentence(), "no")
            for e, at, reason in over
        ),
    ]


def of_version(
    since: Mapping[keeping.Key, datetime], what: Enrollment | Message
) -> str:
    """Which version somebody is on, in words."""
    known = since.get((what.campaign, what.version))
    return f"on the version of {known:%-d %B %Y}" if known else CURRENT


def _step(e: Enrollment, campaign: Campaign | Reason) -> Step | None:
    if isinstance(campaign, Reason) or e.step >= len(campaign.steps):
        return None
    return campaign.steps[e.step]


def _ahead(e: Enrollment, versions: keeping.Versions, customer: Customer) -> str:
    campaign = versions[e.campaign, e.version]
    if isinstance(campaign, Reason):
        return f"ends {clock(customer, e.due_at)}: {campaign.sentence()}"
    waits = waiting.begun(e, campaign)
    if waits and not waits.met:
        return f"waits for {waits.step.event} until {clock(customer, waits.until)}"
    words = _WORDS.get(type(_step(e, campaign)), "the next step")
    return f"{words} at {clock(customer, e.due_at)}"


_WORDS: Mapping[type, str] = {
    Branch: "a condition is judged",
    Send: "a message is prepared",
    Task: "support is asked",
    Stop: "the way ends",
    Wait: "the next wait begins",
}
