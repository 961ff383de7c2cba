"""What people did, as conditions count it: by source, up to a moment, and only as far back as somebody asks."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, insert

from aftercart.store import Store
from aftercart.store.happenings import load
from aftercart.store.tables import answers, events, orders, provider_events
from tests.store.planting import message, plant

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def _order(id_: str, at: datetime, total: str = "20.10") -> dict[str, Any]:
    return {"id": id_, "customer_id": "c", "placed_at": at, "total": Decimal(total)}


def _event(id_: str, type_: str, at: datetime) -> dict[str, Any]:
    row = {"id": id_, "type": type_, "at": at, "customer_id": "c"}
    return row | {"body": {}, "received_at": at}


def _signal(key: str, message: str, word: str, **more: Any) -> dict[str, Any]:
    row = {"key": key, "message_id": message, "provider": "p", "at": NOW - DAY}
    return row | {"signal": word, "machine": False} | more


def _answer(message: str, score: int, at: datetime) -> dict[str, Any]:
    row = {"message_id": message, "campaign": "nps", "customer_id": "c"}
    return row | {"score": score, "answered_at": at}


def _load(store: Store, **reach: timedelta | None) -> Any:
    asked = {name.replace("__", ".").replace("_", ":"): b for name, b in reach.items()}
    with store.read() as tx:
        return load(tx, ["c", "d"], reach=asked, now=NOW)


def test_orders_come_oldest_first_with_their_totals_and_without_the_future(
    store: Store,
) -> None:
    told = [
        _order("o-2", NOW, "0.30"),
        _order("o-1", NOW - 5 * DAY),
        _order("o-3", NOW + timedelta(seconds=1)),
    ]
    with store.write() as tx:
        tx.execute(insert(orders), told)

    found = _load(store, orders=None)

    assert found == {
        "c": {"orders": [(NOW - 5 * DAY, Decimal("20.10")), (NOW, Decimal("0.30"))]}
    }


def test_what_lies_beyond_the_reach_is_not_read(store: Store) -> None:
    with store.write() as tx:
        tx.execute(
            insert(events),
            [
                _event("e-1", "article.viewed", NOW - 7 * DAY),
                _event("e-2", "article.viewed", NOW - 6 * DAY),
                _event("e-3", "review.posted", NOW - 600 * DAY),
                _event("e-4", "referral.completed", NOW),
            ],
        )

    found = _load(store, article__viewed=7 * DAY, review__posted=None)

    assert found["c"] == {
        "article.viewed": [(NOW - 6 * DAY, Decimal(1))],
        "review.posted": [(NOW - 600 * DAY, Decimal(1))],
    }


def test_what_a_scanner_opens_nobody_has_opened(store: Store) -> None:
    with store.write() as tx:
        (mine,) = plant(tx, message(customer_id="c"))
        tx.execute(
            insert(provider_events),
            [
                _signal("1", mine, "opened"),
                _signal("2", mine, "opened", machine=True),
                _signal("3", mine, "clicked"),
                _signal("4", mine, "clicked", machine=True),
                _signal("5", mine, "complained"),
                _signal("6", "another", "clicked"),
            ],
        )

    found = _load(store, opens=None, clicks=None)

    one = [(NOW - DAY, Decimal(1))]
    assert found == {"c": {"opens": one, "clicks": one}}


def test_the_scores_are_those_of_that_survey(store: Store) -> None:
    other = _answer("m-3", 9, NOW) | {"campaign": "other"}
    with store.write() as tx:
        tx.execute(
            insert(answers),
            [_answer("m-1", 3, NOW - DAY), _answer("m-2", 8, NOW - 9 * DAY), other],
        )

    found = _load(store, score_nps=None)

    assert found["c"]["score:nps"] == [
        (NOW - 9 * DAY, Decimal(8)),
        (NOW - DAY, Decimal(3)),
    ]


@pytest.mark.parametrize(
    ("reach", "most"),
    [
        ({}, 0),
        ({"orders": None}, 1),
        ({"orders": None, "a.b": None, "c.d": 7 * DAY}, 2),
        ({"opens": None, "clicks": None, "score:a": None, "score:b": None}, 2),
    ],
)
def test_each_kind_is_asked_once_for_everybody_and_only_if_somebody_asks(
    store: Store, reach: dict[str, timedelta | None], most: int
) -> None:
    asked: list[str] = []
    event.listen(
        store._engine,
        "before_cursor_execute",
        lambda _c, _u, statement, *_: asked.append(statement),
    )
    with store.read() as tx:
        load(tx, [f"c{n}" for n in range(2_000)], reach=reach, now=NOW)

    assert len([s for s in asked if s.lstrip().startswith("SELECT")]) == most
