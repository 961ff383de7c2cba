"""What do we know of these people's lives? Households for a simulation, read from the database a page at a time."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

from aftercart import gathering, keeping
from aftercart.campaigns import Campaign, RunningLow
from aftercart.forecasting import Rhythm
from aftercart.model import Channel, Customer, Event, Order, Purpose, State
from aftercart.policy.permission import Suppressed
from aftercart.policy.sending import CASE_HOLDS
from aftercart.simulating import Answer, Begun, Household, Life, simulate_delivery
from aftercart.store import Tx, customers, desk, lives, permissions, rhythms
from aftercart.store.happenings import Past

#: The far end of time: all that was ever placed.
_EVER = datetime.max.replace(tzinfo=UTC)
#: No cap over all campaigns looks further back.
_CAPS_LOOK_BACK = timedelta(days=31)
_ONE = Decimal(1)
#: Facts of an order, as events tell them.
_TOLD = ("promised_at", "eta", "delivered_at", "cancelled_at", "refunded_at")


def households(tx: Tx) -> list[tuple[str, ...]]:
    """The ids of all customers, those together who share an address; in one order, whoever asks."""
    leader: dict[str, str] = {}

    def root(id_: str) -> str:
        while leader[id_] != id_:
            leader[id_] = id_ = leader[leader[id_]]
        return id_

    first: dict[str, str] = {}
    for id_, email_key, phone_key in lives.addresses(tx):
        leader[id_] = id_
        for key in filter(None, (email_key, phone_key)):
            one, other = root(first.setdefault(key, id_)), root(id_)
            leader[max(one, other)] = min(one, other)
    together: dict[str, list[str]] = {}
    for id_ in leader:
        together.setdefault(root(id_), []).append(id_)
    return [tuple(ids) for ids in together.values()]


def recall(
    tx: Tx,
    groups: Sequence[tuple[str, ...]],
    *,
    campaigns: Collection[Campaign],
    start: datetime,
    end: datetime,
    seed: int,
) -> Iterator[Household]:
    """The lives of these households from `start` to `end`, with all that was before.

    What is known to have happened happens again. Of an order that nothing is known of but its placing, the delivery is
    simulated; the same seed gives the same one.
    """
    ids = [id_ for group in groups for id_ in group]
    people = customers.load(tx, ids, now=start)
    listed = _suppressed(tx, people.values())
    bought = lives.orders_of(tx, ids, before=end)
    told = lives.events_of(tx, ids, start=start, end=end)
    past = gathering.past(tx, ids, campaigns=campaigns, now=end, stretch=end - start)
    said: dict[str, list[Answer]] = {}
    for row in lives.answers_of(tx, ids, start=start, end=end):
        said.setdefault(row[1], []).append(Answer(*row))
    sources = {name for c in campaigns for name in gathering.sources(c)}
    for group in groups:
        members = []
        for id_ in group:
            happened = told.get(id_, [])
            mine = bought.get(id_, [])
            known = {e.order_id for e in happened}
            invented = [
                e
                for order in mine
                if order.placed_at >= start and order.id not in known
                for e in simulate_delivery(order, seed=seed)
                if e.at < end
            ]
            events = sorted([*happened, *invented], key=lambda e: (e.at, e.id))
            to_come = {e.order_id for e in events}
            members.append(
                Life(
                    customer=people[id_],
                    orders=[_not_yet(order, start, to_come) for order in mine],
                    events=events,
                    suppressed=listed.get(id_, {}),
                    past=_whole(past.get(id_, {}), sources, mine, events, start),
                    answers=said.get(id_, ()),
                )
            )
        yield Household(members)


def ahead(
    tx: Tx, ids: Collection[str], *, campaigns: Collection[Campaign], now: datetime
) -> Iterator[Life]:
    """The lives of these customers as they stand now, with everything that has begun: for a look ahead, in which nothing new happens."""
    people = customers.load(tx, ids, now=now)
    listed = _suppressed(tx, people.values())
    bought = lives.orders_of(tx, ids, before=now)
    letters = lives.messages_of(tx, ids, since=now - _longest(campaigns))
    going, ever = lives.ways_of(tx, ids)
    past = gathering.past(tx, ids, campaigns=campaigns, now=now)
    cases = desk.open_cases(tx, ids, since=now - CASE_HOLDS)
    known: dict[str, list[Rhythm]] = {}
    for campaign in campaigns:
        if isinstance(campaign.trigger, RunningLow):
            for rhythm in rhythms.load(tx, campaign.name, ids).values():
                known.setdefault(rhythm.customer_id, []).append(rhythm)
    for id_, customer in people.items():
        begun = Begun(
            enrollments=going.get(id_, ()),
            entered=frozenset(ever.get(id_, ())),
            messages=letters.get(id_, ()),
            rhythms=known.get(id_, ()),
            cases=[cases[id_][1]] if id_ in cases else (),
        )
        yield Life(
            customer=customer,
            orders=bought.get(id_, ()),
            suppressed=listed.get(id_, {}),
            past=past.get(id_, {}),
            begun=begun,
        )


def versions(begun: Collection[Life]) -> set[keeping.Key]:
    """The versions of campaigns on which these people are, or that planned what waits for them."""
    found = {(e.campaign, e.version) for life in begun for e in life.begun.enrollments}
    return found | {
        (m.campaign, m.version)
        for life in begun
        for m in life.begun.messages
        if m.state is State.SCHEDULED
    }


def _whole(
    known: Mapping[str, Past],
    sources: Collection[str],
    bought: Sequence[Order],
    events: Sequence[Event],
    start: datetime,
) -> dict[str, Past]:
    """What conditions count, to the end of the stretch: what is known from before, and what is to happen.

    Clicks, opens and answers are those that there were in truth, of the messages that went then.
    """
    found: dict[str, Past] = {}
    for source in sources:
        if source in ("clicks", "opens") or source.startswith("score:"):
            found[source] = known.get(source, ())
            continue
        if source == "orders":
            later = [(o.placed_at, o.total) for o in bought if o.placed_at > start]
        else:
            later = [(e.at, _ONE) for e in events if e.type == source and e.at > start]
        earlier = [one for one in known.get(source, ()) if one[0] <= start]
        found[source] = [*earlier, *later]
    return found


def _longest(campaigns: Collection[Campaign]) -> timedelta:
    """How far back a limit looks at the most."""
    return max([c.limit.period for c in campaigns if c.limit] + [_CAPS_LOOK_BACK])


def _not_yet(order: Order, start: datetime, to_come: Collection[str]) -> Order:
    """The order as it was known in the first moment: what events are still to tell is not known yet."""
    if order.placed_at >= start and order.id in to_come:
        unknown: dict[str, Any] = dict.fromkeys(_TOLD)
        return replace(order, **unknown)
    later: dict[str, Any] = {
        name: None
        for name in ("delivered_at", "cancelled_at", "refunded_at")
        if (at := getattr(order, name)) and at >= start
    }
    return replace(order, **later) if later else order


def _suppressed(
    tx: Tx, people: Collection[Customer]
) -> dict[str, dict[tuple[Channel, str], Suppressed]]:
    """Whose addresses must not be used, by channel and purpose."""
    keys = {key for c in people for key in (c.email_key, c.phone_key)}
    held = permissions.suppressed(tx, keys)
    found: dict[str, dict[tuple[Channel, str], Suppressed]] = {}
    for customer in people:
        for channel, purpose in product(Channel, Purpose):
            key = customer.email_key if channel is Channel.EMAIL else customer.phone_key
            for entry in held.get(key, ()):
                if entry.scope in ("all", purpose):
                    mine = found.setdefault(customer.id, {})
                    mine.setdefault((channel, purpose), (entry.reason, entry.at))
    return found
