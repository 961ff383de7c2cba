"""In which words does the console speak? States, story entries, consents and cases as a person would say them."""

from collections.abc import Mapping

from aftercart import messagelog, recurrence
from aftercart.campaigns import (
    Anniversary,
    Answered,
    Campaign,
    EventTrigger,
    Inactive,
    LateDelivery,
    Recurring,
    RunningLow,
)
from aftercart.model import Channel, Delivery, Purpose, State
from aftercart.reasons import SENTENCES, Code, Reason

#: What a state means, for somebody who reads the word for the first time.
STATES: Mapping[State, str] = {
    State.SCHEDULED: "will be sent, unless something speaks against it",
    State.SENDING: "is being given to the provider",
    State.ACCEPTED: "the provider took it",
    State.UNCERTAIN: "the provider may have it; we wait for proof",
    State.UNKNOWN: "proof never came; it is not sent again",
    State.FAILED: "it cannot be sent",
    State.SKIPPED: "we decided not to send it",
    State.EXPIRED: "it came too late to be useful",
    State.CANCELLED: "it was called off",
}

#: The words of a message's story: ours, and those of the providers.
STORY: Mapping[str, str] = {
    **messagelog.WORDS,
    "sending": "A worker handed it to the provider",
    Delivery.NO_REPORT: "The provider never reported how it ended",
    Delivery.PROCESSED: "The provider is working on it",
    Delivery.DEFERRED: "The mailbox asked to try later",
    Delivery.SENT: "Handed to the network",
    Delivery.DELIVERED: "Delivered",
    Delivery.DROPPED: "The provider dropped it",
    Delivery.BLOCKED: "Blocked by the receiving side",
    Delivery.BOUNCED: "Bounced: the address does not work",
    Delivery.UNDELIVERED: "Could not be delivered",
}

#: Which colour a word has beside it; a word that is not here is neutral.
TONES: Mapping[str, str] = {
    "scheduled": "waiting",
    "planned": "waiting",
    "held": "waiting",
    "again": "waiting",
    "sending": "moving",
    "accepted": "good",
    "processed": "good",
    "sent": "good",
    "delivered": "good",
    "answered": "good",
    "uncertain": "doubt",
    "deferred": "doubt",
    "unknown": "bad",
    "failed": "bad",
    "bounced": "bad",
    "blocked": "bad",
    "dropped": "bad",
    "undelivered": "bad",
    "complained": "bad",
    "unsubscribed": "doubt",
}

CONSENTS: Mapping[str, str] = {
    "email_marketing": "Marketing by e-mail",
    "sms_marketing": "Marketing by text",
    "survey": "Surveys",
}

CHANNELS: Mapping[Channel, str] = {Channel.EMAIL: "e-mail", Channel.SMS: "text"}

#: What the reader of an unsubscribe page would call the messages of one kind.
TOPICS: Mapping[tuple[Purpose, Channel], str] = {
    (Purpose.MARKETING, Channel.EMAIL): "e-mails with recipes, reminders and offers",
    (Purpose.MARKETING, Channel.SMS): "texts with recipes, reminders and offers",
    (Purpose.SURVEY, Channel.EMAIL): "surveys",
    (Purpose.SURVEY, Channel.SMS): "surveys",
    (Purpose.SERVICE, Channel.EMAIL): "news about your orders",
    (Purpose.SERVICE, Channel.SMS): "news about your orders",
}

CASES: Mapping[str, str] = {
    "call": "Call: the order is late",
    "detractor": "Answer an unhappy customer",
    "task": "Do what the campaign asks",
}


def story(word: str) -> str:
    """The headline of a story entry; a word that we do not know is shown as it is."""
    return STORY.get(word, word.replace("_", " ").capitalize())


def tone(word: str) -> str:
    """The name of a colour for a word."""
    return TONES.get(word, "quiet")


def explained(facts: Mapping[str, str]) -> str:
    """What came with a story entry, as a sentence: a reason of ours, or the words of somebody else."""
    code = facts.get("code", "")
    if code in set(Code):
        rest = {name: value for name, value in facts.items() if name != "code"}
        return Reason(Code(code), rest).sentence()
    return " · ".join(
        value if name == "words" else f"{name.replace('_', ' ')}: {value}"
        for name, value in facts.items()
        if value
    )


def in_short(code: Code) -> str:
    """A reason without its facts, for counting: "no consent"."""
    return code.value.replace("_", " ") if code in SENTENCES else code.value


def signed(number: int) -> str:
    """`+40`, `0`, `−13`: a score with its sign, and a minus that is one."""
    return f"{number:+d}".replace("-", "−") if number else "0"


def trigger(campaign: Campaign) -> str:
    """When a campaign starts, in words."""
    match campaign.trigger:
        case EventTrigger(event=event, where=where):
            return f"after {event}" + (", under a condition" if where else "")
        case Recurring(on=days, at=at):
            return f"{recurrence.spoken(days)} at {at:%H:%M}"
        case Anniversary(day=day, days=days, at=at):
            what = "birthday" if day == "birthday" else "anniversary as a customer"
            shift = (
                f"{abs(days)} days {'after' if days > 0 else 'before'}"
                if days
                else "on"
            )
            return f"{shift} the customer's {what} at {at:%H:%M}"
        case Inactive(days=days):
            return f"when a customer has not ordered for {days} days"
        case Answered(survey=survey, low=low, high=high):
            return f"after an answer from {low} to {high} to {survey}"
        case RunningLow(staples=staples):
            return f"when one of {len(staples)} staples is running low"
        case LateDelivery(by=by):
            return (
                f"when an order is more than {by.total_seconds() / 60:.0f} minutes late"
            )
