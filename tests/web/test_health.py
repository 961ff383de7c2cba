"""For balancers and Prometheus: alive, ready, and how late."""

import shutil
from datetime import timedelta
from types import SimpleNamespace

import pytest

from aftercart.skew import Skew
from tests.web import seeding
from tests.web.site import Site


def test_a_new_process_is_alive_and_ready(site: Site) -> None:
    assert site.get("/healthz").text == "ok\n"
    assert site.get("/readyz").json == {"ready": True, "reasons": []}


def test_what_is_late_is_named_and_does_not_take_the_pages_away(full: Site) -> None:
    full.rt.clock = lambda: seeding.NOW + timedelta(hours=4)

    answer = full.get("/readyz")

    assert answer.status == 200
    assert len(answer.json["reasons"]) == 4
    assert "due and not sent" in answer.json["reasons"][0]


def test_a_disk_that_is_full_is_a_reason(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = SimpleNamespace(total=10**12, used=10**12, free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)

    (reason,) = site.get("/readyz").json["reasons"]

    assert "has 0.0 MB left" in reason
    assert "make room at" in reason


def test_a_clock_that_is_wrong_is_a_reason(site: Site) -> None:
    right = seeding.NOW - timedelta(minutes=1)
    site.rt.__dict__["skew"] = Skew(
        site.rt.clock, ask=lambda: right, whose="the database"
    )

    (reason,) = site.get("/readyz").json["reasons"]

    assert "and the database 2026-03-05 14:19:00" in reason
    assert "nothing is planned or sent" in reason


def test_without_its_database_a_process_is_not_ready_but_alive(site: Site) -> None:
    with site.rt.store.write() as tx:
        tx.exec_driver_sql("DROP TABLE messages")

    answer = site.get("/readyz")

    assert answer.status == 503
    assert "database" in answer.json["reasons"][0]
    assert site.get("/healthz").status == 200


def test_the_figures_are_prometheus_text(full: Site) -> None:
    answer = full.get("/metrics")

    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    values = dict(
        line.split() for line in answer.text.splitlines() if not line.startswith("#")
    )
    assert values["aftercart_messages_scheduled"] == "3"
    assert values["aftercart_messages_uncertain"] == "1"
    assert values["aftercart_callbacks_unread"] == "1"
    assert values["aftercart_cases_open"] == "3"
