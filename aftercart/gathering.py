"""What do decisions look at? Everything known about a batch of people at one moment, in a handful of SELECTs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aftercart import conditions
from aftercart.campaigns import Campaign, RunningLow
from aftercart.keeping import Versions
from aftercart.model import Channel, Customer, Message, Order, Purpose
from aftercart.policy import Facts, Held, permission
from aftercart.policy.going_live import Had
from aftercart.policy.permission import Suppressed
from aftercart.policy.sending import CASE_HOLDS
from aftercart.reasons import Code, Reason, because
from aftercart.runtime import Runtime
from aftercart.store import (
    Tx,
    customers,
    desk,
    happenings,
    orders,
    pauses,
    permissions,
    ramps,
)
from aftercart.store.happenings import Past
from aftercart.store.pauses import ENDING, SAFE_MODE, Pause, provider_scope

#: A delivery that was never reported stops counting as "late" after this.
LATE_MEMORY = timedelta(days=3)


@dataclass(frozen=True)
class People:
    """A batch of customers and what is known about them."""

    customers: Mapping[str, Customer]
    orders: Mapping[str, Order]
    last_bought: Mapping[str, Mapping[str, datetime]]
    late: Mapping[str, str]
    cases: Mapping[str, tuple[str, datetime]]  #: customer -> kind, since
    pauses: Mapping[str, Pause]
    past: Mapping[str, Mapping[str, Past]]  #: customer -> source -> what happened
    _listed: Mapping[str, Sequence[permissions.Suppression]] = field(repr=False)

    def suppressed(
        self, customer: Customer, channel: Channel, purpose: Purpose
    ) -> Suppressed | None:
        """Why and since when the customer's address is off limits for the purpose."""
        key = customer.email_key if channel is Channel.EMAIL else customer.phone_key
        for entry in self._listed.get(key, ()):
            if entry.scope in ("all", purpose):
                return entry.reason, entry.at
        return None

    def paused(self, message: Message) -> Held | None:
        """What holds the message, a person or Aftercart itself, and since when."""
        service = message.purpose is Purpose.SERVICE
        its_campaign = f"the campaign {message.campaign}"
        for scope, what, code in (
            ("all", "everything", Code.HALTED),
            ("" if service else SAFE_MODE, str(message.purpose), Code.SAFE_MODE),
            (f"channel:{message.channel}", f"all {message.channel}", Code.HALTED),
            (own := f"campaign:{message.campaign}", its_campaign, Code.HALTED),
            (f"{ENDING}all", "everything", Code.ENDING),
            (f"{ENDING}{own}", its_campaign, Code.ENDING),
            (
                provider_scope(message.channel),
                permission.WORDS[message.channel],
                Code.PROVIDER_OUT,
            ),
        ):
            if held := self.pauses.get(scope):
                by_hand = Code.PAUSED if not held.words else code
                return Held(what, held.since, by_hand, held.words)
        return None


def people(
    tx: Tx,
    *,
    customer_ids: Collection[str],
    order_ids: Collection[str],
    campaigns: Collection[Campaign],
    now: datetime,
) -> People:
    """Loads what the campaigns ask about these customers and orders, as of `now`."""
    found = customers.load(tx, customer_ids, now=now)
    keys = {key for c in found.values() for key in (c.email_key, c.phone_key)}
    asked = {name for c in campaigns for name in categories(c)}
    return People(
        customers=found,
        orders=orders.load(tx, order_ids),
        last_bought=orders.last_bought(tx, customer_ids, categories=asked, now=now),
        late=orders.late(tx, customer_ids, now=now, since=now - LATE_MEMORY),
        cases=desk.open_cases(tx, customer_ids, since=now - CASE_HOLDS),
        pauses=pauses.paused(tx),
        past=past(tx, customer_ids, campaigns=campaigns, now=now),
        _listed=permissions.suppressed(tx, keys),
    )


def facts(
    rt: Runtime, message: Message, known: People, versions: Versions
) -> Facts | Reason:
    """What the decision on one message looks at; a reason where its campaign, its version of it, or its customer is gone."""
    campaign = versions[message.campaign, message.version]
    customer = known.customers.get(message.customer_id)
    if isinstance(campaign, Reason):
        return campaign
    if customer is None:
        return because(Code.CAMPAIGN_GONE, campaign=message.campaign)
    return Facts(
        message=message,
        customer=customer,
        campaign=campaign,
        order=known.orders.get(message.order_id),
        hours=rt.shop.quiet_hours.get(message.channel),
        paused=known.paused(message),
        suppressed=known.suppressed(customer, message.channel, message.purpose),
        late_order=known.late.get(customer.id, ""),
        case_since=known.cases.get(customer.id, ("", None))[1],
        last_bought=known.last_bought.get(customer.id, {}),
        past=known.past.get(customer.id, {}),
        trial=rt.shop.trial,
    )


def past(
    tx: Tx,
    customer_ids: Collection[str],
    *,
    campaigns: Collection[Campaign],
    now: datetime,
    stretch: timedelta = timedelta(),
) -> dict[str, dict[str, Past]]:
    """Per customer and source what happened by `now`, of what the campaigns ask for and as far back as they do.

    Who looks at each moment of a stretch that ends now needs as much more.
    """
    far: dict[str, timedelta | None] = {}
    for condition in (c for campaign in campaigns for c in campaign.conditions):
        for source, back in conditions.reach(condition).items():
            back = None if back is None else back + stretch
            far[source] = conditions.further(far.get(source, back), back)
    return happenings.load(tx, customer_ids, reach=far, now=now)


def had_so_far(tx: Tx, campaign: Campaign, *, now: datetime) -> Had:
    """How far the ramp of a campaign has come. While the campaign is held, its ramp does not go on."""
    scope = f"campaign:{campaign.name}"
    people_in, first_at = ramps.count(tx, campaign.name)
    held = scope in pauses.paused(tx)
    return Had(people_in, first_at, now if held else pauses.resumed_at(tx, scope))


def categories(campaign: Campaign) -> set[str]:
    """The categories whose last purchase the campaign asks about."""
    asked = {n for c in campaign.conditions for n in conditions.categories(c)}
    if isinstance(campaign.trigger, RunningLow):
        asked.update(s.category for s in campaign.trigger.staples)
    return asked


def sources(campaign: Campaign) -> set[str]:
    """What the campaign must know of the past: "orders", "clicks", "article.viewed", "score:nps-survey"."""
    return {name for c in campaign.conditions for name in conditions.sources(c)}
