"""What a holdout shows: the interval of a difference, against published values, and the words for it."""

import pytest

from aftercart.uplift import Group, compare


@pytest.mark.parametrize(
    ("got", "held", "low", "high"),
    [
        # Newcombe 1998, table II, method 10
        (Group(70, 56), Group(80, 48), 0.0524, 0.3339),
        (Group(10, 9), Group(10, 3), 0.1705, 0.8090),
        (Group(7, 6), Group(7, 2), 0.0582, 0.8062),
        (Group(56, 5), Group(29, 0), -0.0381, 0.1926),
        (Group(10, 0), Group(20, 0), -0.1611, 0.2775),
        (Group(10, 10), Group(10, 0), 0.6075, 1.0000),
    ],
)
def test_the_interval_is_the_published_one(
    got: Group, held: Group, low: float, high: float
) -> None:
    found = compare(got, held)

    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("got", "held", "words"),
    [
        (Group(1000, 300), Group(1000, 200), "It works: of a hundred people, 10.0 more"),
        (Group(1000, 200), Group(1000, 300), "It does harm: of a hundred people, 10.0 fewer"),
        (Group(1000, 210), Group(1000, 200), "No measurable effect so far: of a hundred people, the difference lies between −2.5 and 4.5."),
        (Group(1000, 300), Group(29, 2), "Too few to compare yet"),
        (Group(0, 0), Group(500, 2), "Too few to compare yet"),
    ],
)  # fmt: skip
def test_it_is_said_in_words(got: Group, held: Group, words: str) -> None:
    assert compare(got, held).sentence().startswith(words)


def test_two_variants_are_compared_in_plain_words() -> None:
    near = compare(Group(1000, 121), Group(1000, 100))
    far = compare(Group(1000, 80), Group(1000, 200))
    few = compare(Group(10, 1), Group(1000, 200))

    assert near.beside("b", "a") == (
        "b brings 2.1 more of a hundred than a (between −0.7 and 4.9): may still be chance."
    )
    assert far.beside("b", "a").startswith("b brings 12.0 fewer of a hundred than a (")
    assert far.beside("b", "a").endswith("hardly chance.")
    assert "too few to compare yet" in few.beside("b", "a")
