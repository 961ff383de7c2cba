"""A shop's afternoon, written through the store's own functions: what pages are looked at with, and tested on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from aftercart import addresses, composing, links, loading
from aftercart.campaigns import Campaign
from aftercart.model import (
    Channel,
    Delivery,
    Enrollment,
    Message,
    ProviderEvent,
    Purpose,
    Signal,
    State,
    message_id,
)
from aftercart.reasons import Code, Reason, because
from aftercart.rendering import Renderer
from aftercart.runtime import Runtime
from aftercart.settings import Settings
from aftercart.shop import Shop
from aftercart.store import (
    Tx,
    customers,
    desk,
    enrollments,
    inbox,
    messages,
    open_store,
    orders,
    permissions,
    transitions,
    versions,
)
from aftercart.store.permissions import Consent, Suppression
from aftercart.store.transitions import Move, Ready

ROOT = Path(__file__).parents[2]
#: Thursday afternoon.
NOW = datetime(2026, 3, 5, 14, 20, tzinfo=UTC)
DATABASE = "aftercart.db"
SECRET = "a secret that is only for the tests"
TOKEN = "a token that is only for the tests"

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
_PEOPLE = (
    ("c-1001", "Ann", "Europe/London", "GB"),
    ("c-1002", "Bo", "Europe/London", "GB"),
    ("c-1003", "Cy", "America/New_York", "US"),
    ("c-1004", "Di", "Asia/Tokyo", "JP"),
    ("c-1005", "Eve", "Europe/Dublin", "IE"),
    ("c-1006", "Femi", "Europe/London", "GB"),
    ("c-1007", "Gwen", "Europe/London", "GB"),
    ("c-1008", "Hiroko", "Asia/Tokyo", "JP"),
    ("c-1009", "Ines", "Europe/Lisbon", "PT"),
    ("c-1010", "Jonas-Maximilian", "Europe/Berlin", "DE"),
)
_BASKET = (
    ("chicken-thighs", "Chicken thighs", "chicken", "1", "6.40"),
    ("leeks", "Leeks", "vegetables", "3", "0.85"),
    ("eggs-12", "Free-range eggs", "eggs", "1", "3.20"),
    ("milk-2l", "Whole milk", "milk", "1", "1.95"),
    ("lemons", "Lemons", "fruit", "2", "0.40"),
)


@dataclass(frozen=True)
class Planned:
    """One message of the afternoon: whose, by what, and how it ended."""

    campaign: str
    person: int
    channel: Channel
    purpose: Purpose
    due: datetime
    state: State
    reason: Reason | None = None
    delivery: Delivery | None = None
    order: str = ""
    content: str = ""


def runtime(folder: Path, **chosen: Any) -> Runtime:
    """A runtime on a database of its own, with the shipped campaigns, at NOW."""
    values = {
        "database_url": f"sqlite:///{folder / DATABASE}",
        "root": str(ROOT),
        "secret_key": SECRET,
        "api_token": TOKEN,
        "outbox": str(folder / "outbox.ndjson"),
    }
    settings = Settings(**{**values, **chosen})
    store = open_store(settings.database_url)
    store.upgrade()
    campaigns, shop, renderer = _shipped()
    return Runtime(
        settings=settings,
        store=store,
        clock=lambda: NOW,
        campaigns=campaigns,
        shop=shop,
        renderer=renderer,
    )


@cache
def _shipped() -> tuple[Mapping[str, Campaign], Shop, Renderer]:
    """Read and compiled once for all tests of a process."""
    campaigns = {c.name: c for c in loading.load_campaigns(ROOT / "campaigns")}
    shop = loading.load_shop(ROOT / "campaigns")
    return campaigns, shop, Renderer(ROOT / "templates")


def fill(rt: Runtime) -> list[Message]:
    """Customers, orders, messages in every state, answers and cases; answers the messages."""
    with rt.store.write() as tx:
        _people(tx)
        _orders(tx)
        made = [_message(tx, rt, planned) for planned in _afternoon()]
        _on_the_way(tx)
        _answers(tx, rt)
        _desk(tx)
        _refusals(tx)
        inbox.keep(tx, provider="sendgrid", body=b"[]", received_at=NOW)
    return made


def survey(tx: Tx, rt: Runtime, person: int, *, at: datetime) -> Message:
    """A survey message that was sent to one of the people."""
    return _message(
        tx,
        rt,
        Planned(
            "nps-survey",
            person,
            Channel.EMAIL,
            Purpose.SURVEY,
            at,
            State.ACCEPTED,
            delivery=Delivery.DELIVERED,
        ),
    )


def token(purpose: str, message: Message | str) -> str:
    """The token of a message's link."""
    id_ = message if isinstance(message, str) else message.id
    return links.sign(purpose, id_, secret=SECRET)


