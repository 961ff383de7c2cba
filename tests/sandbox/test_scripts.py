"""A script of faults is read whole, and every mistake in it is told at once with its place."""

from pathlib import Path

import pytest

from aftercart.errors import ConfigError
from aftercart.sandbox.faults import CALM, Webhooks, Window
from aftercart.sandbox.scripts import parse, read

WHOLE = """\
seed: 7
faults:
  - {provider: sendgrid, share: 2%, do: take-and-reset}
  - {provider: sendgrid, from: 5 s, until: 65 s, do: answer-500}
  - {do: answer-429, after: 7 s, request: 1}
latency: {sendgrid: 80 ms, spread: 40 ms}
webhooks: {copies: 1-46, shuffle: true, delay: 1-30 s, lose: 1%, forge: 5%, hold: {from: 1 min, until: 2 min}}
"""


def test_a_script_says_what_it_means() -> None:
    script = parse(WHOLE, file="faults.yaml")

    cut, broken, busy = script.faults
    assert script.seed == 7
    assert (list(cut.outcome), cut.share) == (["sendgrid"], 0.02)
    assert (cut.outcome["sendgrid"].act, cut.outcome["sendgrid"].accepted) == (
        "reset",
        True,
    )
    assert (broken.window, broken.outcome["sendgrid"].status) == (Window(5, 65), 500)
    assert sorted(busy.outcome) == ["sendgrid", "twilio"]
    assert busy.outcome["twilio"].headers == {"retry-after": "7"}
    assert busy.request == 1
    assert (dict(script.latency), script.spread) == ({"sendgrid": 0.08}, 0.04)
    assert script.webhooks == Webhooks(
        copies=(1, 46),
        shuffle=True,
        delay=(1.0, 30.0),
        lose=0.01,
        forge=0.05,
        hold=Window(60.0, 120.0),
    )


def test_an_empty_script_is_calm() -> None:
    assert parse("", file="faults.yaml") == CALM
    assert parse("seed: 0", file="faults.yaml") == CALM


@pytest.mark.parametrize(
    ("line", "place", "words"),
    [
        ("fault: []", "1:1", 'no "fault" here (did you mean "faults"?)'),
        ("faults: {do: reset}", "1:9", "are a list"),
        ("faults: [{do: rest}]", "1:15", 'did you mean "reset"?'),
        ("faults: [{share: 2%}]", "1:10", '"do" is missing'),
        ("faults: [{do: reset, share: 2}]", "1:29", "for example 2%"),
        ("faults: [{do: reset, share: 200%}]", "1:29", "for example 2%"),
        ("faults: [{do: reset, provider: sendgrit}]", "1:32", '"sendgrid"?'),
        ("faults: [{do: reset, from: 5 s, until: 3 s}]", "1:40", "before it begins"),
        ("faults: [{do: reset, after: 7 s}]", "1:29", "it is for answer-429"),
        ("faults: [{do: reset, request: first}]", "1:31", "which request"),
        ("latency: {sendgrid: 80}", "1:21", "80 ms"),
        ("latency: {twilio: 1-2 s}", "1:19", "not a range"),
        ("webhooks: {copies: 0-3}", "1:20", "1-46"),
        ("webhooks: {delay: 30-1 s}", "1:19", "no time"),
        ("webhooks: {shuffle: often}", "1:21", "true or false"),
        ("webhooks: {hold: {form: 1 s}}", "1:19", '"from"?'),
        ("webhooks: many", "1:11", "keys expected"),
        ("seed: seven", "1:7", "whole number"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_how_to_mend_it(
    line: str, place: str, words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(line, file="faults.yaml")

    [problem] = caught.value.problems
    assert problem.place == f"faults.yaml:{place}"
    assert words in str(problem)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text(
        "seed: x\nfaults:\n  - {do: rset, shar: 2%}\nlatency: {smtp: 1 s}\n"
    )

    with pytest.raises(ConfigError) as caught:
        read(file)

    assert [(p.line, p.column) for p in caught.value.problems] == [
        (1, 7),
        (3, 10),
        (3, 16),
        (4, 11),
    ]
