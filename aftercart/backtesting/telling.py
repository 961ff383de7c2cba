"""What came of a back-test, as plain values: reasons in order of weight, and everything as JSON."""

from collections import Counter
from datetime import timedelta
from typing import Any

from aftercart.backtesting.result import Backtest
from aftercart.backtesting.tally import Tally
from aftercart.model import Channel


def why_not(tally: Tally, campaign: str) -> list[tuple[str, int]]:
    """The reasons for which messages of a campaign did not go, the most frequent first."""
    codes = Counter[str]()
    for (name, _, code), n in tally.ended.items():
        if name == campaign:
            codes[code] += n
    return codes.most_common()


def as_json(found: Backtest) -> dict[str, Any]:
    """All that was counted, by campaign and in total, as plain values."""
    tally = found.tally
    cost = tally.cost(found.shop.sms_prices)
    return {
        "from": found.plan.start,
        "to": found.plan.end - timedelta(microseconds=1),
        "orders": found.orders,
        "customers": tally.people,
        "campaigns": [_one(tally, c.name) for c in found.campaigns],
        "collisions": [
            {"place": winner, "waited": loser, "became": became, "messages": n}
            for (winner, loser, became), n in tally.collisions.most_common()
        ],
        "per_person": {
            str(n): people for n, people in sorted(tally.per_person.items())
        },
        "marketing_within_7_days": {
            str(n): people for n, people in sorted(tally.per_week.items())
        },
        "days": [
            {"day": day, "campaign": name, "messages": n}
            for (day, name), n in sorted(tally.days.items())
        ],
        "sms": [
            {
                "campaign": name,
                "country": country,
                "messages": tally.texts[name, country],
                "parts": n,
            }
            for (name, country), n in sorted(tally.parts.items())
        ],
        "sms_cost": {country: str(money) for country, money in sorted(cost.items())},
        "currency": found.shop.currency,
    }


def _one(tally: Tally, name: str) -> dict[str, Any]:
    return {
        "campaign": name,
        "people": tally.reached[name],
        "sent": {
            channel.value: tally.sent[name, channel]
            for channel in Channel
            if tally.sent[name, channel]
        },
        "not_sent": [
            {
                "state": state,
                "code": code,
                "messages": n,
                "example": tally.examples.get((name, code), ""),
            }
            for (campaign, state, code), n in tally.ended.most_common()
            if campaign == name
        ],
        "waited": [
            {"code": code, "messages": n, "example": tally.examples[name, code]}
            for (campaign, code), n in tally.held.most_common()
            if campaign == name
        ],
        "undecided": tally.open[name],
        "tasks": [
            {"words": words, "times": n}
            for (campaign, words), n in tally.tasks.most_common()
            if campaign == name
        ],
    }
