"""A back-test foresees what a replay then does: every message, its minute, its end and its reason, whatever the language can say."""

import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.scenes import history
from tests.scenes.conftest import Build
from tests.scenes.house import House

pytestmark = pytest.mark.slow

DAYS = ("--from", history.FROM, "--to", history.TO)
COLUMNS = (
    "state", "reason", "due_at", "accepted_at", "campaign", "channel", "customer",
)  # fmt: skip
#: A campaign that counts, tags, branches, waits for events and for an hour, draws variants, and stops.
EVERYTHING = """
name: Everything
purpose: marketing
trigger:
  event: order.placed
  where: count(orders, within='60 days') >= 3 and any(item.category == 'chicken') and not tagged('told')
audience: days_since(orders) < 30
steps:
  - tag: seen
  - wait: {until: 12:00}
  - if: sum(orders.total, within='60 days') > 60
    then:
      - send: {email: recipe-follow-up}
        variants: {a: recipe-follow-up, b: recipe-follow-up}
        content: recipes
        expires: 1 day
      - tag: told
    else:
      - wait_for: {event: order.delivered, within: 5 hours}
        then:
          - stop: it has come
      - send: {email: recipe-follow-up}
        content: recipes
        expires: 1 day
holdout: 40%
priority: 5
"""


@pytest.fixture
def shop(house: House, stocked: Path) -> House:
    """A stocked shop with one campaign more than the shipped ones."""
    shutil.copy(stocked, house.folder)
    (house.folder / "campaigns" / "everything.yaml").write_text(EVERYTHING)
    return house


def test_a_back_test_comes_to_the_messages_of_a_replay_and_writes_nothing(
    shop: House, houses: Build
) -> None:
    before = (shop.folder / "shop.db").read_bytes()
    shop.command("backtest", *DAYS, "--messages", "all.ndjson")
    assert (shop.folder / "shop.db").read_bytes() == before
    lines = (shop.folder / "all.ndjson").read_text().splitlines()
    foreseen = {row["id"]: row for row in map(json.loads, lines)}
    for row in foreseen.values():
        # a back-test keeps the facts of a reason; the log keeps them beside it
        row["reason"] = row["reason"] and row["reason"]["code"]

    shop.command("replay", *DAYS, "--ledger", shop.ledger_file)

    happened = _of_the_untroubled(shop.rows())
    assert _of_the_untroubled(foreseen) == happened
    mine = [row for row in happened.values() if row[4] == "everything"]
    ends = {(row[0], row[1]) for row in mine}
    assert {("accepted", None), ("skipped", "holdout")} <= ends
    assert len(mine) > 10
    assert len(happened) > 50


def _of_the_untroubled(rows: dict[str, dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """Whom the sandbox plays no tricks with; times in one spelling, and no reason where it went in the end."""
    found = {}
    for id_, row in rows.items():
        if row["customer"] in history.TROUBLED:
            continue
        said = dict(row)
        if said["state"] == "accepted":
            said["reason"] = None
        for name in ("due_at", "accepted_at"):
            said[name] = said[name] and datetime.fromisoformat(said[name])
        found[id_] = tuple(said[name] for name in COLUMNS)
    return found
