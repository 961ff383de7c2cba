"""What is held, by whom, and why? A pause stands in the claim itself, so that it holds from the moment in which it is committed.

A person holds everything, a channel or a campaign, until somebody resumes it. Aftercart itself holds a channel whose provider
takes nothing, until the provider takes messages again, and more as `Pause.scope` says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from aftercart.model import Channel
from aftercart.store import Tx, desk, rows
from aftercart.store.bells import ring_now
from aftercart.store.tables import pauses


@dataclass(frozen=True)
class Pause:
    """One thing that is held.

    `scope` is "all", "channel:sms" or "campaign:<name>"; "provider:sms" where the channel's provider takes nothing, and
    "safe-mode" where marketing and surveys wait until a person has looked at the database; "ending:all" and
    "ending:campaign:<name>" while that is called off.
    """

    scope: str
    since: datetime
    by: str
    words: str = ""  #: why, where it was not a person
    ask_at: datetime | None = None  #: when the provider is asked again


SAFE_MODE = "safe-mode"
#: Before the scope of what is being called off.
ENDING = "ending:"
#: The mark that holds when a scope was resumed: what was before it is not held against a campaign again.
_RESUMED = "resumed:"


def provider_scope(channel: Channel) -> str:
    """The scope that holds a channel while its provider takes nothing."""
    return f"provider:{channel}"


def pause(
    tx: Tx,
    scope: str,
    *,
    at: datetime,
    by: str,
    words: str = "",
    ask_at: datetime | None = None,
) -> bool:
    """Holds everything of a scope; answers whether it was not held yet. A pause that is there stays as it is."""
    row = {"scope": scope, "since": at, "by": by, "words": words, "ask_at": ask_at}
    return bool(rows.insert_once(tx, pauses, [row], key="scope"))


def resume(tx: Tx, scope: str, *, now: datetime) -> bool:
    """Lifts a pause and lets the planner ring at once what was held; answers whether there was one."""
    lifted = bool(tx.execute(pauses.delete().where(pauses.c.scope == scope)).rowcount)
    if lifted:
        desk.set_mark(tx, _RESUMED + scope, now.isoformat())
        ring_now(tx, now=now)
    return lifted


def resumed_at(tx: Tx, scope: str) -> datetime | None:
    """When a pause of this scope was lifted last; None where there never was one."""
    known = desk.get_mark(tx, _RESUMED + scope)
    return datetime.fromisoformat(known) if known else None


def paused(tx: Tx) -> Mapping[str, Pause]:
    """Everything that is held, by its scope."""
    return {row.scope: Pause(*row) for row in tx.execute(select(*_PAUSE))}


def kept(tx: Tx) -> set[str]:
    """The scopes that are held now, and until this transaction ends: who resumes one of them waits for it.

    So that nobody is put off by a pause whose end has rung for all whom it held.
    """
    return set(tx.scalars(select(pauses.c.scope).with_for_update(read=True)))


def to_ask(tx: Tx, *, now: datetime, again_at: datetime) -> list[Pause]:
    """The pauses whose provider is to be asked now; they are the caller's until `again_at`: nobody else asks meanwhile."""
    turn = (
        update(pauses)
        .where(pauses.c.ask_at <= now)
        .values(ask_at=again_at)
        .returning(*_PAUSE)
    )
    return [Pause(*row) for row in tx.execute(turn)]


def still_out(tx: Tx, scope: str, *, words: str, ask_at: datetime) -> None:
    """The provider was asked, and takes nothing yet."""
    tx.execute(
        update(pauses).where(pauses.c.scope == scope).values(words=words, ask_at=ask_at)
    )


_PAUSE = (
    pauses.c.scope,
    pauses.c.since,
    pauses.c.by,
    pauses.c.words,
    pauses.c.ask_at,
)
