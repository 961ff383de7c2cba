"""What happened between the shop and one person, in one line of time? Orders, messages, answers and consents, merged."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from aftercart.model import DETRACTOR, Order, State
from aftercart.store.records import CustomerPage, LogRow
from aftercart.web import words

#: Told by the order itself; the event that brought it would say it twice.
_BY_ORDER = ("order.placed", "order.delivered", "order.cancelled", "order.refunded")
#: Told by the ledger of consents.
_BY_LEDGER = ("customer.consented", "customer.withdrew")


@dataclass(frozen=True)
class Line:
    """One dated entry. `kind` is a small word before the headline; `href` leads to more."""

    at: datetime
    kind: str
    words: str
    detail: str = ""
    tone: str = "quiet"
    href: str = ""


def past(page: CustomerPage, now: datetime) -> list[Line]:
    """What has happened, newest first."""
    lines = [
        *_orders(page),
        *_messages(page, now),
        *_answers(page),
        *_consents(page),
        *_events(page),
    ]
    return sorted(lines, key=lambda line: line.at, reverse=True)


def coming(page: CustomerPage, now: datetime) -> list[Line]:
    """What is ahead, the farthest first."""
    lines = [
        Line(
            max(row.due_at, now),
            words.CHANNELS[row.channel],
            f"{row.campaign} goes out",
            row.reason.sentence() if row.reason else "",
            "waiting",
            f"/console/messages/{row.id}",
        )
        for row in page.messages
        if row.state is State.SCHEDULED
    ]
    lines += [
        Line(
            max(step.due_at, now),
            "campaign",
            f"{step.campaign} takes its next step",
            f"For order {step.order}." if step.order else "",
            "waiting",
        )
        for step in page.coming
    ]
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _orders(page: CustomerPage) -> Iterator[Line]:
    for order in page.orders:
        yield Line(order.placed_at, "order", f"Ordered {order.id}", _basket(order))
        for at, word, tone in (
            (order.delivered_at, "arrived", "good"),
            (order.cancelled_at, "was cancelled", "doubt"),
            (order.refunded_at, "was refunded", "doubt"),
        ):
            if at:
                yield Line(
                    at, "order", f"Order {order.id} {word}", _late(order, at), tone
                )


def _messages(page: CustomerPage, now: datetime) -> Iterator[Line]:
    for row in page.messages:
        if row.state is not State.SCHEDULED:
            yield Line(
                row.accepted_at or row.created_at,
                words.CHANNELS[row.channel],
                f"{row.campaign}: {_outcome(row)}",
                row.reason.sentence() if row.reason else "",
                words.tone(row.delivery or row.state),
                f"/console/messages/{row.id}",
            )


def _answers(page: CustomerPage) -> Iterator[Line]:
    for given in page.answers:
        tone = "bad" if given.score <= DETRACTOR else "good"
        headline = f"Answered {given.score} of 10"
        href = f"/console/messages/{given.message_id}"
        yield Line(given.at, "survey", headline, given.comment, tone, href)


def _consents(page: CustomerPage) -> Iterator[Line]:
    for entry in page.consents:
        what = words.CONSENTS.get(entry["kind"], entry["kind"])
        verb = "Agreed to" if entry["granted"] else "Said no to"
        tone = "good" if entry["granted"] else "doubt"
        yield Line(
            entry["at"], "consent", f"{verb} {_lower(what)}", entry["source"], tone
        )


def _events(page: CustomerPage) -> Iterator[Line]:
    for event in page.events:
        if event.type not in (*_BY_ORDER, *_BY_LEDGER):
            noun, _, verb = event.type.partition(".")
            about = f"Order {event.order_id}." if event.order_id else ""
            headline = f"{noun} {verb}".replace("_", " ").capitalize()
            yield Line(event.at, "shop", headline, about)


def _outcome(row: LogRow) -> str:
    if row.state is State.ACCEPTED:
        return row.delivery or "sent"
    return row.state.value


def _basket(order: Order) -> str:
    names = [line.name or line.product for line in order.lines]
    shown = ", ".join(names[:4])
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    total = f"{order.total} {order.currency}".rstrip() + " · " if order.total else ""
    return f"{total}{shown}{more}"


def _late(order: Order, at: datetime) -> str:
    if at != order.delivered_at or not order.promised_at or at <= order.promised_at:
        return ""
    minutes = int((at - order.promised_at).total_seconds() // 60)
    return f"{minutes} minutes after the promised time." if minutes else ""


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
