"""The form of an event: what is accepted, what is refused, and in which words."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from aftercart import intake
from aftercart.errors import InputError


def placed(**changes: Any) -> dict[str, Any]:
    """A usable order.placed, with changes."""
    return {
        "id": "e-81",
        "type": "order.placed",
        "at": "2026-03-02T10:00:00Z",
        "customer": {"id": "c-7"},
        "order": {"id": "o-5", "items": [{"product": "eggs-12", "price": "3.20"}]},
    } | changes


def mistakes(raw: object) -> dict[str, str]:
    """What is wrong with an event, by path."""
    found = intake.read_event(raw)
    assert isinstance(found, list), found
    return {m.path: m.message for m in found}


def test_the_example_of_the_published_form_is_an_event() -> None:
    (example,) = intake.EventForm.model_json_schema()["examples"]

    event = intake.parse_event(example)

    assert event.id == "e-81"
    assert event.type == "order.placed"
    assert event.at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert (event.customer_id, event.order_id) == ("c-7", "o-5")


def test_the_body_is_plain_json_with_utc_times_and_exact_amounts() -> None:
    raw = placed(
        order={
            "id": "o-5",
            "promised_at": "2026-03-02T18:30:00+01:00",
            "total": 9.6,
            "items": [{"product": "eggs-12", "quantity": 3, "price": 3.2}],
        },
        data={"channel": "app"},
    )

    body = intake.parse_event(raw).body

    assert orjson.loads(orjson.dumps(body)) == body
    assert body["order"]["promised_at"] == "2026-03-02T17:30:00Z"
    assert body["order"]["total"] == "9.60"
    assert body["order"]["items"] == [
        {
            "product": "eggs-12",
            "name": "",
            "category": "",
            "quantity": "3",
            "price": "3.20",
        }
    ]
    assert body["data"] == {"channel": "app"}
    assert body["customer"] == {"id": "c-7"}


def test_addresses_stay_as_they_were_typed() -> None:
    said = {"id": "c-7", "email": " Ann@Shop.Example ", "phone": "07700 900 001"}

    event = intake.parse_event(placed(customer=said))

    assert event.body["customer"] == said


def test_numbers_as_ids_become_texts() -> None:
    event = intake.parse_event(placed(id=81, customer={"id": 7}))

    assert (event.id, event.customer_id) == ("81", "7")


def test_a_type_that_nobody_knows_is_kept() -> None:
    event = intake.parse_event(
        {
            "id": "e",
            "type": "loyalty.reached",
            "at": "2026-03-02T10:00:00Z",
            "customer": {"id": "c"},
        }
    )

    assert event.type == "loyalty.reached"
    assert event.order_id == ""


@pytest.mark.parametrize("kind", ["placed", "Order.placed", "order.placed.now", "", 5])
def test_a_type_is_a_noun_and_a_verb(kind: object) -> None:
    assert list(mistakes(placed(type=kind))) == ["type"]


@pytest.mark.parametrize(
    "at",
    [
        "2026-03-02T10:00:00",
        "2026-03-02",
        "yesterday",
        "1772445600",
        1772445600,
        "9999-12-31T23:59:59-05:00",
        None,
    ],
)
def test_a_time_without_its_zone_is_refused(at: object) -> None:
    assert list(mistakes(placed(at=at))) == ["at"]


def test_all_mistakes_are_told_at_once_with_their_paths() -> None:
    raw = placed(
        id="",
        customer={"timezone": "Mars", "frist_name": "Ann"},
        order={"id": "o", "items": [{"product": "p"}, {"price": "abc", "quantity": 0}]},
        custmer={},
    )

    found = mistakes(raw)

    assert list(found) == [
        "id",
        "customer.id",
        "customer.timezone",
        "customer.frist_name",
        "order.items.1.product",
        "order.items.1.quantity",
        "order.items.1.price",
        "custmer",
    ]
    assert 'did you mean "first_name"?' in found["customer.frist_name"]
    assert 'did you mean "customer"?' in found["custmer"]


def test_an_order_event_needs_its_order_and_a_new_eta_its_time() -> None:
    without = {k: v for k, v in placed().items() if k != "order"}

    assert list(mistakes(without)) == ["order"]
    assert list(mistakes(placed(type="order.eta_changed"))) == ["order.eta"]


@pytest.mark.parametrize("kind", ["customer.consented", "customer.withdrew"])
def test_consent_says_which_and_stands_in_the_customer(kind: str) -> None:
    asked = placed(type=kind, consents=[{"kind": "survey"}])
    told = placed(
        type=kind, customer={"id": "c-7", "consents": [{"kind": "sms_marketing"}]}
    )

    found = mistakes(asked)

    assert set(found) == {"customer.consents", "consents"}
    assert "belongs in the customer" in found["consents"]
    assert intake.parse_event(told).body["customer"]["consents"] == [
        {"kind": "sms_marketing", "source": "", "wording": ""}
    ]


@pytest.mark.parametrize("price", ["3.205", "-1", "NaN", "Infinity", "3,20", True, []])
def test_a_price_that_is_no_amount_is_refused(price: object) -> None:
    raw = placed(order={"id": "o", "items": [{"product": "p", "price": price}]})

    assert list(mistakes(raw)) == ["order.items.0.price"]


def test_the_dust_of_binary_fractions_is_not_a_mistake() -> None:
    order = {"id": "o", "items": [{"product": "p", "price": 0.1 + 0.2}]}

    body = intake.parse_event(placed(order=order)).body

    assert Decimal(body["order"]["items"][0]["price"]) == Decimal("0.30")


def test_an_id_has_at_most_200_characters_and_no_nul() -> None:
    assert intake.parse_event(placed(id="x" * 200)).id == "x" * 200
    assert list(mistakes(placed(id="x" * 201))) == ["id"]
    assert list(mistakes(placed(id="x\x00"))) == ["id"]


@pytest.mark.parametrize("raw", [None, "x", 5, [], [placed()]])
def test_what_is_no_event_at_all_is_refused_in_words(raw: object) -> None:
    with pytest.raises(InputError, match="is not an event"):
        intake.parse_event(raw)


def test_a_batch_keeps_the_good_and_names_the_bad_by_index() -> None:
    good, bad = intake.parse_events([placed(), placed(id=""), 5, placed(id="e-82")])

    assert [e.id for e in good] == ["e-81", "e-82"]
    assert [index for index, _ in bad] == [1, 2]
    assert bad[0][1] == "id: is empty"


def test_one_event_is_a_batch_of_one() -> None:
    good, bad = intake.parse_events(placed())

    assert (len(good), bad) == (1, [])


def test_a_batch_ends_at_a_thousand() -> None:
    good, _ = intake.parse_events([placed()] * 1_000)

    assert len(good) == 1_000
    with pytest.raises(InputError, match=r"1,001 .* at most 1,000"):
        intake.parse_events([placed()] * 1_001)


@pytest.mark.parametrize(
    ("told", "kept"),
    [("1990-03-08", "03-08"), ("03-08", "03-08"), ("--02-29", "02-29")],
)
def test_of_a_birthday_the_year_is_not_kept(told: str, kept: str) -> None:
    event = intake.read_event(placed(customer={"id": "c-7", "birthday": told}))

    assert not isinstance(event, list)
    assert event.body["customer"]["birthday"] == kept


@pytest.mark.parametrize(
    ("name", "day"),
    [("birthday", "1990-02-30"), ("birthday", "8 March"), ("since", "03-08")],
)
def test_a_day_that_is_none_is_refused_in_words(name: str, day: str) -> None:
    found = mistakes(placed(customer={"id": "c-7", name: day}))

    assert list(found) == [f"customer.{name}"]
    assert "write" in found[f"customer.{name}"]
