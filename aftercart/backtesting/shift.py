"""What does one process of a back-test do? Some households at a time: their lives, the texts they would get, the counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

from aftercart import codes, composing, keeping, loading, recalling, sms
from aftercart.backtesting.tally import Tally
from aftercart.campaigns import Campaign
from aftercart.errors import TemplateError
from aftercart.handover import Rendered
from aftercart.model import Channel, Purpose, State
from aftercart.policy import Facts
from aftercart.reasons import Reason
from aftercart.rendering import Renderer, Template
from aftercart.settings import Settings
from aftercart.simulating import Household, Outcome, World, live
from aftercart.store import Store, open_store

_LINKS = composing.Links(
    unsubscribe="https://shop.example/u/back-test",
    preferences="https://shop.example/u/back-test",
    survey="https://shop.example/s/back-test",
    referral="7K2M9QXH",
)


@dataclass(frozen=True)
class Assignment:
    """Some households, and the stretch for which they are simulated."""

    settings: Settings
    campaigns: tuple[str, ...]
    groups: Sequence[tuple[str, ...]]
    start: datetime
    end: datetime
    seed: int
    messages: bool
    ahead: bool = (
        False  #: from the state of the database on, with nothing new happening
    )


@dataclass(frozen=True)
class Told:
    """One message of a back-test, as `--json` lists it."""

    id: str
    campaign: str
    customer: str
    channel: str
    template: str
    state: str
    reason: Mapping[str, str] | None
    due_at: datetime
    accepted_at: datetime | None
    occurrence: str


@dataclass(frozen=True)
class Sample:
    """A message as somebody would have got it."""

    campaign: str
    template: str
    customer: str
    channel: Channel
    at: datetime
    rendered: Rendered


@dataclass
class Yield:
    """What came of an assignment."""

    tally: Tally = field(default_factory=Tally)
    samples: list[Sample] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)


@dataclass(frozen=True)
class _Bench:
    """What a process keeps from one assignment to the next."""

    store: Store
    world: World
    renderer: Renderer
    remembered: dict[keeping.Key, Campaign | Reason] = field(default_factory=dict)


@lru_cache(maxsize=2)
def _bench(settings: Settings, campaigns: tuple[str, ...]) -> _Bench:
    folder = settings.folder
    every, shop = loading.load(folder / "campaigns", only=campaigns)
    chosen = [c for c in every if c.name in campaigns]
    world = World({c.name: c for c in chosen}, shop)
    return _Bench(
        open_store(settings.database_url),
        world,
        Renderer(folder / "templates", locale=world.shop.locale),
    )


def work(assignment: Assignment) -> Yield:
    """Lives through the assignment's households."""
    bench = _bench(assignment.settings, assignment.campaigns)
    given = Yield()
    lives, world = _lives(bench, assignment)
    limits = bench.world.shop.cap.get(Purpose.MARKETING, ())
    pen = _Pen(bench, given)
    for household in lives:
        before = _over(household)
        outcomes, tasks = live(
            household,
            world=world,
            start=assignment.start,
            end=assignment.end,
            on_send=pen.write,
        )
        outcomes = [o for o in outcomes if o.message.id not in before]
        for life in household.lives:
            mine = [o for o in outcomes if o.message.customer_id == life.customer.id]
            given.tally.take(life.customer, mine, limits)
        for done in tasks:
            given.tally.task(done)
        if assignment.messages:
            given.told += map(_told, outcomes)
    return given


def _lives(bench: _Bench, a: Assignment) -> tuple[list[Household], World]:
    """The households, and the world with the versions on which their people are."""
    world = bench.world
    campaigns = list(world.campaigns.values())
    with bench.store.read() as tx:
        if not a.ahead:
            found = recalling.recall(
                tx,
                a.groups,
                campaigns=campaigns,
                start=a.start,
                end=a.end,
                seed=a.seed,
            )
            return list(found), world
        ids = [id_ for group in a.groups for id_ in group]
        standing = recalling.ahead(tx, ids, campaigns=campaigns, now=a.start)
        by_id = {life.customer.id: life for life in standing}
        wanted = recalling.versions(list(by_id.values()))
        older = keeping.made(
            tx, wanted, world.campaigns, world.shop, remembered=bench.remembered
        )
    kept = {key: c for key, c in older.items() if isinstance(c, Campaign)}
    households = [Household([by_id[id_] for id_ in group]) for group in a.groups]
    return households, replace(world, older=kept)


def _over(household: Household) -> set[str]:
    """The messages that were over before the first moment."""
    return {
        message.id
        for life in household.lives
        for message in life.begun.messages
        if message.state is not State.SCHEDULED
    }


class _Pen:
    """Writes what is counted by its text, and one of each for the report."""

    def __init__(self, bench: _Bench, given: Yield) -> None:
        self._bench, self._given = bench, given
        self._shown: set[tuple[str, str]] = set()
        self._templates: dict[tuple[str, str], Template] = {}

    def write(self, facts: Facts, now: datetime) -> None:
        """What the customer would read: of every SMS, and of the first e-mail from each template."""
        message = facts.message
        key = message.campaign, message.template
        if message.channel is Channel.EMAIL and key in self._shown:
            return
        try:
            rendered = self._render(facts, now)
        except TemplateError:
            # `check` tells what is wrong with it, and in truth it would not go either
            return
        if message.channel is Channel.SMS:
            parts = sms.measure(rendered.text).parts
            country = facts.customer.country or "?"
            self._given.tally.text(message.campaign, country, parts)
        if key not in self._shown:
            self._shown.add(key)
            self._given.samples.append(
                Sample(*key, facts.customer.id, message.channel, now, rendered)
            )

    def _render(self, facts: Facts, now: datetime) -> Rendered:
        message, shop = facts.message, self._bench.world.shop
        template = self._template(message.template, facts.customer.locale)
        # nobody will enter it: only its length counts, and no key is at hand
        coupon = codes.of_message(shop.coupons, message, secret="")
        values = composing.values(
            message,
            customer=facts.customer,
            order=facts.order,
            campaign=facts.campaign,
            shop=shop,
            locale=template.locale,
            links=replace(_LINKS, coupon=coupon),
            last_bought=facts.last_bought,
            now=now,
        )
        return self._bench.renderer.render(template, message.channel, values)

    def _template(self, name: str, locale: str) -> Template:
        """Looked up once: what somebody changes meanwhile does not split the report."""
        if (name, locale) not in self._templates:
            made = self._bench.renderer.template(name, locale)
            self._templates[name, locale] = made
        return self._templates[name, locale]


def _told(outcome: Outcome) -> Told:
    m = outcome.message
    return Told(
        id=m.id,
        campaign=m.campaign,
        customer=m.customer_id,
        channel=m.channel.value,
        template=m.template,
        state=m.state.value,
        reason=m.reason.to_json() if m.reason else None,
        due_at=m.due_at,
        accepted_at=m.accepted_at,
        occurrence=m.occurrence,
    )