def person(tx: Tx, **said: Any) -> None:
    """One more customer, with consent to everything."""
    row = {"timezone": "Europe/London", "country": "GB", "locale": "en-GB", **said}
    for kind in ("email", "phone"):
        if row.get(kind):
            row[f"{kind}_key"] = addresses.key(row[kind], secret=SECRET)
    customers.save(tx, [row], now=NOW - 90 * DAY)
    agreed = [
        Consent(row["id"], kind, True, "checkout", NOW - 90 * DAY, "Yes, write to me.")
        for kind in permissions.KINDS
    ]
    permissions.record(tx, agreed)


def _people(tx: Tx) -> None:
    for n, (id_, name, zone, country) in enumerate(_PEOPLE):
        person(
            tx,
            id=id_,
            first_name=name,
            email=f"{name.lower()}@mail.example",
            phone=f"+4477009001{n:02}" if name != "Cy" else "",
            timezone=zone,
            country=country,
        )


def _refusals(tx: Tx) -> None:
    """Last, so that the messages before could be sent."""
    permissions.record(
        tx,
        [Consent("c-1002", "email_marketing", False, "one-click", NOW - 3 * DAY)],
    )
    permissions.suppress(
        tx,
        [
            Suppression(
                addresses.key("eve@mail.example", secret=SECRET),
                "all",
                "bounce",
                "sendgrid",
                NOW - 2 * DAY,
            )
        ],
    )


