"""The closed list of reasons: each has a sentence that can be read aloud, and is stored so that it can be reworded."""

import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercart import reasons
from aftercart.reasons import SENTENCES, Code, Reason, because, from_json


def test_every_code_has_a_sentence_and_every_sentence_a_code() -> None:
    assert set(SENTENCES) == set(Code)


@pytest.mark.parametrize("code", Code)
def test_every_code_is_given_as_a_reason_somewhere(code: Code) -> None:
    engine = Path(reasons.__file__).parent

    sources = [p for p in engine.rglob("*.py") if p.name != "reasons.py"]

    assert any(re.search(rf"\bCode\.{code.name}\b", p.read_text()) for p in sources)


@pytest.mark.parametrize("code", Code)
def test_a_sentence_begins_with_a_capital_and_ends_with_a_stop(code: Code) -> None:
    sentence = SENTENCES[code]

    assert re.fullmatch(r"[A-Z{].*\.", sentence)
    assert len(sentence) <= 120
    assert "  " not in sentence


@pytest.mark.parametrize("code", Code)
def test_a_fact_that_is_missing_is_a_question_mark_and_no_error(code: Code) -> None:
    facts = [
        name for _, name, _, _ in string.Formatter().parse(SENTENCES[code]) if name
    ]

    assert Reason(code).sentence().count("?") == len(facts)
    full = Reason(code, dict.fromkeys(facts, "x")).sentence()
    assert "?" not in full and "{" not in full


def test_facts_become_text() -> None:
    reason = because(Code.POISON, count=3)

    assert reason.facts == {"count": "3"}
    assert reason.sentence().startswith("Given up after 3 attempts")


def test_braces_in_a_fact_are_only_braces() -> None:
    reason = because(Code.REFUSED, words="{words} {0.__class__}")

    assert reason.sentence() == "The provider refused it: {words} {0.__class__}."


@given(
    code=st.sampled_from(Code),
    facts=st.dictionaries(
        st.text(alphabet="abcde", min_size=1).filter(lambda name: name != "code"),
        st.text(),
    ),
)
def test_what_is_stored_comes_back(code: Code, facts: dict[str, str]) -> None:
    reason = Reason(code, facts)

    assert from_json(reason.to_json()) == reason
    assert reason.to_json()["code"] == code.value


def test_no_reason_is_none() -> None:
    assert from_json(None) is None
    assert from_json({}) is None
