"""What does a test in a campaign file say? The customer, the orders and events that are given, and the messages expected of them.

All times are on the invented customer's own clock.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aftercart import moments
from aftercart.errors import InputError, Place, Problem
from aftercart.examples import Example, Expected, Reaction
from aftercart.intake import read_event
from aftercart.loading.documents import Document, Path_
from aftercart.loading.given import (
    CustomerShape,
    EventShape,
    ExampleShape,
    ExpectedShape,
    GivenShape,
    ItemShape,
    OrderShape,
)
from aftercart.model import Channel, Event, Signal
from aftercart.reasons import Code
from aftercart.spelling import did_you_mean

#: The invented customer. Reserved for fiction: nobody has this number, and no mail reaches this domain.
CUSTOMER = "ann"
_NAME, _COUNTRY, _LOCALE = "Ann", "GB", "en-GB"
_EMAIL, _PHONE = "ann@shop.example", "+447700900123"
_AGREED = {"email": "email_marketing", "sms": "sms_marketing", "survey": "survey"}
#: An order that is only said to have arrived was placed so long before.
_ON_THE_WAY = timedelta(hours=2)
#: The customer was there so long before the first thing that is given.
_KNOWN_FOR = timedelta(days=1)
#: It is watched for so long after the last thing that is given or expected.
_AFTERWARDS = timedelta(days=7)
_OF_ORDER = ("promised", "cancelled", "refunded", "delivered")
#: What they do with a message, by its key.
_DEEDS = {s.value: s for s in (Signal.OPENED, Signal.CLICKED, Signal.UNSUBSCRIBED)}
_KINDS = ("customer", "order", "event", "answer", *_DEEDS)


@dataclass
class ExampleBuilder:
    """Builds one test, and collects its mistakes in the document's list of problems."""

    document: Document
    shape: ExampleShape
    path: Path_
    ways: (
        frozenset[tuple[Channel, str]] | None
    )  #: what the campaign sends, and how, where that is known
    survey: (
        str  #: the one that is answered where none is named; "" where that is not clear
    )
    problems: list[Problem]

    def build(self) -> Example | None:
        """The test, or None after its mistakes were added to `problems`."""
        before = len(self.problems)
        customer = self._customer()
        try:
            zone = moments.zone(customer.timezone)
        except InputError as error:
            at = next(n for n, g in enumerate(self.shape.given) if g.customer)
            path = ("given", at, "customer", "timezone")
            self._wrong(path, str(error), value=True)
            return None
        told = [moment for shape in self.shape.given for moment in _moments(shape)]
        expected = [
            found
            for number, shape in enumerate(self.shape.expect)
            if (found := self._expected(shape, ("expect", number), zone))
        ]
        if not told:
            self._wrong(("given",), "nothing happens", "give an order or an event")
            return None
        last = max(told + [e.at for e in self.shape.expect if e.at])
        until = self.shape.until or last + _AFTERWARDS
        events = [*self._arrives(customer, min(told), zone), *self._events(zone)]
        reactions = list(self._reactions(zone))
        if len(self.problems) > before:
            return None
        return Example(
            place=self._place(()),
            title=self.shape.name or "",
            timezone=customer.timezone,
            events=tuple(sorted(events, key=lambda e: (e.at, e.id))),
            until=moments.moment(until, zone),
            expected=tuple(expected),
            reactions=tuple(sorted(reactions, key=lambda r: r.at)),
        )

    def _wrong(
        self, path: Path_, message: str, hint: str = "", *, value: bool = False
    ) -> None:
        there = (*self.path, *path)
        self.problems.append(self.document.problem(there, message, hint, key=not value))

    def _place(self, path: Path_) -> Place:
        spot = self.document.spot((*self.path, *path))
        return Place(self.document.file, *spot)

    def _customer(self) -> CustomerShape:
        found = [g.customer for g in self.shape.given if g.customer]
        if len(found) > 1:
            self._wrong(("given",), "a test has one customer", "make two tests of it")
        return found[0] if found else CustomerShape()

    def _expected(
        self, shape: ExpectedShape, path: Path_, zone: ZoneInfo
    ) -> Expected | None:
        named = [k for k in ("email", "sms", "task", "skipped") if getattr(shape, k)]
        if len(named) != 1:
            self._wrong(path, "one of email, sms, task, skipped is needed here")
            return None
        at = moments.moment(shape.at, zone) if shape.at else None
        if shape.skipped:
            if shape.skipped not in set(Code):
                hint = did_you_mean(shape.skipped, [str(code) for code in Code])
                words = f'there is no reason "{shape.skipped}"'
                self._wrong((*path, "skipped"), words, hint)
            return Expected(self._place(path), at, reason=shape.skipped)
        if at is None:
            self._wrong(path, "when is it expected?", 'write "at: 2026-03-04 16:00"')
        if shape.task:
            return Expected(self._place(path), at, task=shape.task)
        channel = Channel.EMAIL if shape.email else Channel.SMS
        template = shape.email or shape.sms or ""
        if self.ways is not None and (channel, template) not in self.ways:
            known = [name for way, name in self.ways if way is channel]
            words = f'this campaign does not send "{template}" by {channel}'
            self._wrong((*path, channel.value), words, did_you_mean(template, known))
        return Expected(self._place(path), at, channel, template)

    def _arrives(
        self, customer: CustomerShape, first: datetime, zone: ZoneInfo
    ) -> Iterator[Event]:
        """The customer is there, and has agreed, before anything happens."""
        at = moments.moment(first - _KNOWN_FOR, zone).isoformat()
        said: dict[str, Any] = {
            "id": CUSTOMER,
            "timezone": customer.timezone,
            "first_name": customer.first_name or _NAME,
            "country": customer.country or _COUNTRY,
            "locale": customer.locale or _LOCALE,
        }
        for name in ("birthday", "since"):
            if getattr(customer, name):
                said[name] = getattr(customer, name)
        said |= {"tags": customer.tags} if customer.tags else {}
        said |= {"email": _EMAIL} if customer.email else {}
        said |= {"phone": _PHONE} if customer.phone else {}
        yield from self._event(
            {"id": "given-0", "type": "customer.created", "at": at, "customer": said},
            ("given",),
        )
        yes = [{"kind": _AGREED[word]} for word in customer.agreed]
        if yes:
            consent = {"id": CUSTOMER, "consents": yes}
            yield from self._event(
                {
                    "id": "given-1",
                    "type": "customer.consented",
                    "at": at,
                    "customer": consent,
                },
                ("given",),
            )

    def _events(self, zone: ZoneInfo) -> Iterator[Event]:
        for number, given in enumerate(self.shape.given):
            path = ("given", number)
            said = [kind for kind in _KINDS if getattr(given, kind) is not None]
            if len(said) != 1:
                self._wrong(path, f"one of {', '.join(_KINDS)} is needed here")
            elif given.order:
                raws = self._order(given.order, f"o-{number + 1}", path, zone)
                for raw in raws:
                    yield from self._event(raw, path)
            elif given.event:
                yield from self._event(self._other(given.event, number, zone), path)

    def _reactions(self, zone: ZoneInfo) -> Iterator[Reaction]:
        """What the customer does with messages."""
        for number, given in enumerate(self.shape.given):
            path = ("given", number)
            place = self._place(path)
            for name, signal in _DEEDS.items():
                if at := getattr(given, name):
                    yield Reaction(place, moments.moment(at, zone), signal)
            if not given.answer:
                continue
            survey = given.answer.survey or self.survey
            if not survey:
                words = "which survey is answered?"
                self._wrong((*path, "answer"), words, 'write "survey: nps-survey"')
            at = moments.moment(given.answer.at, zone)
            score = given.answer.score
            yield Reaction(place, at, Signal.ANSWERED, survey, score)

    def _order(
        self, order: OrderShape, name: str, path: Path_, zone: ZoneInfo
    ) -> Iterator[dict[str, Any]]:
        id_ = order.id or name
        placed = order.placed or (order.delivered and order.delivered - _ON_THE_WAY)
        if placed is None:
            self._wrong(
                path, "an order needs a time", 'write "placed:" or "delivered:"'
            )
            return
        told: dict[str, Any] = {"id": id_, "items": [_item(i) for i in order.items]}
        if order.promised:
            told["promised_at"] = moments.moment(order.promised, zone).isoformat()
        times = {"placed": placed, **{n: getattr(order, n) for n in _OF_ORDER[1:]}}
        for verb, at in times.items():
            if at:
                yield {
                    "id": f"{id_}-{verb}",
                    "type": f"order.{verb}",
                    "at": moments.moment(at, zone).isoformat(),
                    "customer": {"id": CUSTOMER},
                    "order": told if verb == "placed" else {"id": id_},
                }

    def _other(self, event: EventShape, number: int, zone: ZoneInfo) -> dict[str, Any]:
        raw: dict[str, Any] = {
            "id": f"given-{number + 2}",
            "type": event.type,
            "at": moments.moment(event.at, zone).isoformat(),
            "customer": {"id": CUSTOMER},
        }
        if event.order:
            raw["order"] = {"id": event.order}
            if event.eta:
                raw["order"]["eta"] = moments.moment(event.eta, zone).isoformat()
        return raw

    def _event(self, raw: dict[str, Any], path: Path_) -> Iterator[Event]:
        found = read_event(raw)
        if isinstance(found, Event):
            yield found
            return
        for mistake in found:
            self._wrong(path, str(mistake))


def build_all(
    document: Document,
    shapes: Sequence[ExampleShape],
    *,
    ways: frozenset[tuple[Channel, str]] | None,
    survey: str,
    problems: list[Problem],
) -> tuple[Example, ...]:
    """All tests of a file; the mistakes of those that cannot be built are added to `problems`."""
    built = [
        ExampleBuilder(
            document, shape, ("tests", number), ways, survey, problems
        ).build()
        for number, shape in enumerate(shapes)
    ]
    return tuple(example for example in built if example)


def _item(item: ItemShape) -> dict[str, Any]:
    told: dict[str, Any] = {
        "product": item.name or item.category,
        "name": item.name or item.category,
        "category": item.category,
        "quantity": item.quantity,
    }
    return told | ({"price": item.price} if item.price is not None else {})


def _moments(given: GivenShape) -> list[datetime]:
    if given.order:
        first = given.order.placed or (
            given.order.delivered and given.order.delivered - _ON_THE_WAY
        )
        times = [first, *(getattr(given.order, n) for n in _OF_ORDER)]
        return [at for at in times if at]
    done = [getattr(given, name) for name in _DEEDS]
    told = [one.at for one in (given.event, given.answer) if one]
    return told + [at for at in done if at]
