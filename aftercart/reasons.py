"""Why a message went, waits or stays: the closed list of reasons, each with the sentence that support reads aloud.

A reason is stored as its code with the facts that fill the sentence, so that a sentence may be reworded later and the log
can still be counted by code.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Code(StrEnum):
    """Every reason there is. The value is what the log, the JSON and the metrics carry."""

    # skipped: the decision was not to send
    NO_CONSENT = "no_consent"
    SUPPRESSED = "suppressed"
    NO_ADDRESS = "no_address"
    ORDER_REFUNDED = "order_refunded"
    ORDER_CANCELLED = "order_cancelled"
    STOP_CONDITION = "stop_condition"
    NOT_IN_AUDIENCE = "not_in_audience"
    REORDERED = "reordered"
    CAME_BACK = "came_back"
    ANSWER_CHANGED = "answer_changed"
    ARRIVED = "arrived"
    NOT_LATE = "not_late"
    NOT_MUCH_WORSE = "not_much_worse"
    LATE_ORDER = "late_order"
    CASE_OPEN = "case_open"
    RECENT_ENOUGH = "recent_enough"
    NOTHING_NEW = "nothing_new"
    HOLDOUT = "holdout"
    STOPPED = "stopped"
    CAMPAIGN_GONE = "campaign_gone"
    VERSION_UNREADABLE = "version_unreadable"
    DRAFT = "draft"
    NOT_ON_TRIAL = "not_on_trial"
    CALLED_OFF = "called_off"
    MERGED = "merged"
    # waits: later, not never
    QUIET_HOURS = "quiet_hours"
    WINDOW = "window"
    FREQUENCY_CAP = "frequency_cap"
    RAMP = "ramp"
    PAUSED = "paused"
    HALTED = "halted"
    ENDING = "ending"
    PROVIDER_OUT = "provider_out"
    SAFE_MODE = "safe_mode"
    TEMPLATE_BROKEN = "template_broken"
    PROVIDER_BUSY = "provider_busy"
    PROVIDER_ACCOUNT = "provider_account"
    # ends that are not decisions
    EXPIRED = "expired"
    REFUSED = "refused"
    RENDER_FAILED = "render_failed"
    POISON = "poison"
    NO_ANSWER = "no_answer"
    LEASE_LAPSED = "lease_lapsed"
    CLAIMED_BEFORE = "claimed_before"
    NO_PROOF = "no_proof"
    PROOF = "proof"
    NOT_TAKEN = "not_taken"


SENTENCES: dict[Code, str] = {
    Code.NO_CONSENT: "The customer has not agreed to {purpose} by {channel}.",
    Code.SUPPRESSED: "The address is on the suppression list: {why}, since {since}.",
    Code.NO_ADDRESS: "We have no {channel} address for this customer.",
    Code.ORDER_REFUNDED: "Order {order} was refunded.",
    Code.ORDER_CANCELLED: "Order {order} was cancelled.",
    Code.STOP_CONDITION: "The campaign's stop condition holds: {condition}.",
    Code.NOT_IN_AUDIENCE: "The customer is not in the audience: {condition}.",
    Code.REORDERED: "The customer has already re-ordered {products}.",
    Code.CAME_BACK: "The customer has ordered again: {at}.",
    Code.ANSWER_CHANGED: "The customer has changed the answer to {score} of 10.",
    Code.ARRIVED: "Order {order} arrived at {at}, before the message was due.",
    Code.NOT_LATE: "Order {order} is not late any more.",
    Code.NOT_MUCH_WORSE: "The customer already knows of {told}; {now} is not much later.",
    Code.LATE_ORDER: "Order {order} is running late; no marketing or survey until it has arrived.",
    Code.CASE_OPEN: "Support has an open case since {since}; no marketing or survey until it is closed, {days} days at most.",
    Code.RECENT_ENOUGH: "The customer had this campaign on {last}; at most {limit}.",
    Code.NOTHING_NEW: "There is nothing in this campaign that the customer has not had before.",
    Code.HOLDOUT: "Held back on purpose: {share} in a hundred do not get this campaign, to see what it does.",
    Code.STOPPED: "The campaign ends here for this customer: {words}.",
    Code.CAMPAIGN_GONE: "The campaign {campaign} is no longer there.",
    Code.VERSION_UNREADABLE: "The version of {since} of the campaign {campaign} cannot be read any more: {words}.",
    Code.DRAFT: "The campaign is a draft: it writes to nobody yet.",
    Code.NOT_ON_TRIAL: "The campaign is on trial, and the customer is not on the trial list.",
    Code.CALLED_OFF: "Called off by {who} at {at}: {why}.",
    Code.MERGED: "Told in another message of the same campaign ({message}).",
    Code.QUIET_HOURS: "Held until {until}: quiet hours in {place}.",
    Code.WINDOW: "Held until {until}: this campaign sends between {window} on the customer's clock.",
    Code.FREQUENCY_CAP: "Held until {until}: the customer has had {count} within {period}.",
    Code.RAMP: "Held until the campaign has been looked at: {had} of {most} people have it. The next may come from {until}.",
    Code.PAUSED: "Held: {what} is paused since {since}.",
    Code.HALTED: "Held: {what} was halted at {since}, because {why}. Somebody has to look at it, and resume it.",
    Code.ENDING: "Held since {since}: {what} is being {why}.",
    Code.PROVIDER_OUT: "Held since {since}: the provider takes no {what} now ({why}). It is asked again until it does.",
    Code.SAFE_MODE: "Held since {since}: {why}. Somebody has to look at it first: aftercart resume --reviewed.",
    Code.TEMPLATE_BROKEN: "Held until {until}: its template cannot be used ({words}). Mend it, and see `aftercart check`.",
    Code.PROVIDER_BUSY: "To be tried again at {until}: {words}.",
    Code.PROVIDER_ACCOUNT: "To be tried again at {until}: the provider refuses our account ({words}).",
    Code.EXPIRED: "Too late to be useful: best before {best_before}.",
    Code.REFUSED: "The provider refused it: {words}.",
    Code.RENDER_FAILED: "The template could not be filled in: {words}.",
    Code.POISON: "Given up after {count} attempts that ended before the message was ready.",
    Code.NO_ANSWER: "The provider may have taken it, but its answer was lost: {words}.",
    Code.LEASE_LAPSED: "The worker stopped while it was sending; waiting for proof from the provider.",
    Code.CLAIMED_BEFORE: "It was taken for sending once before, and the database had forgotten it; waiting for proof from the provider.",
    Code.NO_PROOF: "It could not be proved within {period} that the provider took it; not sent again.",
    Code.PROOF: "The provider's report proves that it took the message ({words}).",
    Code.NOT_TAKEN: "The run was broken off, and the provider does not have it ({words}); it goes again.",
}


#: The reasons that end with a resume, whoever gives it; what they hold stays due.
HOLDS = frozenset(
    {Code.PAUSED, Code.HALTED, Code.ENDING, Code.PROVIDER_OUT, Code.SAFE_MODE}
)


@dataclass(frozen=True)
class Reason:
    """A code and the facts that fill its sentence."""

    code: Code
    facts: Mapping[str, str] = field(default_factory=dict)

    def sentence(self) -> str:
        """The reason in words; a fact that is missing reads as "?", never as an error in front of support."""
        return SENTENCES[self.code].format_map(_Known(self.facts))

    def to_json(self) -> dict[str, str]:
        """``{"code": …, fact: …}``, the form in which it is stored."""
        return {"code": self.code.value, **self.facts}


def because(code: Code, **facts: object) -> Reason:
    """A reason with its facts as text."""
    return Reason(code, {name: str(value) for name, value in facts.items()})


def from_json(stored: Mapping[str, str] | None) -> Reason | None:
    """The stored form back as a reason; None stays None."""
    if not stored:
        return None
    facts = dict(stored)
    return Reason(Code(facts.pop("code")), facts)


class _Known(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"
