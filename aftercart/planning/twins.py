"""Does another record of the same person get this very message? One address gets one copy.

Only where an occurrence is shared by many: a date of the calendar, a staple of a morning. What is about an order has one owner.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from aftercart.model import Channel, Customer, Message, State
from aftercart.reasons import Code, because
from aftercart.store import Tx, copies
from aftercart.store.copies import Copy

Draft = tuple[Message, Mapping[str, Any]]


def merge(
    tx: Tx, drafts: Sequence[Draft], people: Mapping[str, Customer]
) -> list[Draft]:
    """The drafts; skipped are those whose address has a copy already, or gets one from a draft before."""
    wanted = {m.id: _copy(m, people[m.customer_id]) for m, _ in drafts if _shared(m)}
    if not wanted:
        return list(drafts)
    first = copies.planned(tx, set(wanted.values()))
    merged: list[Draft] = []
    for message, extra in drafts:
        copy = wanted.get(message.id)
        if (
            copy
            and copy.address_key
            and (other := first.setdefault(copy, message.id)) != message.id
        ):
            told = because(Code.MERGED, message=other)
            message = replace(message, state=State.SKIPPED, reason=told)
        merged.append((message, extra))
    return merged


def _shared(message: Message) -> bool:
    return message.state is State.SCHEDULED and not message.order_id


def _copy(message: Message, customer: Customer) -> Copy:
    key = customer.email_key if message.channel is Channel.EMAIL else customer.phone_key
    return Copy(message.campaign, message.occurrence, message.channel, key)
