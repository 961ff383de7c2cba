"""Providers' reports: kept raw first, read later, in any order and any number of copies with the same result."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from aftercart import addresses
from aftercart.channels import callbacks
from aftercart.errors import HookError
from aftercart.handover import ProviderEvent
from aftercart.model import Channel, Customer, Message, Purpose, State
from aftercart.reasons import Code, because
from aftercart.runtime import Runtime
from aftercart.store import (
    Tx,
    customers,
    inbox,
    messages,
    pauses,
    permissions,
    transitions,
    troubles,
)
from aftercart.store.transitions import Move
from aftercart.tracking import harm

#: Callbacks read in one transaction.
_PAGE = 200
#: How often a callback that fails alone is tried before it is put aside.
_TRIES = 3
#: Where a report proves that the provider has the message.
_PROVABLE = (State.SENDING, State.UNCERTAIN, State.UNKNOWN, State.SCHEDULED)
#: An address that somebody complained about or unsubscribed stays usable for the messages that need no consent.
_WANTED_LESS = ("complaint", "unsubscribe")
_NEED_CONSENT = (Purpose.MARKETING, Purpose.SURVEY)
_log = structlog.get_logger(__name__)


def keep(rt: Runtime, provider: str, body: bytes, *, path: str = "") -> None:
    """Stores a verified callback as it came; `read_inbox` does the rest."""
    with rt.store.write() as tx:
        inbox.keep(tx, provider=provider, body=body, path=path, received_at=rt.clock())


def read_inbox(rt: Runtime) -> int:
    """Reads the callbacks that nobody has read; returns how many events were new."""
    count = 0
    with rt.store.read() as tx:
        if not inbox.any_unread(tx):
            return 0
    while (new := _read_some(rt)) is not None:
        count += new
    return count


class _Stuck(Exception):
    """Raised when callbacks could not be read together; one of them may be what stops the others."""

    def __init__(self, ids: Sequence[int]) -> None:
        self.ids = ids
        super().__init__(f"callbacks {list(ids)}")


def _read_some(rt: Runtime) -> int | None:
    """Reads a page; None where nothing is left."""
    try:
        return _read(rt, limit=_PAGE)
    except _Stuck:
        _log.exception("callbacks could not be read together; now one by one")
    count = 0
    for _ in range(_PAGE):
        new = _read_alone(rt)
        if new is None:
            break
        count += new
    return count


def _read_alone(rt: Runtime) -> int | None:
    """Reads one callback; one that fails again and again is put aside for a person, since the others hold proofs."""
    for attempt in range(_TRIES):
        try:
            return _read(rt, limit=1)
        except _Stuck as stuck:
            if attempt < _TRIES - 1:
                continue
            _log.exception("callback put aside", callback=stuck.ids)
            with rt.store.write() as tx:
                inbox.mark_read(tx, stuck.ids, at=rt.clock())
    return 0


def _read(rt: Runtime, *, limit: int) -> int | None:
    """Reads up to so many callbacks in one transaction; returns how many of their events were new, None without callbacks."""
    now = rt.clock()
    with rt.store.write() as tx:
        unread = inbox.unread(tx, limit=limit)
        if not unread:
            return None
        ids = [callback.id for callback in unread]
        try:
            told = [e for callback in unread for e in _events(callback)]
            inbox.mark_read(tx, ids, at=now)
            events, found = _track(tx, rt, _with_ids(tx, told), now)
        except Exception as error:
            raise _Stuck(ids) from error
    # after the commit: what is read again because this failed must not count twice
    _halt(rt, events, found, now)
    return len(events)


def _events(callback: inbox.Callback) -> list[ProviderEvent]:
    try:
        return callbacks.read(
            callback.provider,
            path=callback.path,
            body=callback.body,
            at=callback.received_at,
        )
    except HookError as error:
        # it stays in the inbox for a person; it must not keep the others from being read
        _log.warning("callback unreadable", callback=callback.id, words=str(error))
        return []


def _with_ids(tx: Tx, told: Sequence[ProviderEvent]) -> list[ProviderEvent]:
    """Fills in our message id where a report only has the provider's."""
    known = inbox.by_provider_ref(
        tx, [e.provider_ref for e in told if not e.message_id]
    )
    return [
        e if e.message_id else replace(e, message_id=known.get(e.provider_ref, ""))
        for e in told
    ]


