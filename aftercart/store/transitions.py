"""How a message moves from state to state. Nothing else in the code base writes `messages.state` after the row was planned.

`claim` is the one way into `sending`: a single conditional UPDATE that holds every guard, committed before the first byte
goes out. `move` is every other arrow of `model.TRANSITIONS`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    literal,
    or_,
    select,
    update,
)

from aftercart.model import Channel, Purpose, State, check_transition
from aftercart.reasons import Reason
from aftercart.store import Tx, lists, rows
from aftercart.store.tables import (
    customers,
    message_events,
    messages,
    pauses,
    suppressions,
)

#: How long a place under the cap may be used. The planner gives it anew every minute while the message waits; one that is
#: older was given by a planner that has gone, and others may have had their turn since.
PLACE_LIFE = timedelta(minutes=5)


@dataclass(frozen=True)
class Ready:
    """A message that was decided on and rendered: what the claim writes down before it is sent."""

    message_id: str
    to: str
    template_version: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Move:
    """One message on its way along one arrow.

    A message that is no longer in `before` (or one of `also`), or whose fence is another, has been moved by somebody else:
    then nothing happens.
    """

    message_id: str
    before: State
    after: State
    at: datetime
    actor: str
    word: str = ""  #: for the story; the new state where empty
    reason: Reason | None = None
    fence: int | None = None
    also: frozenset[State] = frozenset()
    quiet: bool = False  #: no line for the story: it would say the same again
    columns: Mapping[str, Any] = field(default_factory=dict)


def claim(
    tx: Tx, ready: Sequence[Ready], *, now: datetime, lease_until: datetime, actor: str
) -> dict[str, int]:
    """Takes messages for sending, all guards in the statement; answers message -> fence for those that are ours now.

    What is not in the answer was taken, paused, expired, suppressed or withdrawn in the last moment. Commit before sending.
    """
    if not ready:
        return {}
    check_transition(State.SCHEDULED, State.SENDING)
    statement = (
        update(messages)
        .where(messages.c.id.in_([r.message_id for r in ready]), *_guards(now))
        .values(
            state=State.SENDING,
            fence=messages.c.fence + 1,
            attempts=messages.c.attempts + 1,
            claims=0,
            lease_until=lease_until,
            sending_at=now,
            slot_at=case(
                (
                    messages.c.purpose == Purpose.MARKETING,
                    literal(now, messages.c.slot_at.type),
                ),
                else_=None,
            ),
            reason=None,
        )
        .returning(messages.c.id, messages.c.fence)
    )
    fences = {row.id: row.fence for row in tx.execute(statement)}
    ours = [r for r in ready if r.message_id in fences]
    if ours:
        lists.update_each(tx, messages, [_as_sent(r) for r in ours])
        _tell(tx, [_story(id_, now, "sending", actor) for id_ in sorted(fences)])
    return fences


def move(tx: Tx, moves: Sequence[Move]) -> set[str]:
    """Moves messages; answers the ids that moved.

    Raises:
        IllegalTransition: when the table has no such arrow; then nothing has moved.
    """
    for m in moves:
        for before in {m.before, *m.also}:
            check_transition(before, m.after)
    current = _lock(tx, [m.message_id for m in moves])
    legal = [
        m
        for m in moves
        if (at := current.get(m.message_id))
        and at[0] in {m.before, *m.also}
        and m.fence in (None, at[1])
    ]
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for m in legal:
        values = {
            "state": m.after,
            "reason": m.reason.to_json() if m.reason else None,
            **m.columns,
        }
        groups.setdefault(tuple(sorted(values)), []).append(
            values | {"id": m.message_id}
        )
    for changes in groups.values():
        lists.update_each(tx, messages, changes)
    _tell(
        tx,
        [
            _story(m.message_id, m.at, m.word or m.after.value, m.actor, m.reason)
            for m in legal
            if not m.quiet
        ],
    )
    return {m.message_id for m in legal}


def tell(
    tx: Tx,
    message_id: str,
    *,
    at: datetime,
    word: str,
    actor: str,
    reason: Mapping[str, str] | None = None,
) -> None:
    """Adds a line to a message's story that moves nothing: a click, an answer, a delivery report."""
    _tell(
        tx,
        [
            {
                "message_id": message_id,
                "at": at,
                "word": word,
                "actor": actor,
                "reason": dict(reason) if reason else None,
            }
        ],
    )


def holds_place(now: datetime) -> ColumnElement[bool]:
    """Whether a message needs no place under the cap, or has been given one lately."""
    return or_(
        messages.c.purpose != Purpose.MARKETING, messages.c.slot_at > now - PLACE_LIFE
    )


def _guards(now: datetime) -> Sequence[ColumnElement[bool]]:
    """What must be true in the very moment of the claim."""
    m, c, s = messages.c, customers.c, suppressions.c
    agreed = or_(
        m.purpose == Purpose.SERVICE,
        and_(m.purpose == Purpose.SURVEY, c.survey),
        and_(
            m.purpose == Purpose.MARKETING,
            case(
                (m.channel == Channel.EMAIL, c.email_marketing), else_=c.sms_marketing
            ),
        ),
    )
    address = case((m.channel == Channel.EMAIL, c.email_key), else_=c.phone_key)
    refused = (
        select(s.address_key)
        .where(s.address_key == address, or_(s.scope == "all", s.scope == m.purpose))
        .correlate(messages, customers)
    )
    allowed = (
        select(c.id)
        .where(c.id == m.customer_id, agreed, ~refused.exists())
        .correlate(messages)
    )
    paused = (
        select(pauses.c.scope)
        .where(
            pauses.c.scope.in_(["all"])
            | (pauses.c.scope == "channel:" + m.channel)
            | (pauses.c.scope == "campaign:" + m.campaign)
        )
        .correlate(messages)
    )
    return (
        m.state == State.SCHEDULED,
        m.due_at <= now,
        m.expires_at > now,
        holds_place(now),
        ~paused.exists(),
        allowed.exists(),
    )


def _as_sent(r: Ready) -> dict[str, Any]:
    return {
        "id": r.message_id,
        "to": r.to,
        "template_version": r.template_version,
        "values": dict(r.values),
    }


def _lock(tx: Tx, ids: Collection[str]) -> dict[str, tuple[State, int]]:
    found: dict[str, tuple[State, int]] = {}
    for part in rows.chunks(sorted(ids)):
        query = (
            select(messages.c.id, messages.c.state, messages.c.fence)
            .where(messages.c.id.in_(part))
            .order_by(messages.c.id)  # one order for all: no deadlocks
            .with_for_update()
        )
        for row in tx.execute(query):
            found[row.id] = (State(row.state), row.fence)
    return found


def _story(
    message_id: str, at: datetime, word: str, actor: str, reason: Reason | None = None
) -> dict[str, Any]:
    return {
        "message_id": message_id,
        "at": at,
        "word": word,
        "actor": actor,
        "reason": reason.to_json() if reason else None,
    }


def _tell(tx: Tx, story: list[dict[str, Any]]) -> None:
    lists.insert_each(tx, message_events, story)
