"""How did everything end, in a database that is small enough to ask? For tests of campaigns."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from aftercart.model import Channel, State
from aftercart.reasons import Code, Reason, from_json
from aftercart.store import Tx
from aftercart.store.tables import cases, enrollments, message_events, messages


@dataclass(frozen=True)
class Ended:
    """A message that went or did not, or a way that ended before there was one; then it has no channel."""

    at: datetime
    state: State | None
    channel: Channel | None
    template: str
    reason: Reason | None
    task: str = ""  #: what support is asked to do instead


def ends(tx: Tx, campaign: str) -> list[Ended]:
    """All that came of a campaign, in order of time."""
    found = [*_messages(tx, campaign), *_ways(tx), *_tasks(tx)]
    return sorted(found, key=lambda e: e.at)


def newest(tx: Tx, *, campaign: str = "") -> str:
    """The id of the newest message that went, of all or of one campaign; empty where none did."""
    m = messages.c
    query = select(m.id).where(m.state == State.ACCEPTED).order_by(m.created_at.desc())
    if campaign:
        query = query.where(m.campaign == campaign)
    return tx.scalar(query.limit(1)) or ""


def _messages(tx: Tx, campaign: str) -> Iterator[Ended]:
    m, line = messages.c, message_events.c
    last = select(func.max(line.at)).where(line.message_id == m.id).scalar_subquery()
    query = select(m.accepted_at, last, m.state, m.channel, m.template, m.reason).where(
        m.campaign == campaign
    )
    for accepted_at, told_at, state, channel, template, reason in tx.execute(query):
        yield Ended(
            accepted_at or told_at,
            State(state),
            Channel(channel),
            template,
            from_json(reason),
        )


def _tasks(tx: Tx) -> Iterator[Ended]:
    asked = select(cases.c.opened_at, cases.c.note).where(cases.c.kind == "task")
    for at, note in tx.execute(asked):
        yield Ended(at, None, None, "", None, task=note.partition(": ")[2])


def _ways(tx: Tx) -> Iterator[Ended]:
    e = enrollments.c
    spoken = select(messages.c.enrollment_id)
    query = select(e.ended_at, e.reason, e.id.in_(spoken)).where(
        e.ended_at.is_not(None), e.reason.is_not(None)
    )
    for ended_at, reason, has_spoken in tx.execute(query):
        found = from_json(reason)
        # a stop says itself why it ends; any other end of a way with messages is told by its last message
        if found and (not has_spoken or found.code is Code.STOPPED):
            yield Ended(ended_at, None, None, "", found)
