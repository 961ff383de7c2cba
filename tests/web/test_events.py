"""POST /v1/events: who may tell, what is kept, and what is said about the rest."""

from collections.abc import Callable
from typing import Any

from tests.web.seeding import TOKEN
from tests.web.site import Site, everything


def event(id: str = "e-1", **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "type": "article.viewed",
        "at": "2026-03-05T10:00:00Z",
        "customer": {"id": "c-1", "first_name": "Ann"},
        **more,
    }


def kept(site: Site) -> list[str]:
    return [row[0] for row in everything(site.rt)["events"]]


def test_without_the_right_token_nothing_is_stored(site: Site) -> None:
    before = everything(site.rt)

    wrong = ("", "wrong", "tokén", TOKEN[:-1], TOKEN + "x", TOKEN.upper())
    answers = [site.tell(event(), token=t) for t in wrong]
    basic = site.ask(
        "POST", "/v1/events", headers={"Authorization": "Basic " + "a" * 20}
    )

    assert [a.status for a in answers] == [401] * 6
    assert basic.status == 401
    assert answers[0].headers["www-authenticate"] == "Bearer"
    assert everything(site.rt) == before


def test_without_a_token_on_our_side_nobody_is_believed(
    open_site: Callable[..., Site],
) -> None:
    site = open_site(api_token="")

    answers = [site.tell(event(), token=t) for t in ("", "anything")]

    assert [a.status for a in answers] == [503, 503]
    assert "AFTERCART_API_TOKEN" in answers[0].json["error"]
    assert kept(site) == []


def test_one_event_told_three_times_is_kept_once(site: Site) -> None:
    answers = [site.tell(event()) for _ in range(3)]

    assert [a.status for a in answers] == [202, 202, 202]
    assert answers[0].json == {"accepted": 1, "known": 0, "rejected": []}
    assert answers[2].json == {"accepted": 0, "known": 1, "rejected": []}
    assert kept(site) == ["e-1"]


def test_bad_events_are_named_by_index_and_id_and_the_good_ones_are_kept(
    site: Site,
) -> None:
    wrong = event("e-2", at="yesterday")

    answer = site.tell([event("e-1"), wrong, event("e-3"), "no event", {"id": 7}])

    assert answer.status == 207
    assert answer.json["accepted"] == 2
    rejected = [(r["index"], r["id"]) for r in answer.json["rejected"]]
    assert rejected == [(1, "e-2"), (3, None), (4, None)]
    assert answer.json["rejected"][0]["error"].startswith("at: is not a time")
    assert kept(site) == ["e-1", "e-3"]


def test_a_batch_of_only_bad_events_says_so(site: Site) -> None:
    answer = site.tell([event(at="yesterday")])

    assert answer.status == 422
    assert answer.json["accepted"] == 0


def test_an_order_reaches_its_customer(site: Site) -> None:
    order = {
        "id": "o-1",
        "items": [{"product": "eggs-12", "name": "Eggs", "category": "eggs"}],
    }

    site.tell(event(type="order.placed", order=order))

    rows = everything(site.rt)
    assert [row[0] for row in rows["orders"]] == ["o-1"]
    assert [row[:2] for row in rows["customers"]] == [("c-1", "Ann")]


def test_what_is_not_an_event_is_refused_in_words(site: Site) -> None:
    garbage, number, many = (
        site.tell(b"{"),
        site.tell(b"7"),
        site.tell([event(f"e-{n}") for n in range(1001)]),
    )

    assert (garbage.status, number.status, many.status) == (400, 400, 413)
    assert "not JSON" in garbage.json["error"]
    assert "1,000" in many.json["error"]
    assert kept(site) == []


def test_a_body_beyond_two_megabytes_is_refused_announced_or_not(site: Site) -> None:
    big = b'"' + b"x" * (2 * 1024 * 1024) + b'"'
    headers = {"Authorization": f"Bearer {TOKEN}"}

    announced = site.tell(big)
    chunked = site.ask(
        "POST",
        "/v1/events",
        body=iter([big]),  # type: ignore[arg-type]
        headers=headers,
    )

    unsent = site.ask(
        "POST",
        "/v1/events",
        headers={**headers, "Content-Length": str(3 * 1024 * 1024)},
    )

    assert [a.status for a in (announced, chunked, unsent)] == [413] * 3


def test_the_description_is_made_from_the_models(site: Site) -> None:
    answer = site.get("/v1/openapi.json").json

    schemas = answer["components"]["schemas"]
    (event_name,) = (n for n, s in schemas.items() if s.get("title") == "Event")
    assert {"id", "type", "at", "customer"} <= set(schemas[event_name]["required"])
    assert set(answer["paths"]["/v1/events"]["post"]["responses"]) == {
        *("202", "207", "422", "400", "401", "413", "503")
    }
    for reference in _references(answer):
        assert reference.removeprefix("#/components/schemas/") in schemas


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [r for v in value.values() for r in _references(v)]
    if isinstance(value, list):
        return [r for v in value for r in _references(v)]
    return []
