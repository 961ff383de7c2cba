"""Each signal has its sentence, and none is given when all is well."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aftercart import planning
from aftercart.identity import Identity
from aftercart.model import Channel, Purpose
from aftercart.runtime import wall_clock
from aftercart.skew import Skew
from aftercart.store import inbox, pauses
from aftercart.store.pauses import Pause
from aftercart.store.records import Health, Lately
from aftercart.web import signals
from aftercart.web.signals import Lookout, Signals, warnings
from tests.servers import Redis
from tests.web.seeding import DAY, HOUR, NOW
from tests.web.site import Site, everything

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
ZERO = timedelta(0)

WELL = Signals(
    now=NOW,
    hindrance="",
    health=Health(None, 0, 0, 0, 0, None, 0, 0, None, 0),
    lately=Lately(dict.fromkeys(Channel, 0), dict.fromkeys(Channel, 0), 0),
    held={},
    silence=ZERO,
    off=ZERO,
    off_words="",
    others_off="",
    room=10**12,
    redis=0.1,
    unwritable="",
    redis_away=False,
    abandoned=0,
)


def health(**more: Any) -> Signals:
    return replace(WELL, health=replace(WELL.health, **more))


def held(words: str) -> Signals:
    pause = Pause("safe-mode", NOW - HOUR, "aftercart", words)
    return replace(WELL, held={"safe-mode": pause})


FINE = {
    "an alert was due a moment ago": health(late={Purpose.SERVICE: NOW - 20 * SECOND}),
    "a newsletter was due two minutes ago": health(
        late={Purpose.MARKETING: NOW - 2 * MINUTE}
    ),
    "a handful waits for proof": health(
        uncertain=50, oldest_uncertain=NOW - 15 * MINUTE
    ),
    "a person holds something": held(""),
    "Redis is not full": replace(WELL, redis=0.69),
    "there is no Redis": replace(WELL, redis=None, room=None),
    "ten minutes without a report": replace(WELL, silence=10 * MINUTE),
}
WRONG = {
    "(service)": health(late={Purpose.SERVICE: NOW - 21 * SECOND}),
    "(marketing, survey)": health(
        late={
            Purpose.SURVEY: NOW - 121 * SECOND,
            Purpose.MARKETING: NOW - 121 * SECOND,
        }
    ),
    "uncertain messages": health(uncertain=51, oldest_uncertain=NOW),
    "wait for proof": health(uncertain=1, oldest_uncertain=NOW - 16 * MINUTE),
    "not being read": health(inbox=1, oldest_callback=NOW - 11 * MINUTE),
    "3 messages became unknown": health(unknown_today=3),
    "2 messages of a day were given up": replace(
        WELL, lately=replace(WELL.lately, poison=2)
    ),
    "safe-mode is held since 2026-03-05 13:20 UTC: a copy": held("a copy"),
    "no provider has reported for 11 minutes": replace(WELL, silence=11 * MINUTE),
    "Redis has used 70% of its memory": replace(WELL, redis=0.7),
    "3 batches are in the hands of workers": replace(WELL, abandoned=3),
    "the database is read-only": replace(WELL, unwritable="the database is read-only"),
    "Redis does not answer": replace(WELL, redis=None, redis_away=True),
    "the clock is 3 s ahead": replace(WELL, off_words="the clock is 3 s ahead"),
    "w/7: its clock is wrong": replace(WELL, others_off="w/7: its clock is wrong"),
    "no room": replace(WELL, hindrance="no room"),
}


@pytest.mark.parametrize("well", [WELL, *FINE.values()], ids=["nothing", *FINE])
def test_when_all_is_well_nothing_is_said(well: Signals) -> None:
    assert warnings(well) == []


@pytest.mark.parametrize("words", WRONG)
def test_each_thing_that_is_wrong_has_its_sentence(words: str) -> None:
    (said,) = warnings(WRONG[words])

    assert words in said


def _sends(site: Site, *, minutes: int) -> None:
    """Something is sent every minute until NOW."""
    now = NOW - minutes * MINUTE
    seen = Identity(site.rt.store, deployment="", clock=lambda: now)
    while now <= NOW:
        seen.sent()
        now += MINUTE


@pytest.mark.parametrize(
    ("minutes", "heard", "silence"),
    [
        (30, None, 30 * MINUTE),
        (30, NOW - 12 * MINUTE, 12 * MINUTE),
        (30, NOW - MINUTE, MINUTE),
        (5, NOW - DAY, 5 * MINUTE),
    ],
)
def test_silence_counts_while_messages_go_out_and_from_when_they_began(
    open_site: Callable[..., Site], minutes: int, heard: Any, silence: timedelta
) -> None:
    site = open_site(email="sendgrid", sendgrid_api_key="x")
    _sends(site, minutes=minutes)
    if heard:
        with site.rt.store.write() as tx:
            inbox.keep(tx, provider="sendgrid", body=b"[]", received_at=heard)

    now = Lookout(site.rt).look().silence
    site.rt.clock = lambda: NOW + 11 * MINUTE
    later = Lookout(site.rt).look().silence

    assert (now, later) == (silence, ZERO)


def test_an_outbox_reports_nothing_and_its_silence_means_nothing(site: Site) -> None:
    _sends(site, minutes=30)

    assert Lookout(site.rt).look().silence == ZERO


def test_a_day_is_counted_once_a_minute(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    real = signals.records.lately
    monkeypatch.setattr(
        signals.records, "lately", lambda *a, **k: counted.append(1) or real(*a, **k)
    )

    for _ in range(3):
        site.get("/readyz")
        site.get("/metrics")

    assert len(counted) == 1


def test_every_figure_has_its_name_and_its_labels(full: Site) -> None:
    with full.rt.store.write() as tx:
        pauses.pause(tx, "safe-mode", at=NOW, by="aftercart", words="a copy")

    text = full.get("/metrics").text
    values = dict(
        line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")
    )

    assert values['aftercart_held{scope="safe-mode"}'] == "1.0"
    assert values['aftercart_held{scope="campaign:reorder-nudge"}'] == "1.0"
    assert values["aftercart_clock_skew_seconds"] == "0.0"
    assert values["aftercart_stopped"] == "0"
    assert float(values["aftercart_disk_free_bytes"]) > 0
    assert float(values['aftercart_messages_accepted_day{channel="email"}']) > 0
    assert 'aftercart_late_seconds{purpose="service"}' in values
    assert values["aftercart_redis_away"] == "0"
    assert "aftercart_redis_memory_used_ratio" not in values


def test_a_worker_that_stops_because_of_its_clock_is_named_by_the_web(
    site: Site, open_site: Callable[..., Site]
) -> None:
    worker = open_site().rt
    worker.clock = lambda: NOW + HOUR
    worker.actor = "host-2/7"
    worker.__dict__["skew"] = Skew(worker.clock, ask=lambda: NOW, whose="the database")

    planning.plan(worker)
    (said,) = site.get("/readyz").json["reasons"]
    site.rt.clock = lambda: NOW + 2 * MINUTE
    later = site.get("/readyz").json["reasons"]

    assert said.startswith("host-2/7: the clock of this process says 2026-03-05 15:20")
    assert later == []


def test_who_only_asks_writes_nothing(
    open_site: Callable[..., Site], redis_server: Redis
) -> None:
    site = open_site(broker_url=redis_server.url)
    site.rt.clock = wall_clock
    assert site.rt.identity is not None

    before = everything(site.rt)
    said = [
        site.get(path).status for path in ("/readyz", "/metrics", "/console/health")
    ]

    assert said == [200, 200, 200]
    assert everything(site.rt) == before
    assert site.rt.witness.clock() is not None


def test_the_health_page_says_how_safe_mode_ends(full: Site) -> None:
    with full.rt.store.write() as tx:
        pauses.pause(tx, "safe-mode", at=NOW, by="aftercart", words="it is a copy")

    page = full.get("/console/health").text

    assert "it is a copy" in page
    assert "aftercart resume --reviewed" in page