def _track(
    tx: Tx, rt: Runtime, told: Sequence[ProviderEvent], now: datetime
) -> tuple[Sequence[ProviderEvent], Mapping[str, Message]]:
    """Writes what the events mean; answers those that were new, and the messages that they are about."""
    new = inbox.add_events(tx, told)
    fresh = {e.key: e for e in told if e.key in new}
    events = sorted(fresh.values(), key=lambda e: (e.at, e.key))
    # locked: a worker that settles at this moment must not make the proof miss its state
    found = messages.load(tx, {e.message_id for e in events if e.message_id}, lock=True)
    _prove(tx, rt, events, found, now)
    messages.report(
        tx,
        [
            (e.message_id, e.delivery, e.at)
            for e in events
            if e.delivery and e.message_id in found
        ],
    )
    troubles.note(tx, list(harm.told(events, found)))
    _suppress(tx, rt, events, found, now)
    _lift(tx, rt, events)
    return events, found


def _halt(
    rt: Runtime,
    events: Sequence[ProviderEvent],
    found: Mapping[str, Message],
    now: datetime,
) -> None:
    """Holds what operators turn away again and again."""
    about = [(e, found[e.message_id]) for e in events if e.message_id in found]
    for halt in rt.reputation.heard(about, now=now):
        with rt.store.write() as tx:
            new = pauses.pause(tx, halt.scope, at=now, by="reports", words=halt.words)
        if new:
            _log.error("held", scope=halt.scope, reason=halt.words)


def _prove(
    tx: Tx,
    rt: Runtime,
    events: Sequence[ProviderEvent],
    found: Mapping[str, Message],
    now: datetime,
) -> None:
    """A report with our id proves acceptance, whoever holds the fence."""
    proofs: dict[str, Move] = {}
    for event in events:
        message = found.get(event.message_id)
        if message is None or message.state not in _PROVABLE or not message.attempts:
            continue
        if message.id in proofs:
            # the first of them is nearest to when it was taken
            continue
        proofs[message.id] = Move(
            message.id,
            message.state,
            State.ACCEPTED,
            now,
            event.provider,
            reason=because(
                Code.PROOF, words=event.delivery or event.signal or event.words
            ),
            columns={
                "accepted_at": event.at,
                "provider": event.provider,
                "provider_ref": event.provider_ref,
            },
        )
    transitions.move(tx, list(proofs.values()))


def _suppress(
    tx: Tx,
    rt: Runtime,
    events: Sequence[ProviderEvent],
    found: Mapping[str, Message],
    now: datetime,
) -> None:
    told = [e for e in events if e.suppress]
    people = customers.load(
        tx,
        {found[e.message_id].customer_id for e in told if e.message_id in found},
        now=now,
    )
    entries = []
    for event in told:
        message = found.get(event.message_id)
        person = people.get(message.customer_id) if message else None
        entries += [
            permissions.Suppression(
                key, scope, event.suppress, event.provider, event.at
            )
            for key in [_address_key(rt, event, message, person)]
            for scope in _scopes(event, message)
        ]
    permissions.suppress(tx, entries)
    permissions.record(tx, list(_withdrawn(told, found, people)))


def _withdrawn(
    told: Sequence[ProviderEvent],
    found: Mapping[str, Message],
    people: Mapping[str, Customer],
) -> Iterator[permissions.Consent]:
    """Who unsubscribed in their mailbox has taken back their consent, as if by our own page."""
    for event in told:
        message = found.get(event.message_id)
        if event.suppress != "unsubscribe" or message is None:
            continue
        if message.customer_id in people:
            for scope in _scopes(event, message):
                kind = permissions.kind(scope, message.channel)
                yield permissions.Consent(
                    message.customer_id, kind, False, event.provider, event.at
                )


def _lift(tx: Tx, rt: Runtime, events: Sequence[ProviderEvent]) -> None:
    """Takes back what a text from that number had put there, and nothing else."""
    secret = rt.settings.secret_key
    permissions.lift(
        tx,
        [
            permissions.Suppression(
                addresses.key(e.to, secret=secret), "all", e.lifts, e.provider, e.at
            )
            for e in events
            if e.lifts and e.to
        ],
    )


def _address_key(
    rt: Runtime,
    event: ProviderEvent,
    message: Message | None,
    person: Customer | None,
) -> str:
    """The address that the report is about. A late bounce names no message, and its customer may have a new address by now."""
    if event.to:
        return addresses.key(event.to, secret=rt.settings.secret_key)
    if message is None or person is None:
        return ""
    return person.email_key if message.channel is Channel.EMAIL else person.phone_key


def _scopes(event: ProviderEvent, message: Message | None) -> Sequence[str]:
    if event.suppress not in _WANTED_LESS:
        return ("all",)
    if event.suppress == "unsubscribe" and message and message.purpose in _NEED_CONSENT:
        return (message.purpose,)
    return _NEED_CONSENT
