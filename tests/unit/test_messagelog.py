"""The words in which we speak about a message."""

import pytest
from structlog.testing import capture_logs

from aftercart import messagelog
from aftercart.messagelog import WORDS
from aftercart.model import Signal, State


def test_a_line_says_the_word_how_many_and_where() -> None:
    with capture_logs() as lines:
        messagelog.say("accepted", count=3, actor="worker-1")

    assert lines == [
        {"event": "accepted", "count": 3, "actor": "worker-1", "log_level": "info"}
    ]


def test_free_words_are_refused() -> None:
    with (
        capture_logs() as lines,
        pytest.raises(ValueError, match="'sent-ish' is not a word"),
    ):
        messagelog.say("sent-ish")

    assert lines == []


def test_every_state_and_every_signal_has_its_word() -> None:
    assert {state.value for state in State} - {"scheduled"} <= set(WORDS)
    assert {signal.value for signal in Signal} <= set(WORDS)


def test_every_word_is_explained_in_a_sentence_without_a_stop() -> None:
    for word, meaning in WORDS.items():
        assert word.islower() and word.isalpha()
        assert meaning[0].isupper() and not meaning.endswith(".")
        assert len(word) <= 16, "the column is that wide"
