"""What do others get wrong? Rules of the engine, each broken on purpose in the worker processes of one scene and nowhere else.

A bench that finds nothing has shown something only if it would have found these.
"""

import os
import shutil
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import event
from sqlalchemy.pool import Pool

from aftercart import delivering, planning
from aftercart.channels.sendgrid import hooks
from aftercart.delivering import outcomes, preparing
from aftercart.delivering.preparing import Prepared
from aftercart.handover import Outgoing
from aftercart.model import Channel
from aftercart.planning import Ringing
from aftercart.policy import drafting
from aftercart.runtime import Runtime
from aftercart.store import Store, Tx, messages, transitions
from aftercart.store.transitions import Ready
from tests.scenes.house import REPOSITORY, House

#: Between what a broken planner notes and what it does.
_A_MOMENT = 0.3


def into(house: House, name: str) -> None:
    """The workers of this deployment begin with the function of this name."""
    folder = house.folder / "workers"
    folder.unlink()
    shutil.copytree(REPOSITORY / "workers", folder)
    first = folder / "__init__.py"
    words, _, rest = first.read_text().partition('"""\n\n')
    broken = f"from chaos import sabotage\n\nsabotage.{name}()\n\n"
    first.write_text(f'{words}"""\n\n{broken}{rest}')
    house.environ["PYTHONPATH"] = str(REPOSITORY)


def send_then_record() -> None:
    """Control (a): the message is sent, and what became of it is written after; nothing is claimed before."""

    def deliver(rt: Runtime, ids: Sequence[str]) -> int:
        now = rt.clock()
        with rt.store.read() as tx:
            due, _ = messages.due(tx, ids, now=now)
            if not due:
                return 0
            known = preparing.gather(tx, rt, due, now=now)
        prepared = preparing.prepare(rt, due, known, now=now)
        for channel in Channel:
            batch = [one for one in prepared.outgoing if one.channel is channel]
            answers = rt.senders[channel].send(batch) if batch else []
            _record(rt, prepared, batch, answers)
        return len(prepared.outgoing)

    _break(delivering, "deliver", deliver)


def _record(
    rt: Runtime, prepared: Prepared, batch: Sequence[Outgoing], answers: Sequence[Any]
) -> None:
    now = rt.clock()
    ready = [
        Ready(
            one.message_id,
            one.to,
            prepared.versions[one.message_id],
            prepared.values[one.message_id],
        )
        for one in batch
    ]
    with rt.store.write() as tx:
        until = now + delivering.LEASE
        fences = transitions.claim(
            tx, ready, now=now, lease_until=until, actor=rt.actor
        )
        settled = [
            outcomes.settle(
                one,
                said,
                fence=fences[one.message_id],
                now=now,
                attempts=1,
                actor=rt.actor,
            )
            for one, said in zip(batch, answers, strict=True)
            if one.message_id in fences
        ]
        transitions.move(tx, [one.move for one in settled])


def plan_at_once() -> None:
    """Planners do not wait for each other; the key of a message still keeps it from being planned twice."""
    _break(Store, "write_alone", Store.write)


def plan_without_key() -> None:
    """Control (b): nor does a message have a key any more; the database is asked for none either."""
    plan_at_once()
    _break(drafting, "message_id", lambda *_: str(uuid4()))


def note_before_doing() -> None:
    """Control (e): how far the planner has come is noted when it fetches, and its messages are written a moment later."""
    plan, write = planning.plan, messages.plan

    def later(
        rt: Runtime, *, now: datetime | None = None, tell: object = None
    ) -> list[Ringing]:
        drafts: list[Sequence[tuple[Any, Mapping[str, Any]]]] = []

        def put_off(tx: Tx, some: Sequence[tuple[Any, Mapping[str, Any]]]) -> set[str]:
            drafts.append(some)
            return set()

        _break(messages, "plan", put_off)
        try:
            rung = plan(rt, now=now)
        finally:
            _break(messages, "plan", write)
        time.sleep(_A_MOMENT)
        for some in drafts:
            with rt.store.write() as tx:
                write(tx, some)
        return rung

    _break(planning, "plan", later)


def sync_seldom() -> None:
    """Control (c): SQLite syncs its log now and then, and not with every commit."""

    def relax(connection: Any, *_: object) -> None:
        connection.execute("PRAGMA synchronous=NORMAL").close()

    event.listen(Pool, "checkout", relax)


def trust_event_ids() -> None:
    """Control (d): a report is known by the id that the provider gave to this copy of it."""

    def key(told: Mapping[str, Any]) -> str:
        return str(told["sg_event_id"])

    _break(hooks, "_key", key)


def poison() -> None:
    """No rule: what certain people's messages do to whoever prepares them, as the environment says."""
    asked = dict(pair.split("=") for pair in os.environ.get("CHAOS_POISON", "").split())
    render = preparing._render

    def deadly(rt: Runtime, facts: Any, prepared: Prepared, now: datetime) -> None:
        match asked.get(facts.message.customer_id):
            case "raise":
                raise RuntimeError("a bad message")
            case "exit":
                os._exit(3)
            case "segfault":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "large":
                # a name of a gigabyte would be refused at the door; this one is far above the limit of a message
                facts = replace(
                    facts, customer=replace(facts.customer, first_name="x" * 10**6)
                )
        render(rt, facts, prepared, now)

    _break(preparing, "_render", deadly)


def _break(owner: object, name: str, instead: object) -> None:
    """Puts something else there; what is no longer there cannot be broken, and a control that breaks nothing shows nothing."""
    if not hasattr(owner, name):
        raise AttributeError(f"{owner!r} has no {name} to break")
    setattr(owner, name, instead)
