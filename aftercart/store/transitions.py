"""How a message moves from state to state. Nothing else in the code base writes `messages.state` after the row was planned.

`claim` is the one way into `sending`: a single conditional UPDATE that holds every guard, committed before the first byte
goes out. `move` is every other arrow of `model.TRANSITIONS`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    false,
    or_,
    true,
    update,
)

from aftercart.model import UNDER_WAY, Purpose, State, check_transition
from aftercart.reasons import Reason
from aftercart.store import Tx, bells, lists, stories
from aftercart.store.among import among
from aftercart.store.guards import CLAIMABLE, NOW, at
from aftercart.store.stories import Line
from aftercart.store.tables import messages, renditions

#: Built once; see `rows`.
_CLAIM = (
    update(messages)
    .where(among(messages.c.id), *CLAIMABLE)
    .values(
        state=State.SENDING,
        fence=messages.c.fence + 1,
        attempts=messages.c.attempts + 1,
        claims=0,
        lease_until=bindparam("lease_until", type_=messages.c.lease_until.type),
        sending_at=NOW,
        slot_at=case((messages.c.purpose == Purpose.MARKETING, NOW), else_=None),
        reason=None,
    )
    .returning(messages.c.id, messages.c.fence)
)


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
    ring_at: datetime | None = None  #: when a queue is told of it next
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
    asked = {"ids": [r.message_id for r in ready], "lease_until": lease_until}
    claimed = tx.execute(_CLAIM, asked | at(now)).all()
    fences = {row.id: row.fence for row in claimed}
    ours = [r for r in ready if r.message_id in fences]
    if ours:
        sent = [_as_sent(r, fences[r.message_id], now, actor) for r in ours]
        lists.insert_each(tx, renditions, sent, key="message_id")
    return fences


def move(tx: Tx, moves: Sequence[Move]) -> set[str]:
    """Moves messages; answers the ids that moved.

    Raises:
        IllegalTransition: when the table has no such arrow; then nothing has moved.
    """
    for m in moves:
        for before in {m.before, *m.also}:
            check_transition(before, m.after)
    #: by the columns that they set, and the states that they may come from
    groups: dict[tuple[tuple[str, ...], frozenset[State]], list[dict[str, Any]]] = {}
    for m in moves:
        values = {
            "id": m.message_id,
            "state": m.after,
            "fence": m.fence,
            "reason": m.reason.to_json() if m.reason else None,
            **m.columns,
        }
        columns = tuple(sorted(values)), frozenset({m.before, *m.also})
        groups.setdefault(columns, []).append(values)
    moved: set[str] = set()
    for (_, befores), changes in groups.items():
        # one order for all: no deadlocks
        changes.sort(key=lambda c: str(c["id"]))
        rows = lists.listed(changes, key="id")
        statement = _arrow(tx.dialect.name, rows.each, rows.same, befores)
        given = {**rows.parameters, "ids": [c["id"] for c in changes]}
        moved.update(tx.scalars(statement, given).all())
    lines = [
        Line(
            m.message_id,
            m.at,
            m.word or m.after.value,
            m.actor,
            m.reason.to_json() if m.reason else None,
        )
        for m in moves
        if m.message_id in moved and not m.quiet
    ]
    stories.tell(tx, lines)
    done = [m for m in moves if m.message_id in moved]
    bells.put_off(tx, {m.message_id: m.ring_at for m in done if m.ring_at})
    bells.take_down(tx, [m.message_id for m in done if m.after not in UNDER_WAY])
    return moved


def _as_sent(r: Ready, fence: int, at: datetime, actor: str) -> dict[str, Any]:
    return {
        "message_id": r.message_id,
        "fence": fence,
        "at": at,
        "actor": actor,
        "to": r.to,
        "template_version": r.template_version,
        "values": dict(r.values),
    }


@lru_cache(maxsize=256)
def _arrow(
    dialect: str,
    each: tuple[str, ...],
    same: tuple[str, ...],
    befores: frozenset[State],
) -> Any:
    """Moves the listed messages that are where they should be, and whose fence is the one that was seen."""
    listed = lists.fields(dialect, messages, each, same)
    fence = listed("fence")
    there: ColumnElement[bool] = and_(
        messages.c.state.in_(sorted(befores)),
        or_(fence.is_(None), messages.c.fence == fence),
    )
    by_key = [messages.c.id == listed("id")]
    if dialect == "postgresql":
        # By the key, so that it does not go through all that wait. How seldom such a state is must not be seen: it would count on
        # one row, and go through the whole list for each of a hundred. SQLite goes by the key in any case.
        by_key += [among(messages.c.id)]
        there = case((there, true()), else_=false())
    if each == ("id",):
        by_key = [among(messages.c.id)]
    return (
        update(messages)
        .where(*by_key, there)
        .values({n: listed(n) for n in (*each, *same) if n not in ("id", "fence")})
        .returning(messages.c.id)
    )
