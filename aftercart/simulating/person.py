"""How does one person stand at a moment? Their orders, purchases, rhythms and messages, moved along as time goes by."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from aftercart import forecasting
from aftercart.campaigns import Campaign, RunningLow
from aftercart.conditions import Scope
from aftercart.forecasting import Buyer, Rhythm
from aftercart.model import (
    REACHED,
    Channel,
    Customer,
    Event,
    Message,
    Order,
    Purpose,
    State,
)
from aftercart.policy import Facts, View
from aftercart.policy.permission import Suppressed
from aftercart.policy.sending import CASE_HOLDS
from aftercart.simulating.lives import Held, Life, World

#: A delivery that was never reported stops counting as "late" after this.
LATE_MEMORY = timedelta(days=3)

_ALIVE = (State.SCHEDULED, *REACHED)
_FACTS = {
    "order.delivered": "delivered_at",
    "order.cancelled": "cancelled_at",
    "order.refunded": "refunded_at",
}


@dataclass
class Row:
    """A message as it goes through its life; `ring_at` is when it is looked at next."""

    message: Message
    ring_at: datetime
    priority: int
    slot_at: datetime | None
    at: datetime
    held: list[Held]


class Person:
    """One life, as of the moment to which it was moved."""

    def __init__(self, life: Life, world: World, start: datetime) -> None:
        self.life = life
        self.orders = {order.id: order for order in life.orders}
        self.rows: list[Row] = []
        self.rhythms: dict[tuple[str, str], Rhythm] = {}
        self.last_bought: dict[str, datetime] = {}
        #: when cases of theirs were opened; nobody closes one in a simulation
        self.cases = {str(at): at for at in life.begun.cases}
        self._world = world
        self._placed = [order.placed_at for order in life.orders]
        self._seen = 0
        self._customer = replace(life.customer, orders=0, last_order_at=None)
        self._eta_told: dict[str, datetime] = {}
        self._awaited = {o.id for o in life.orders if o.promised_at}
        self.open: list[Row] = []  #: those of the rows that have not come to an end
        for message in life.begun.messages:
            self.add(message, _priority(world, message.campaign), start)
        self.move_to(start)
        if life.begun.rhythms is None:
            self._learn(start)
        else:
            self.rhythms = {(r.campaign, r.category): r for r in life.begun.rhythms}

    def move_to(self, now: datetime) -> None:
        """Takes in the orders that have been placed by now."""
        seen = bisect_right(self._placed, now, lo=self._seen)
        if seen == self._seen:
            return
        for order in self.life.orders[self._seen : seen]:
            for line in order.lines:
                self.last_bought[line.category] = order.placed_at
        self._seen = seen
        last = self._placed[seen - 1]
        self._customer = replace(self._customer, orders=seen, last_order_at=last)

    def add(self, message: Message, priority: int, now: datetime) -> None:
        """A message of theirs, to be looked at when it is due."""
        row = Row(message, message.due_at, priority, message.slot_at, now, [])
        self.rows.append(row)
        if message.state is State.SCHEDULED:
            self.open.append(row)

    def due(self, now: datetime) -> list[Row]:
        """The messages that are to be looked at."""
        return [row for row in self.open if row.ring_at <= now]

    def close(self) -> None:
        """Lets go of the messages that have come to an end."""
        self.open = [r for r in self.open if r.message.state is State.SCHEDULED]

    @property
    def customer(self) -> Customer:
        """The customer with the orders placed so far."""
        return self._customer

    def customer_at(self, at: datetime) -> Customer:
        """The customer as they will be, or were, at another moment."""
        seen = bisect_right(self._placed, at)
        last = self._placed[seen - 1] if seen else None
        return replace(self._customer, orders=seen, last_order_at=last)

    def tag(self, name: str, *, on: bool) -> None:
        """Puts a tag on them, or takes it off."""
        tags = self._customer.tags - {name} | ({name} if on else set())
        self._customer = replace(self._customer, tags=tags)

    def note(self, event: Event) -> None:
        """Writes down what an event says of its order: the first arrival counts, the newest estimate, the last promise."""
        for word in event.body.get("customer", {}).get("tags", []):
            self.tag(word.removeprefix("-"), on=not word.startswith("-"))
        order = self.orders.get(event.order_id)
        if order is None:
            return
        said = event.body.get("order", {})
        changes: dict[str, Any] = {}
        if said.get("promised_at"):
            changes["promised_at"] = datetime.fromisoformat(said["promised_at"])
        told = self._eta_told.get(order.id)
        if said.get("eta") and (told is None or told <= event.at):
            self._eta_told[order.id] = event.at
            changes["eta"] = datetime.fromisoformat(said["eta"])
        fact = _FACTS.get(event.type)
        if fact and getattr(order, fact) is None:
            changes[fact] = event.at
        if changes:
            self.orders[order.id] = replace(order, **changes)
        if "promised_at" in changes:
            self._awaited.add(order.id)

    def buys(self, order: Order, *, at: datetime, now: datetime) -> None:
        """Moves the rhythms of what was bought."""
        for campaign, trigger in _needs(self._world):
            for category in {line.category for line in order.lines}:
                moved = forecasting.bought(
                    self.rhythms.get((campaign.name, category)),
                    trigger=trigger,
                    buyer=self._buyer(campaign),
                    category=category,
                    at=at,
                    now=now,
                )
                if moved:
                    self.rhythms[campaign.name, category] = moved

    def late_order(self, now: datetime) -> str:
        """An order that is past its promise and has not come; empty where there is none."""
        found = ""
        for id_ in list(self._awaited):
            order = self.orders[id_]
            since, promised = now - LATE_MEMORY, order.promised_at
            over = order.delivered_at or order.cancelled_at
            if over or promised is None or promised <= since:
                self._awaited.discard(id_)
            elif promised < now:
                found = id_
        return found

    def _case(self, now: datetime) -> datetime | None:
        return next((at for at in self.cases.values() if at > now - CASE_HOLDS), None)

    def suppressed(self, channel: Channel, purpose: Purpose) -> Suppressed | None:
        """Why and since when the address must not be used for the purpose."""
        return self.life.suppressed.get((channel, purpose))

    def view(self, campaign: Campaign, order_id: str) -> View:
        """What a step of a campaign looks at."""
        mine = [r for r in self.rows if r.message.campaign == campaign.name]
        alive = [r.message for r in mine if r.message.state in _ALIVE]
        told = [m.facts.get("told", "") for m in alive if m.order_id == order_id]
        return View(
            customer=self._customer,
            order=self.orders.get(order_id),
            last_bought=self.last_bought,
            past=self.life.past,
            suppressed={
                channel: why
                for channel in Channel
                if (why := self.suppressed(channel, campaign.purpose))
            },
            had=frozenset(m.content for m in alive if m.content),
            reached=[m.created_at for m in alive],
            told=[datetime.fromisoformat(t) if t else None for t in told],
        )

    def scope(self, order_id: str, *, now: datetime, started_at: datetime) -> Scope:
        """What a condition sees of them."""
        return Scope(
            self._customer,
            self.orders.get(order_id),
            now,
            started_at,
            self.last_bought,
            self.life.past,
        )

    def facts(self, message: Message, now: datetime) -> Facts | None:
        """What the decision on a message looks at; None where its campaign is gone."""
        campaign = self._world.version(message.campaign, message.version)
        if campaign is None:
            return None
        return Facts(
            message=message,
            customer=self._customer,
            campaign=campaign,
            order=self.orders.get(message.order_id),
            hours=self._world.shop.quiet_hours.get(message.channel),
            suppressed=self.suppressed(message.channel, message.purpose),
            late_order=self.late_order(now),
            case_since=self._case(now),
            last_bought=self.last_bought,
            past=self.life.past,
        )

    def reached(self, campaign: str, *, since: datetime) -> list[datetime]:
        """When messages of a campaign reached, or may yet reach, them."""
        return [
            r.message.created_at
            for r in self.rows
            if r.message.campaign == campaign
            and r.message.state in _ALIVE
            and r.message.created_at > since
        ]

    def places(self, *, since: datetime) -> list[datetime]:
        """The places under the cap that they have had, oldest first."""
        return sorted(
            r.slot_at
            for r in self.rows
            if r.slot_at
            and since < r.slot_at < r.message.expires_at
            and r.message.state in _ALIVE
        )

    def _learn(self, start: datetime) -> None:
        """The rhythms that the purchases before the first moment make."""
        needs = list(_needs(self._world))
        if not needs:
            return
        times: dict[str, list[datetime]] = {}
        for order in self.life.orders[: self._before(start)]:
            for category in {line.category for line in order.lines}:
                times.setdefault(category, []).append(order.placed_at)
        for campaign, trigger in needs:
            for category, bought in times.items():
                if trigger.staple(category) is None:
                    continue
                made = forecasting.from_purchases(
                    bought,
                    trigger=trigger,
                    buyer=self._buyer(campaign),
                    category=category,
                    now=start,
                )
                if made:
                    self.rhythms[campaign.name, category] = made

    def _before(self, start: datetime) -> int:
        return sum(at < start for at in self._placed)

    def _buyer(self, campaign: Campaign) -> Buyer:
        c = self._customer
        return Buyer(campaign.name, c.id, c.timezone)


def _needs(world: World) -> Iterator[tuple[Campaign, RunningLow]]:
    for campaign in world.campaigns.values():
        if isinstance(campaign.trigger, RunningLow):
            yield campaign, campaign.trigger


def _priority(world: World, campaign: str) -> int:
    known = world.campaigns.get(campaign)
    return known.priority if known else 0


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Messages in order of merit, as they compete for places."""
    return sorted(rows, key=lambda r: (-r.priority, r.message.due_at, r.message.id))
