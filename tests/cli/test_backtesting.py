"""`aftercart backtest`: what campaigns would have done, as a table, as JSON, and as a page."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenes import history
from tests.scenes.house import House, build

DAYS = ("--from", history.FROM, "--to", history.TO)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A shop with nine weeks of orders: read it, and leave it as it is."""
    house = build(tmp_path_factory.mktemp("backtest") / "shop")
    history.write_customers(house.folder / "customers.csv")
    history.write_orders(house.folder / "orders.csv")
    house.command("import", "customers", "customers.csv")
    house.command("import", "orders", "orders.csv")
    yield house
    house.stop()


def test_the_table_the_json_and_the_messages_say_the_same(stocked: House) -> None:
    table = stocked.command("backtest", *DAYS).stdout
    counts = json.loads(stocked.command("backtest", *DAYS, "--json").stdout)
    stocked.command("backtest", *DAYS, "--messages", "all.ndjson")
    lines = (stocked.folder / "all.ndjson").read_text().splitlines()
    messages = [json.loads(line) for line in lines]

    sent = sum(m["state"] == "accepted" for m in messages)
    assert sent > 40
    assert f"{sent} messages to " in table
    assert sum(sum(c["sent"].values()) for c in counts["campaigns"]) == sent
    assert sum(day["messages"] for day in counts["days"]) == sent
    not_sent = [x for c in counts["campaigns"] for x in c["not_sent"]]
    undecided = sum(c["undecided"] for c in counts["campaigns"])
    assert sum(x["messages"] for x in not_sent) == len(messages) - sent - undecided
    assert all(x["example"].endswith(".") for x in not_sent)
    assert counts["customers"] == history.CUSTOMERS


def test_one_process_and_two_come_to_the_same(stocked: House) -> None:
    one, two = (
        stocked.command("backtest", *DAYS, "--json", "--processes", n).stdout
        for n in (1, 2)
    )

    assert json.loads(one) == json.loads(two)


def test_a_campaign_alone_meets_no_other(stocked: House) -> None:
    said = json.loads(
        stocked.command("backtest", "recipe-follow-up", *DAYS, "--json").stdout
    )

    assert [c["campaign"] for c in said["campaigns"]] == ["recipe-follow-up"]
    assert said["collisions"] == []
    # without the nudge nobody has to wait for a place
    assert all(w["code"] != "frequency_cap" for w in said["campaigns"][0]["waited"])


def test_a_campaign_alone_is_not_kept_from_playing_by_a_mistake_in_another(
    stocked: House,
) -> None:
    broken = stocked.folder / "campaigns" / "win-back.yaml"
    sound = broken.read_text()
    broken.write_text(sound.replace("purpose:", "porpose:"))
    try:
        alone = stocked.command("backtest", "recipe-follow-up", *DAYS, "--json").stdout
        refused = stocked.command("backtest", *DAYS, expect=1).stderr
    finally:
        broken.write_text(sound)

    assert json.loads(alone)["campaigns"][0]["campaign"] == "recipe-follow-up"
    assert "campaigns/win-back.yaml" in refused


def test_the_page_stands_alone(stocked: House) -> None:
    stocked.command("backtest", *DAYS, "--report", "page.html")
    page = (stocked.folder / "page.html").read_text()

    for name in ("recipe-follow-up", "reorder-nudge", "delivery-delay", "nps-survey"):
        assert f"<b>{name}</b>" in page
    outside = page.split("<iframe")[0]
    assert not re.search(r"(src|href)=", outside), "it needs nothing beside it"
    assert "srcdoc=" in page
    assert "Time to check your" in page


def test_without_days_the_last_thirty_are_played(stocked: House) -> None:
    said = json.loads(stocked.command("backtest", "--json").stdout)

    # the last order that is known was placed on the last day of the history
    assert said["from"][:10] == "2026-02-10"
    assert said["to"][:10] == "2026-03-11"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("recipe-folow-up", *DAYS), 'did you mean "recipe-follow-up"?'),
        (("--from", "2026-03-11", "--to", "2026-03-09"), "is after --to 2026-03-09"),
        (("--from", "March"), "are dates such as"),
        (("--from", "2019-01-01"), "reach from 2025-12-29"),
        ((*DAYS, "--report", "nowhere/page.html"), "cannot be written: No such file"),
    ],
)
def test_a_slip_is_told_in_words(
    stocked: House, arguments: tuple[str, ...], words: str
) -> None:
    done = stocked.command("backtest", *arguments, expect=2)

    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_without_orders_says_how_to_get_some(tmp_path: Path) -> None:
    house = build(tmp_path / "shop")

    assert "aftercart import orders" in house.command("backtest", expect=2).stderr
    house.stop()
