"""What becomes of messages when a provider is busy, broken, away, or has closed the account?

Without reading a single figure of the engine: what reaches the sandbox says how often it was asked.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta

from chaos.registry import scenario
from chaos.stage import LATENCY, Stage

#: As many lanes in two processes as the bounds below are written for.
_LANES = 32
#: Failures in a row after which a provider is left alone.
_THRESHOLD = 5
#: What had been claimed when a provider failed first has gone within these seconds.
_FIRST = timedelta(seconds=4)


def _lanes(stage: Stage) -> None:
    stage.house.environ["AFTERCART_SENDS_IN_FLIGHT"] = str(_LANES // 2)


def _asked(stage: Stage, since: datetime, until: datetime, provider: str) -> int:
    """How often a provider was asked in between."""
    return sum(
        entry["provider"] == provider
        and since <= datetime.fromisoformat(entry["at"]) < until
        for entry in stage.ledger(since)
    )


@scenario(
    "FT-40",
    "a provider says 429 for 30 s, and to come back after 7 s",
    recovery=120,
    unknown=0.0,
)
def throttled(stage: Stage) -> None:
    """At most one probe in each 7 s, once what was claimed has been answered."""
    _lanes(stage)
    stage.open()
    with stage.planting(seconds=35):
        stage.wait(3)
        stage.faults(LATENCY + "faults: [{do: answer-429, after: 7 s}]")
        begun = datetime.now(UTC)
        stage.wait(30)
        asked = _asked(stage, begun + _FIRST, datetime.now(UTC), "sendgrid")
        stage.calm()
    stage.expect(asked <= 30 // 7 + 1, f"a probe in 7 s and no more (asked {asked})")


@scenario(
    "FT-41",
    "a provider says 500 for 30 s",
    recovery=120,
    unknown=1.0,
)
def broken(stage: Stage) -> None:
    """Nobody knows what became of what it was given meanwhile: that must be few, and not half a minute's worth."""
    _lanes(stage)
    stage.open()
    with stage.planting(seconds=40):
        stage.wait(3)
        stage.faults(LATENCY + "faults: [{provider: sendgrid, do: answer-500}]")
        stage.wait(30)
        stage.calm()
    unclear = sum(e["status"] == 500 for e in stage.ledger())
    limit = _LANES + _THRESHOLD
    stage.expect(unclear <= limit, f"at most {limit} in doubt ({unclear})")


@scenario(
    "FT-42",
    "a provider says 503 and then cannot be reached at all",
    recovery=120,
    unknown=0.0,
)
def unreachable(stage: Stage) -> None:
    """Nothing was taken, for certain: all of it goes later, and nothing is in doubt."""
    stage.open()
    stage.plant(0.5)
    stage.faults("faults: [{do: answer-503}]")
    stage.wait(8)
    stage.until_quiet(1.5)
    stage.kill("sandbox")
    stage.plant(1.0)
    stage.wait(15)
    stage.house.sandbox()


@scenario(
    "FT-43",
    "the account: 401, then 403, then no credit, 10 s each",
    recovery=150,
    unknown=0.0,
)
def account(stage: Stage) -> None:
    """No message fails for it, and the provider is not asked for each of them."""
    _lanes(stage)
    stage.open()
    stage.plant(0.1)
    with stage.planting(seconds=30):
        stage.wait(3)
        begun = datetime.now(UTC)
        for fault in (
            "{provider: sendgrid, do: answer-401}",
            "{provider: sendgrid, do: answer-403}",
            "{provider: sendgrid, do: answer-401, words: maximum credits exceeded}",
        ):
            stage.faults(LATENCY + f"faults: [{fault}]")
            stage.wait(10)
        said = [r for r in stage.reasons() if r.startswith("provider:email is held")]
        asked = _asked(stage, begun + _FIRST, datetime.now(UTC), "sendgrid")
        stage.calm()
    failed = [e for e in stage.states().values() if e == "failed"]
    stage.expect(not failed, f"no message fails for it ({len(failed)})")
    stage.expect(len(said) == 1, f"/readyz names the account, once ({said})")
    stage.expect(asked <= 3, f"asked three times at most ({asked})")


@scenario(
    "FT-47",
    "one provider takes 15 s for each answer; alerts have the other",
    recovery=120,
)
def slow(stage: Stage) -> None:
    """Alerts have a process of their own, and so have the planner and the inbox: what nobody plans is not late, it is not there."""
    stage.open(workers=0)
    for queues in (["alerts"], ["maintenance", "events"], ["email", "sms"]):
        stage.house.workers(processes=1, queues=queues)
    with stage.planting(seconds=40):
        stage.wait(2)
        begun = datetime.now(UTC)
        stage.faults("faults: [{provider: sendgrid, do: slow, for: 15 s}]")
        stage.wait(38)
        ended = datetime.now(UTC)
        stage.calm()
    late = stage.late("twilio", begun, ended)
    stage.expect(late <= 10, f"alerts within 10 s (95 in 100: {late:.1f} s)")
    again = Counter(e["message"] for e in stage.ledger() if e["accepted"])
    stage.expect(max(again.values(), default=0) <= 1, "no message goes twice")
