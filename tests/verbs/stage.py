"""A deployment in one process: the shipped campaigns, a clock that the test sets, and a post office that writes down what it got."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select

from aftercart import (
    delivering,
    enrolling,
    loading,
    planning,
    probing,
    sweeping,
    tracking,
)
from aftercart.campaigns import Campaign
from aftercart.errors import SendError
from aftercart.handover import Outgoing, Receipt
from aftercart.model import Channel, Customer, Event, Message
from aftercart.rendering import Renderer
from aftercart.runtime import Runtime
from aftercart.settings import Settings
from aftercart.shop import Shop
from aftercart.store import Store, customers, messages, stories, tables
from tests import people
from tests.people import ANN, Person
from tests.store.planting import alter

ROOT = Path(__file__).parents[2]
#: A Monday morning in winter: London's clock shows UTC.
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
#: When a recipe for Monday's chicken goes out in London.
COOKING_TIME = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

Answer = Receipt | SendError


class Killed(BaseException):
    """Nothing in the engine catches it, as nothing catches a SIGKILL."""


class Post:
    """Plays the provider of every channel: takes each message, or gives the next of `answers`."""

    provider = "post"
    at_once = 100
    keeps_list = False

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.sent: list[tuple[datetime, Outgoing]] = []
        self.answers: deque[Answer] = deque()
        self.says: deque[SendError | None] = deque()

    def send(self, batch: Sequence[Outgoing]) -> list[Answer]:
        self.sent += [(self.clock(), one) for one in batch]
        return [
            self.answers.popleft()
            if self.answers
            else Receipt(self.provider, f"ref-{one.message_id}")
            for one in batch
        ]

    def ask(self) -> SendError | None:
        return self.says.popleft() if self.says else None

    def close(self) -> None:
        """Nothing is open."""


@cache
def shipped() -> tuple[dict[str, Campaign], Shop, Renderer]:
    """Read and compiled once for all tests of a process."""
    campaigns = {c.name: c for c in loading.load_campaigns(ROOT / "campaigns")}
    shop = loading.load_shop(ROOT / "campaigns")
    return campaigns, shop, Renderer(ROOT / "templates")


class Stage:
    """One database with everything around it."""

    def __init__(self, store: Store, *, now: datetime = MONDAY) -> None:
        self.now = now
        self.post = Post(lambda: self.now)
        campaigns, shop, renderer = shipped()
        self.rt = Runtime(
            settings=Settings(secret_key=people.SECRET, root=str(ROOT)),
            store=store,
            clock=lambda: self.now,
            campaigns=dict(campaigns),
            shop=shop,
            renderer=renderer,
            actor="worker-1",
        )
        self.rt.__dict__["senders"] = dict.fromkeys(Channel, self.post)
        self._told = 0

    def only(self, *names: str) -> None:
        """The shipped campaigns of these names, and no others."""
        self.rt.campaigns = {name: shipped()[0][name] for name in names}

    def add(self, campaign: Campaign) -> None:
        self.rt.campaigns = {**self.rt.campaigns, campaign.name: campaign}

    def move_in(self, *cast: Person) -> None:
        with self.rt.store.write() as tx:
            people.move_in(tx, *cast)

    def tell(
        self,
        type_: str,
        who: Person,
        *,
        at: datetime | None = None,
        order: str = "",
        items: Sequence[str] = (),
        id_: str = "",
        **facts: Any,
    ) -> str:
        """One event of the shop; `items` are categories, times among the facts become text. Returns its id."""
        event = self.event(
            type_, who, at=at, order=order, items=items, id_=id_, **facts
        )
        enrolling.take_in(self.rt, [event])
        return event.id

    def event(
        self,
        type_: str,
        who: Person,
        *,
        at: datetime | None = None,
        order: str = "",
        items: Sequence[str] = (),
        id_: str = "",
        **facts: Any,
    ) -> Event:
        self._told += 1
        at = at or self.now
        said: dict[str, Any] = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in facts.items()
        }
        if items:
            said["items"] = [
                {"product": f"{name}-1", "name": name, "category": name}
                for name in items
            ]
        body: dict[str, Any] = {"customer": {"id": who.id}}
        if order:
            body["order"] = {"id": order, **said}
        else:
            body["customer"] |= said
        return Event(id_ or f"e-{self._told}", type_, at, who.id, order, body)

    def plan(self) -> list[str]:
        """One tick; the ids that the queues would hear of."""
        return [id_ for ringing in planning.plan(self.rt) for id_ in ringing.ids]

    def deliver(self, *ids: str) -> int:
        return delivering.deliver(self.rt, ids)

    def tick(self) -> None:
        """Plans, and delivers what was rung: the scheduler and one worker."""
        probing.probe(self.rt)
        for ringing in planning.plan(self.rt):
            delivering.deliver(self.rt, ringing.ids)

    def run(self, until: datetime) -> None:
        """Lets time pass: stops at every moment at which something is due, then arrives."""
        self.tick()
        for _ in range(2000):
            coming = planning.look(self.rt).next
            if coming is None or coming > until:
                break
            self.now = max(self.now, coming)
            self.tick()
        else:
            raise AssertionError(f"something is due for ever at {self.now}")
        self.now = until
        self.tick()

    def sweep(self) -> sweeping.Swept:
        return sweeping.sweep(self.rt)

    def report(self, *events: dict[str, Any]) -> int:
        """What SendGrid would post about messages, kept and read."""
        tracking.keep(self.rt, "sendgrid", orjson.dumps(list(events)))
        count = 0
        while new := tracking.read_inbox(self.rt):
            count += new
        return count

    def event_of(self, name: str, mid: str, **more: Any) -> dict[str, Any]:
        """One of SendGrid's events."""
        stamp = int(self.now.timestamp())
        return {"event": name, "mid": mid, "timestamp": stamp, "email": "", **more}

    def messages(self, campaign: str = "", *, who: Person | None = None) -> list[Any]:
        """The rows of all messages, oldest first."""
        m = tables.messages
        query = select(m).order_by(m.c.created_at, m.c.due_at, m.c.id)
        if campaign:
            query = query.where(m.c.campaign == campaign)
        if who:
            query = query.where(m.c.customer_id == who.id)
        with self.rt.store.read() as tx:
            return list(tx.execute(query))

    def message(self, id_: str = "") -> Message:
        """The message of this id, or the only one there is."""
        if not id_:
            (row,) = self.messages()
            id_ = row.id
        with self.rt.store.read() as tx:
            return messages.load(tx, [id_])[id_]

    def customers(self, *cast: Person) -> list[Customer]:
        """The customers as they are known now."""
        with self.rt.store.read() as tx:
            known = customers.load(tx, [who.id for who in cast], now=self.now)
        return [known[who.id] for who in cast]

    def states(self) -> list[str]:
        return [row.state for row in self.messages()]

    def story(self, id_: str) -> list[tuple[str, str]]:
        """The word and the reason's code of each line of a message's story."""
        with self.rt.store.read() as tx:
            lines = stories.of(tx, id_)
        return [(line.word, (line.reason or {}).get("code", "")) for line in lines]

    def rows(self, table: Any) -> list[Any]:
        with self.rt.store.read() as tx:
            return list(tx.execute(select(table)))

    def put(self, id_: str, **columns: Any) -> None:
        """Alters a message's row behind everybody's back, to bring about what is hard to bring about."""
        with self.rt.store.write() as tx:
            alter(tx, id_, **columns)

    @property
    def sent_to(self) -> list[str]:
        return [one.to for _, one in self.post.sent]

    @contextmanager
    def between_decision_and_claim(self, act: Callable[[], object]) -> Iterator[None]:
        """Does something once, after the next batch was rendered and before it is claimed."""
        real, done = self.rt.renderer, []

        class Interrupted:
            def __getattr__(self, name: str) -> Any:
                return getattr(real, name)

            def render(self, *given: Any, **named: Any) -> Any:
                rendered = real.render(*given, **named)
                if not done:
                    done.append(True)
                    act()
                return rendered

        self.rt.renderer = Interrupted()  # type: ignore[assignment]
        yield
        self.rt.renderer = real
        assert done, "nothing was rendered"

    @contextmanager
    def rendering_kills(self, *orders: str) -> Iterator[None]:
        """Rendering a message about one of these orders ends the process, as far as a test can."""
        real = self.rt.renderer

        class Deadly:
            def __getattr__(self, name: str) -> Any:
                return getattr(real, name)

            def render(self, template: Any, channel: Any, values: Any) -> Any:
                if values.get("order", {}).get("number") in orders:
                    raise Killed
                return real.render(template, channel, values)

        self.rt.renderer = Deadly()  # type: ignore[assignment]
        yield
        self.rt.renderer = real


