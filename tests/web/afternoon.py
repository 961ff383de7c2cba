"""A shop's afternoon: what pages are looked at with, and tested on."""

from datetime import timedelta
from decimal import Decimal

from aftercart import addresses
from aftercart.model import (
    Channel,
    Delivery,
    Enrollment,
    Message,
    Purpose,
    State,
    enrollment_id,
)
from aftercart.reasons import Code, because
from aftercart.runtime import Runtime
from aftercart.store import (
    Tx,
    desk,
    enrollments,
    inbox,
    orders,
    pauses,
    permissions,
    stories,
)
from aftercart.store.permissions import Consent, Suppression
from aftercart.store.stories import Line
from tests.web import sent
from tests.web.seeding import DAY, HOUR, NOW, PEOPLE, SECRET, person
from tests.web.sent import Planned

_BASKET = (
    ("chicken-thighs", "Chicken thighs", "chicken", "1", "6.40"),
    ("leeks", "Leeks", "vegetables", "3", "0.85"),
    ("eggs-12", "Free-range eggs", "eggs", "1", "3.20"),
    ("milk-2l", "Whole milk", "milk", "1", "1.95"),
    ("lemons", "Lemons", "fruit", "2", "0.40"),
)


def fill(rt: Runtime) -> list[Message]:
    """Customers, orders, messages in every state, answers and cases; answers the messages."""
    with rt.store.write() as tx:
        _people(tx)
        _orders(tx)
        made = [sent.bring(tx, rt, planned) for planned in _afternoon()]
        _on_the_way(tx)
        _answers(tx, rt)
        _desk(tx)
        _refusals(tx)
        inbox.keep(tx, provider="sendgrid", body=b"[]", received_at=NOW)
    return made


def _people(tx: Tx) -> None:
    for n, (id_, name, zone, country) in enumerate(PEOPLE):
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
        id_, who = f"o-{5001 + n}", PEOPLE[n % len(PEOPLE)][0]
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


def _on_the_way(tx: Tx) -> None:
    way = [
        Enrollment(
            id=enrollment_id("recipe-follow-up", who, order),
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
        message = sent.survey(tx, rt, n, at=at)
        given = {
            "message_id": message.id,
            "campaign": "nps-survey",
            "customer_id": message.customer_id,
            "score": score,
            "comment": words.get(n, ""),
        }
        desk.answer(tx, given, at=at + 2 * HOUR)
        line = {"words": f"{score} of 10"}
        told = Line(message.id, at + 2 * HOUR, "answered", "customer", line)
        stories.tell(tx, [told])
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
    pauses.pause(tx, "campaign:reorder-nudge", at=NOW - 2 * HOUR, by="console")


def _case_ids(tx: Tx) -> list[tuple[str, str]]:
    rows = tx.exec_driver_sql("SELECT id, customer_id FROM cases").all()
    return [(row[0], row[1]) for row in rows]
