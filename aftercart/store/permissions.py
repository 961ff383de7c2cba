"""Consent and suppression: whether we may write to somebody, and since when not."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from aftercart.model import Channel, Purpose
from aftercart.store import Tx, rows
from aftercart.store.among import among
from aftercart.store.tables import consents, customers, suppressions

#: The three things that a person can agree to.
KINDS = ("email_marketing", "sms_marketing", "survey")
#: Why an address is on the list when its owner asked for it, and may take it back.
ASKED_FOR = ("stop", "unsubscribe")

#: Built once; see `rows`.
_LISTED = select(suppressions).where(among(suppressions.c.address_key))


@dataclass(frozen=True)
class Consent:
    """One answer of one person, as it goes on the ledger."""

    customer_id: str
    kind: str
    granted: bool
    source: str
    at: datetime
    wording: str = ""


@dataclass(frozen=True)
class Suppression:
    """An address that must not be used: for everything ("all") or for one purpose."""

    address_key: str
    scope: str
    reason: str
    source: str
    at: datetime


def kind(scope: str, channel: Channel) -> str:
    """The question whose answer covers messages of this scope by this channel."""
    return "survey" if scope == Purpose.SURVEY else f"{channel}_marketing"


def record(tx: Tx, answers: Sequence[Consent]) -> int:
    """Appends answers to the ledger where they change anything, and moves today's answer with them.

    Telling the same thing twice adds nothing. A "no" always counts; a "yes" that was said before the "no" that we know, and
    comes in late, does not undo it. Returns how many were new.
    """
    if not answers:
        return 0
    last = latest(tx, {a.customer_id for a in answers})
    new: list[Consent] = []
    for answer in answers:
        known = last.get((answer.customer_id, answer.kind))
        # the first answer counts even when it is "no": it is the proof that we asked
        told = known is not None and known.granted == answer.granted
        overtaken = known is not None and answer.granted and answer.at < known.at
        if not told and not overtaken:
            last[answer.customer_id, answer.kind] = answer
            new.append(answer)
    for part in rows.chunks(new):
        tx.execute(consents.insert(), [vars(a) for a in part])
    asked = {(a.customer_id, a.kind) for a in new}
    for kind in KINDS:
        for granted in (True, False):
            ids = [c for c, k in asked if k == kind and last[c, k].granted == granted]
            for some in rows.chunks(sorted(ids)):
                tx.execute(
                    update(customers)
                    .where(customers.c.id.in_(some))
                    .values({kind: granted})
                )
    return len(new)


def ledger(tx: Tx, customer_id: str) -> list[Mapping[str, Any]]:
    """All that a person ever answered, oldest first."""
    query = (
        select(consents)
        .where(consents.c.customer_id == customer_id)
        .order_by(consents.c.id)
    )
    return [dict(row._mapping) for row in tx.execute(query)]


def latest(tx: Tx, ids: Collection[str]) -> dict[tuple[str, str], Consent]:
    """The last answer of each of these customers to each question, by customer and kind."""
    found: dict[tuple[str, str], Consent] = {}
    columns = [c for c in consents.c if c.name != "id"]
    for part in rows.chunks(sorted(ids)):
        query = select(*columns).where(consents.c.customer_id.in_(part))
        for row in tx.execute(query.order_by(consents.c.id)):
            found[row.customer_id, row.kind] = Consent(**row._mapping)
    return found


def suppress(tx: Tx, entries: Sequence[Suppression]) -> None:
    """Puts addresses on the list; one that is there keeps its first reason and time.

    Except that what the owner of the address may take back gives way to what nobody may, and to a later word of its own:
    otherwise coming back would lift a complaint, or outlive the last "stop".
    """
    listed = [e for e in entries if e.address_key]
    if not listed:
        return
    held = suppressed(tx, {e.address_key for e in listed})
    before = {(s.address_key, s.scope): s for some in held.values() for s in some}
    for entry in sorted(listed, key=lambda e: e.at):
        known = before.get((entry.address_key, entry.scope))
        if known is None or _outlasts(entry, known):
            before[entry.address_key, entry.scope] = entry
            if known is not None:
                _take_off(tx, known)
    # in one order, so that two processes never wait for each other
    final = sorted({(e.address_key, e.scope) for e in listed})
    rows.insert_or_keep(tx, suppressions, [vars(before[place]) for place in final])


def lift(tx: Tx, taken_back: Sequence[Suppression]) -> None:
    """Takes addresses off the list whose owners came back: for this reason and scope, where they were put there before.

    Only what a person asked for can be taken back; a bounce or a complaint stays.
    """
    held = suppressed(tx, {back.address_key for back in taken_back})
    for back in taken_back:
        for entry in held.get(back.address_key, []):
            same = (entry.scope, entry.reason) == (back.scope, back.reason)
            if same and entry.reason in ASKED_FOR and entry.at < back.at:
                _take_off(tx, entry)


def _outlasts(entry: Suppression, known: Suppression) -> bool:
    if known.reason not in ASKED_FOR:
        return False
    return entry.reason not in ASKED_FOR or entry.at > known.at


def _take_off(tx: Tx, entry: Suppression) -> None:
    s = suppressions.c
    tx.execute(
        suppressions.delete().where(
            s.address_key == entry.address_key, s.scope == entry.scope
        )
    )


def suppressed(tx: Tx, keys: Collection[str]) -> dict[str, list[Suppression]]:
    """The entries of the list for these address keys."""
    found: dict[str, list[Suppression]] = {}
    for row in tx.execute(_LISTED, {"ids": sorted(filter(None, keys))}):
        found.setdefault(row.address_key, []).append(Suppression(**row._mapping))
    return found
