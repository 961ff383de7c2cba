"""Did you mean: the closest word, or the words there are."""

from aftercart.spelling import closest, did_you_mean


def test_the_closest_word_is_offered() -> None:
    assert did_you_mean("trigeer", ["trigger", "steps"]) == 'did you mean "trigger"?'


def test_capitals_do_not_keep_words_apart() -> None:
    assert closest("europe/london", ["Europe/London", "UTC"]) == "Europe/London"


def test_without_a_close_word_the_known_ones_are_listed() -> None:
    assert did_you_mean("zzz", ["steps", "name"]) == "known: name, steps"
    assert did_you_mean("zzz", "abcdefgh", most=3) == "known: a, b, c, …"


def test_without_any_word_there_is_no_hint() -> None:
    assert did_you_mean("zzz", []) == ""
