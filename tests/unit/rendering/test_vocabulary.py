"""The catalogue of words: complete, plain, and the same in the samples, the documentation and the filters."""

import json
import re
from pathlib import Path

import pytest

from aftercart.rendering import CATALOGUE, sample_values
from aftercart.rendering.sandbox import FILTERS, plural, sentence, singular

DOCS = (Path(__file__).parents[3] / "docs" / "templates.md").read_text("utf-8")


def test_the_page_for_marketing_lists_exactly_the_catalogue() -> None:
    rows = re.findall(r"^\| `([a-z_.\[\]]+)` \| (.+?) \|", DOCS, re.MULTILINE)

    assert rows == [(word.name, word.description) for word in CATALOGUE]


def test_the_page_for_marketing_lists_exactly_the_filters() -> None:
    listed = re.search(r"^Filters: (.+?)\.$", DOCS, re.MULTILINE | re.DOTALL)

    assert listed
    assert re.findall(r"`(\w+)`", listed[1]) == sorted(FILTERS)


@pytest.mark.parametrize("sparse", [False, True])
def test_samples_are_plain_values(sparse: bool) -> None:
    values = sample_values(sparse=sparse)

    assert json.loads(json.dumps(values)) == values


def test_a_sample_belongs_to_whoever_asked_for_it() -> None:
    sample_values()["order"]["items"].clear()

    assert len(sample_values()["order"]["items"]) == 3


def test_sparse_samples_are_the_edge_of_what_may_come() -> None:
    values = sample_values(sparse=True)

    assert values["customer"]["first_name"] == ""
    assert values["order"]["new_time"] == ""
    assert len(values["staples"]) == 1
    assert values["recipe"]["have"] == []
    assert [s["score"] for s in values["survey"]["scores"]] == list(range(11))


def test_every_entry_of_a_list_has_the_words_of_the_first() -> None:
    values = sample_values()

    for entries in (
        values["order"]["items"],
        values["staples"],
        values["survey"]["scores"],
    ):
        assert {tuple(sorted(e)) for e in entries} == {tuple(sorted(entries[0]))}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("eggs", "egg"),
        ("milk", "milk"),
        ("coffee", "coffee"),
        ("oats", "oat"),
        ("potatoes", "potato"),
        ("berries", "berry"),
        ("cookies", "cookie"),
        ("pies", "pie"),
        ("radishes", "radish"),
        ("boxes", "box"),
        ("bananas", "banana"),
        ("avocados", "avocado"),
        ("asparagus", "asparagus"),
        ("couscous", "couscous"),
        ("swiss", "swiss"),
        ("nappies", "nappy"),
    ],
)
def test_a_staple_is_named_in_the_singular_before_supply(
    word: str, expected: str
) -> None:
    assert singular(word) == expected


def test_lists_and_counts_read_as_people_say_them() -> None:
    assert sentence([]) == ""
    assert sentence(["eggs"]) == "eggs"
    assert sentence(["eggs", "milk"]) == "eggs and milk"
    assert sentence(["eggs", "milk", "oil"]) == "eggs, milk and oil"
    assert plural(1, "day", "days") == "1 day"
    assert plural(10, "day", "days") == "10 days"