def _orders(tx: Tx) -> None:
    heads, lines = [], []
    for n in range(24):
        id_, who = f"o-{5001 + n}", _PEOPLE[n % len(_PEOPLE)][0]
        placed = NOW - timedelta(days=n // 2, hours=5 + n % 3)
        promised = placed + timedelta(hours=7)
        late = n % 5 == 0
        arrived = promised + timedelta(minutes=42 if late else -8)
        heads.append(
            {
                "id": id_,
                "customer_id": who,
                "placed_at": placed,
                "promised_at": promised,
                "delivered_at": arrived if arrived < NOW else None,
                "refunded_at": placed + DAY if n == 13 else None,
                "total": Decimal("12.80") + n,
                "currency": "GBP",
            }
        )
        lines += [
            {
                "order_id": id_,
                "line": i,
                "customer_id": who,
                "placed_at": placed,
                "product": product,
                "name": name,
                "category": category,
                "shop_category": category,
                "quantity": Decimal(quantity),
                "price": Decimal(price),
            }
            for i, (product, name, category, quantity, price) in enumerate(_BASKET)
        ]
    orders.add(tx, heads, lines)


def _afternoon() -> list[Planned]:
    """Each state at least once, and the everyday ones often."""
    mail, text = Channel.EMAIL, Channel.SMS
    market, survey_, service = Purpose.MARKETING, Purpose.SURVEY, Purpose.SERVICE
    recipe, nudge, delay = "recipe-follow-up", "reorder-nudge", "delivery-delay"
    at = NOW.replace(minute=0)
    quiet = because(Code.QUIET_HOURS, until="08:00", place="Tokyo")
    late = because(Code.LATE_ORDER, order="o-5001")
    no = because(Code.NO_CONSENT, purpose="marketing", channel="email")
    refunded = because(Code.ORDER_REFUNDED, order="o-5014")
    again = because(Code.REORDERED, products="eggs")
    lost = because(Code.NO_ANSWER, words="read timed out after 20 s")
    proofless = because(Code.NO_PROOF, period="72 hours")
    bad = because(Code.REFUSED, words="The 'To' number is not a mobile number [21614]")
    old = because(Code.EXPIRED, best_before="18:00")
    off = because(Code.ARRIVED, order="o-5003", at="17:52")
    listed = because(Code.SUPPRESSED, why="bounce", since="3 March")
    done, waits, not_sent = State.ACCEPTED, State.SCHEDULED, State.SKIPPED
    came = Delivery.DELIVERED
    dish = {"content": "paprika-chicken-traybake"}
    return [
        Planned(recipe, 0, mail, market, at - DAY, done, None, came, "o-5001", **dish),
        Planned(recipe, 6, mail, market, at - 2 * HOUR, done, None, came, "o-5007", **dish),
        Planned(recipe, 9, mail, market, at - 3 * HOUR, done, None, Delivery.PROCESSED, "o-5010", **dish),
        Planned(recipe, 8, mail, market, at - 4 * HOUR, done, None, Delivery.BOUNCED, "o-5009", **dish),
        Planned(recipe, 1, mail, market, at - 3 * HOUR, not_sent, no, None, "o-5002"),
        Planned(recipe, 3, mail, market, at - HOUR, not_sent, refunded, None, "o-5014"),
        Planned(recipe, 3, mail, market, at + 9 * HOUR, waits, quiet, None, "o-5004", **dish),
        Planned(recipe, 5, mail, market, at + 2 * HOUR, waits, None, None, "o-5006", **dish),
        Planned(nudge, 2, mail, market, at - 5 * HOUR, done, None, came),
        Planned(nudge, 7, mail, market, at - 26 * HOUR, not_sent, again),
        Planned(nudge, 4, mail, market, at - 27 * HOUR, not_sent, listed),
        Planned(nudge, 6, mail, market, at + HOUR, waits, late),
        Planned(delay, 0, text, service, at - 30 * HOUR, done, None, came, "o-5001"),
        Planned(delay, 5, text, service, at - 29 * HOUR, done, None, None, "o-5006"),
        Planned(delay, 2, text, service, at - 20 * HOUR, State.FAILED, bad, None, "o-5003"),
        Planned(delay, 9, text, service, at - 8 * HOUR, State.EXPIRED, old, None, "o-5010"),
        Planned(delay, 2, text, service, at - 7 * HOUR, State.CANCELLED, off, None, "o-5013"),
        Planned(delay, 8, text, service, NOW - timedelta(seconds=9), State.SENDING, None, None, "o-5019"),
        Planned(recipe, 7, mail, market, at - 21 * HOUR, State.UNCERTAIN, lost, None, "o-5008", **dish),
        Planned("nps-survey", 7, mail, survey_, at - 10 * HOUR, State.UNKNOWN, proofless),
    ]  # fmt: skip


def _message(tx: Tx, rt: Runtime, p: Planned) -> Message:
    who = _PEOPLE[p.person][0]
    occurrence = f"{p.order or 'week'}:{p.due:%Y-%m-%dT%H}"
    message = Message(
        id=message_id(p.campaign, who, occurrence, 0),
        campaign=p.campaign,
        version=rt.campaigns[p.campaign].version,
        customer_id=who,
        occurrence=occurrence,
        leg=0,
        channel=p.channel,
        purpose=p.purpose,
        template=p.campaign,
        state=State.SCHEDULED,
        due_at=p.due,
        expires_at=p.due + 2 * DAY,
        created_at=min(p.due, NOW) - timedelta(minutes=3),
        order_id=p.order,
        content=p.content,
        facts=_facts(p),
    )
    extra = {
        "enrollment_id": "e",
        "priority": 0,
        "slot_at": NOW if p.purpose is Purpose.MARKETING else None,
    }
    messages.plan(tx, [(message, extra)])
    if p.state in (State.SKIPPED, State.EXPIRED, State.CANCELLED, State.SCHEDULED):
        if p.reason:
            word = "held" if p.state is State.SCHEDULED else ""
            _move(tx, message, State.SCHEDULED, p, word=word)
        return message
    _send(tx, rt, message, p)
    return message


def _send(tx: Tx, rt: Runtime, message: Message, p: Planned) -> None:
    template = rt.renderer.template(message.template)
    versions.keep(
        tx, template.version, name=template.name, sources=template.sources, now=NOW
    )
    customer = customers.load(tx, [message.customer_id], now=p.due)[message.customer_id]
    values = composing.values(
        message,
        customer=customer,
        order=orders.load(tx, [p.order]).get(p.order),
        campaign=rt.campaigns[p.campaign],
        shop=rt.shop,
        links=composing.Links(*["https://shop.example/u/token"] * 3),
        last_bought={},
        now=p.due,
    )
    to = customer.address(p.channel)
    ready = Ready(message.id, to, template.version, values)
    lease = p.due + timedelta(seconds=90)
    claimed = transitions.claim(
        tx, [ready], now=p.due, lease_until=lease, actor="worker-1"
    )
    assert claimed, f"{p} was not claimed"
    if p.state is State.SENDING:
        return
    later = replace(p, due=p.due + timedelta(seconds=1))
    if p.state is State.UNKNOWN:
        _move(tx, message, State.SENDING, replace(later, state=State.UNCERTAIN))
        _move(tx, message, State.UNCERTAIN, replace(later, due=p.due + HOUR))
        return
    provider = "sendgrid" if p.channel is Channel.EMAIL else "twilio"
    columns: Mapping[str, Any] = {}
    if p.state is State.ACCEPTED:
        ref = message.id[::-1][:16]
        columns = {"accepted_at": later.due, "provider": provider, "provider_ref": ref}
    _move(tx, message, State.SENDING, later, columns=columns)
    if p.delivery:
        _report(tx, message, p.delivery, provider, later.due + timedelta(seconds=4))


def _report(
    tx: Tx, message: Message, delivery: Delivery, provider: str, at: datetime
) -> None:
    words = {
        Delivery.BOUNCED: "550 5.1.1 The email account that you tried to reach does not exist",
        Delivery.DELIVERED: "250 2.0.0 OK",
    }
    told = [(Delivery.PROCESSED, None, at), (delivery, None, at + timedelta(seconds=3))]
    if delivery is Delivery.DELIVERED and message.channel is Channel.EMAIL:
        told += [(None, Signal.OPENED, at + timedelta(minutes=34))]
    inbox.add_events(
        tx,
        [
            ProviderEvent(
                key=f"{message.id}|{moved or signal}",
                provider=provider,
                at=moment,
                message_id=message.id,
                delivery=moved,
                signal=signal,
                words=words.get(moved, "") if moved else "",
                machine=signal is Signal.OPENED and message.customer_id == "c-1001",
            )
            for moved, signal, moment in told
        ],
    )
    messages.report(
        tx, [(message.id, moved, moment) for moved, _, moment in told if moved]
    )


def _move(
    tx: Tx,
    message: Message,
    before: State,
    p: Planned,
    *,
    word: str = "",
    columns: Mapping[str, Any] | None = None,
) -> None:
    transitions.move(
        tx,
        [
            Move(
                message.id,
                before,
                p.state,
                min(p.due, NOW),
                "worker-1",
                word=word,
                reason=p.reason,
                columns=columns or {},
            )
        ],
    )


def _facts(p: Planned) -> dict[str, Any]:
    if p.campaign == "delivery-delay":
        return {"told": (p.due + timedelta(minutes=50)).isoformat()}
    if p.campaign == "reorder-nudge":
        bought = (p.due - 10 * DAY).isoformat()
        return {"staples": [{"category": "eggs", "name": "eggs", "last_at": bought}]}
    return {}


def _on_the_way(tx: Tx) -> None:
    way = [
        Enrollment(
            id=enrollments.enrollment_id("recipe-follow-up", who, order),
            campaign="recipe-follow-up",
            version="0",
            customer_id=who,
            occurrence=order,
            started_at=NOW - DAY,
            step=0,
            due_at=NOW + (n + 1) * 17 * HOUR,
            order_id=order,
        )
        for n, (who, order) in enumerate((("c-1001", "o-5011"), ("c-1002", "o-5012")))
    ]
    enrollments.add(tx, way)


def _answers(tx: Tx, rt: Runtime) -> None:
    words = {
        0: "The driver waited while I found my keys. Small thing, but nobody else does that.",
        3: "Good vegetables. The app forgets my list.",
        4: "Twice late in one month, and nobody rang before it was due.\nThe eggs were broken, too.",
        8: "",
    }
    for n, score in enumerate((10, 9, 8, 7, 3, 10, 9, 9, 6, 10)):
        at = NOW - timedelta(days=2 + n % 4, minutes=n)
        message = survey(tx, rt, n, at=at)
        given = {
            "message_id": message.id,
            "campaign": "nps-survey",
            "customer_id": message.customer_id,
            "score": score,
            "comment": words.get(n, ""),
        }
        desk.answer(tx, given, at=at + 2 * HOUR)
        transitions.tell(
            tx,
            message.id,
            at=at + 2 * HOUR,
            word="answered",
            actor="customer",
            reason={"words": f"{score} of 10"},
        )
        if score <= 6:
            desk.open_case(
                tx,
                "detractor",
                about=message.id,
                customer_id=message.customer_id,
                message_id=message.id,
                at=at + 2 * HOUR,
                note=f"Answered {score} of 10. {words.get(n, '')}".strip(),
            )


def _desk(tx: Tx) -> None:
    desk.open_case(
        tx,
        "call",
        about="o-5001",
        customer_id="c-1001",
        order_id="o-5001",
        at=NOW - timedelta(minutes=18),
        note="Promised for 14:00, now expected at 14:45.",
    )
    desk.open_case(
        tx, "call", about="old", customer_id="c-1007", at=NOW - 3 * DAY, note="Rang."
    )
    closed = next(c for c in _case_ids(tx) if c[1] == "c-1007")
    desk.close_case(tx, closed[0], at=NOW - 2 * DAY)
    desk.pause(tx, "campaign:reorder-nudge", at=NOW - 2 * HOUR, by="console")


def _case_ids(tx: Tx) -> list[tuple[str, str]]:
    rows = tx.exec_driver_sql("SELECT id, customer_id FROM cases").all()
    return [(row[0], row[1]) for row in rows]