def due_recipe(stage: Stage, who: Person = ANN, *, order: str = "o-1") -> str:
    """A marketing e-mail that is due and was rung: Wednesday, four in the afternoon. Returns its id."""
    stage.only("recipe-follow-up")
    stage.tell("order.placed", who, at=MONDAY, order=order, items=["chicken"])
    stage.tell("order.delivered", who, at=MONDAY, order=order)
    stage.now = COOKING_TIME
    return _rung(stage, who)


def due_survey(stage: Stage, who: Person = ANN) -> str:
    """A survey that is due and was rung: Tuesday morning. Returns its id."""
    stage.only("nps-survey")
    stage.tell("order.placed", who, at=MONDAY, order="o-7", items=["eggs"])
    stage.plan()
    stage.now = MONDAY + DAY + HOUR
    return _rung(stage, who)


def due_alert(stage: Stage, who: Person = ANN, *, order: str = "o-9") -> str:
    """A service message that is due and was rung, as text, or as e-mail for who has no telephone. Returns its id."""
    stage.only("delivery-delay")
    promised = stage.now + HOUR
    stage.tell("order.placed", who, order=order, promised_at=promised)
    stage.now = promised + 17 * MINUTE
    return _rung(stage, who)


def _rung(stage: Stage, who: Person) -> str:
    """The one message to this person by the one campaign that is on, rung just now."""
    heard = stage.plan()
    (campaign,) = stage.rt.campaigns
    newest = [row.id for row in stage.messages(campaign, who=who) if row.id in heard]
    return str(newest[-1])


def renamed(campaign: Campaign, name: str, **changes: Any) -> Campaign:
    """A campaign like another one."""
    return replace(campaign, name=name, **changes)
