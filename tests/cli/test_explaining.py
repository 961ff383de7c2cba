"""`aftercart explain` and the log tell the same story, for those who got a message, those who did not, and those whom it never concerned."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from aftercart.explaining import Day, explain
from aftercart.runtime import Runtime
from aftercart.store import customers
from tests.scenes.house import House

pytestmark = pytest.mark.slow

Asked = tuple[str, str, date]


class _Log:
    """What the log says, by customer and campaign, on the customer's own calendar."""

    def __init__(self, played: House, rt: Runtime) -> None:
        lines = played.command("log", "--limit", 0, "--json").stdout.splitlines()
        self.rows = [json.loads(line) for line in lines]
        with rt.store.read() as tx:
            ids = {row["customer"] for row in self.rows}
            self._zones = customers.clocks(tx, ids)
        self.sent: dict[tuple[str, str], set[date]] = defaultdict(set)
        self.kept: dict[Asked, set[str]] = defaultdict(set)
        for row in self.rows:
            who = row["customer"], row["campaign"]
            if row["accepted_at"]:
                self.sent[who].add(self.day(row, "accepted_at"))
            elif row["reason"]:
                self.kept[*who, self.day(row, "due_at")].add(row["sentence"])

    def day(self, row: dict[str, str], column: str) -> date:
        zone = ZoneInfo(self._zones[row["customer"]])
        return datetime.fromisoformat(row[column]).astimezone(zone).date()


@pytest.fixture(scope="module")
def rt(played: House) -> Iterator[Runtime]:
    with played.runtime() as opened:
        yield opened


@pytest.fixture(scope="module")
def log(played: House, rt: Runtime) -> _Log:
    return _Log(played, rt)


def _day(rt: Runtime, asked: Asked) -> Day:
    who, campaign, on = asked
    (one,) = explain(rt, who, campaign=campaign, at=on)
    return one.day


def test_who_got_it_and_who_did_not_is_told_as_in_the_log(
    rt: Runtime, log: _Log
) -> None:
    luck = Random(1)
    today = rt.clock().date()
    people = sorted({row["customer"] for row in log.rows})
    asked: list[Asked] = [
        (
            luck.choice(people),
            luck.choice(sorted(rt.campaigns)),
            today - timedelta(n % 3),
        )
        for n in range(250)
    ]
    asked += [
        (row["customer"], row["campaign"], log.day(row, "accepted_at" if row["accepted_at"] else "due_at"))
        for row in luck.sample(log.rows, 150)
    ]  # fmt: skip
    seen: Counter[str] = Counter()
    for one in asked:
        who, campaign, on = one
        told = _day(rt, one)
        assert told.got == (on in log.sent[who, campaign]), (one, told)
        if told.got:
            seen["got"] += 1
        elif log.kept[one]:
            seen["kept"] += 1
            assert told.sentence in log.kept[one], (one, told)
        elif told.checks:
            seen["never entered"] += 1
            assert any(line.outcome != "yes" for line in told.checks), (one, told)
    assert min(seen["got"], seen["kept"], seen["never entered"]) > 10, seen


def test_what_is_foreseen_for_the_coming_days_says_why_not_sooner(
    rt: Runtime, log: _Log
) -> None:
    people = sorted({row["customer"] for row in log.rows})
    ahead = [c for who in people[:150] for e in explain(rt, who) for c in e.coming]

    assert len(ahead) > 20
    now = rt.clock()
    for one in ahead:
        assert now - timedelta(minutes=1) <= one.at <= now + timedelta(days=7)
        assert one.sooner[0].startswith("started ")
        assert f"(campaigns/{one.campaign}.yaml:" in one.sooner[0]
        assert one.words.endswith(".") or one.goes


def test_a_day_that_lies_ahead_and_a_moment_in_the_past_are_answered_too(
    played: House, log: _Log
) -> None:
    who = log.rows[0]["customer"]
    for at in ("2031-01-01", "2001-01-01", "2026-01-01T10:00Z"):
        said = played.command("explain", "--customer", who, "--at", at).stdout
        assert "✗" in said
    wrong = played.command("explain", "--customer", who, "--at", "monday", expect=2)
    assert 'error: --at: "monday" is not a date' in wrong.stderr
