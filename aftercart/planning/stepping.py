"""Enrollments whose step is due take it; the messages that come of it are inserted, each once."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from aftercart import gathering, keeping, waking
from aftercart.campaigns import Campaign, LateDelivery
from aftercart.gathering import People
from aftercart.keeping import Versions
from aftercart.model import Channel, Customer, Enrollment, State
from aftercart.planning import twins
from aftercart.policy import Advance, View, advance
from aftercart.reasons import Code, Reason, because
from aftercart.runtime import Runtime
from aftercart.store import Tx, desk, enrollments, messages, past, tags
from aftercart.store.enrollments import Progress
from aftercart.store.tags import Tagging

_PAGE = 500
#: Pages in one transaction: half a second or one. Others wait so long to write (SQLite has one writer), and alerts to be told.
PAGES = 2
#: When a step that could not be judged is tried again.
LOOK_AGAIN = timedelta(minutes=15)

_log = structlog.get_logger(__name__)


def advance_due(
    tx: Tx, rt: Runtime, *, now: datetime, campaigns: Collection[str] | None = None
) -> bool:
    """Takes due steps, the oldest first, as many as one transaction may; answers whether there may be more.

    Where campaigns are named, theirs alone.
    """
    for _ in range(PAGES):
        page = enrollments.due(tx, now=now, limit=_PAGE, campaigns=campaigns)
        if not page:
            return False
        _page(tx, rt, page, now)
    return True


def _page(tx: Tx, rt: Runtime, page: Sequence[Enrollment], now: datetime) -> None:
    versions = keeping.of(tx, rt, {(e.campaign, e.version) for e in page})
    known = gathering.people(
        tx,
        customer_ids={e.customer_id for e in page},
        order_ids={e.order_id for e in page},
        campaigns=keeping.campaigns(versions),
        now=now,
    )
    history = _History(tx, versions, page, now)
    done: list[tuple[Enrollment, Campaign, Advance]] = []
    steps: list[Progress] = []
    for enrollment, campaign in _met(tx, page, versions, now):
        if (
            isinstance(campaign, Reason)
            or enrollment.customer_id not in known.customers
        ):
            gone = because(Code.CAMPAIGN_GONE, campaign=enrollment.campaign)
            why = campaign if isinstance(campaign, Reason) else gone
            steps.append(Progress(enrollment.id, enrollment.step, now, now, why))
            continue
        try:
            one = advance(
                enrollment,
                campaign=campaign,
                shop=rt.shop,
                view=_view(enrollment, campaign, known, history),
                now=now,
            )
        except Exception:
            # one person whose step cannot be judged must not keep everybody else from being planned
            _log.exception("a step could not be taken", enrollment=enrollment.id)
            steps.append(Progress(enrollment.id, enrollment.step, now + LOOK_AGAIN))
            continue
        history.add(enrollment, one, known.customers[enrollment.customer_id])
        done.append((enrollment, campaign, one))
    enrollments.progress(tx, [*steps, *_progress(tx, done, now)])
    tags.write(tx, history.tagged)
    _carry_out(tx, done, known, now)


def _met(
    tx: Tx, page: Sequence[Enrollment], versions: Versions, now: datetime
) -> list[tuple[Enrollment, Campaign | Reason]]:
    """The page with the campaigns; those whose wait ends are asked once more whether that happened which they wait for."""
    found = [(e, versions[e.campaign, e.version]) for e in page]
    waits = [(e, c) for e, c in found if isinstance(c, Campaign)]
    met = waking.overtaken(tx, waits, now=now)
    return [(met.get(e.id, e), c) for e, c in found]


def _progress(
    tx: Tx, done: Sequence[tuple[Enrollment, Campaign, Advance]], now: datetime
) -> list[Progress]:
    """Where everybody stands now. Who has only begun to wait for what has happened by now is due again at once."""
    begun = [(one.moves(e), c) for e, c, one in done if one.awaits]
    met = waking.overtaken(tx, begun, now=now)
    return [
        Progress(
            e.id,
            one.step,
            met[e.id].due_at if e.id in met else one.due_at,
            now if one.ended else None,
            one.reason,
            "" if e.id in met else one.awaits,
            met[e.id].facts if e.id in met else one.facts,
        )
        for e, _, one in done
    ]


def _carry_out(
    tx: Tx,
    done: Sequence[tuple[Enrollment, Campaign, Advance]],
    known: People,
    now: datetime,
) -> None:
    """Writes what comes of the steps: messages, cases, and what support is asked to do."""
    drafts = []
    for enrollment, campaign, one in done:
        drafts += [
            (d.message, {"enrollment_id": enrollment.id, "priority": d.priority})
            for d in one.drafts
        ]
        if one.drafts and campaign.opens_case:
            _open_case(tx, campaign, enrollment, now)
        for number, words in one.tasks:
            _open_task(tx, campaign, enrollment, number, words, now)
    messages.plan(tx, twins.merge(tx, drafts, known.customers))


def _view(
    e: Enrollment, campaign: Campaign, known: People, history: "_History"
) -> View:
    customer = known.customers[e.customer_id]
    if customer.id in history.tags:
        customer = replace(customer, tags=history.tags[customer.id])
    listed = {
        channel: why
        for channel in Channel
        if (why := known.suppressed(customer, channel, campaign.purpose))
    }
    told = history.told.get((e.campaign, e.order_id), [])
    return View(
        customer=customer,
        order=known.orders.get(e.order_id),
        last_bought=known.last_bought.get(customer.id, {}),
        past=known.past.get(customer.id, {}),
        suppressed=listed,
        had=frozenset(history.had.get((e.campaign, customer.id), ())),
        reached=tuple(history.reached.get((e.campaign, customer.id), ())),
        told=tuple(datetime.fromisoformat(t) if t else None for t in told),
    )


def _open_case(tx: Tx, campaign: Campaign, e: Enrollment, now: datetime) -> None:
    kind = "late_order" if isinstance(campaign.trigger, LateDelivery) else campaign.name
    desk.open_case(
        tx,
        kind,
        about=e.order_id or e.id,
        customer_id=e.customer_id,
        order_id=e.order_id,
        at=now,
        note=campaign.opens_case,
    )


def _open_task(
    tx: Tx, campaign: Campaign, e: Enrollment, number: int, words: str, now: datetime
) -> None:
    desk.open_case(
        tx,
        desk.TASK,
        about=f"{e.id}#{number}",
        customer_id=e.customer_id,
        order_id=e.order_id,
        at=now,
        note=f"{campaign.title}: {words}",
    )


class _History:
    """What each person has had of each campaign; kept up to date within the page, so that two steps of one page see each other."""

    def __init__(
        self, tx: Tx, versions: Versions, page: Sequence[Enrollment], now: datetime
    ) -> None:
        self.had: dict[tuple[str, str], set[str]] = {}
        self.reached: dict[tuple[str, str], list[datetime]] = {}
        self.told: dict[tuple[str, str], list[str]] = {}
        self.now = now
        self.tagged: list[Tagging] = []
        self.tags: dict[str, frozenset[str]] = {}  #: of whom this page has tagged
        for name in sorted({e.campaign for e in page}):
            on = [c for c in keeping.campaigns(versions) if c.name == name]
            people = {e.customer_id for e in page if e.campaign == name}
            if periods := [c.limit.period for c in on if c.limit]:
                found = past.reached(tx, name, people, since=now - max(periods))
                self.reached.update(((name, c), at) for c, at in found.items())
            had = past.contents(tx, name, people)
            self.had.update(((name, c), set(ids)) for c, ids in had.items())
            if any(isinstance(c.trigger, LateDelivery) for c in on):
                orders = {e.order_id for e in page if e.campaign == name}
                told = past.told(tx, name, orders)
                self.told.update(((name, o), list(t)) for o, t in told.items())

    def add(self, e: Enrollment, done: Advance, customer: Customer) -> None:
        for tag, on in done.tags:
            self.tagged.append(Tagging(customer.id, tag, self.now, e.campaign, on))
            known = self.tags.get(customer.id, customer.tags) - {tag}
            self.tags[customer.id] = known | {tag} if on else known
        for draft in done.drafts:
            message = draft.message
            if message.state is not State.SCHEDULED:
                continue
            person = (e.campaign, e.customer_id)
            self.reached.setdefault(person, []).append(message.created_at)
            if message.content:
                self.had.setdefault(person, set()).add(message.content)
            self.told.setdefault((e.campaign, e.order_id), []).append(
                message.facts.get("told", "")
            )
