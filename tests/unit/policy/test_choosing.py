"""Which recipe for this basket?"""

from aftercart.model import Line
from aftercart.policy.choosing import choose
from tests.unit.policy.cases import recipe

STEW = recipe("stew", "chicken", "carrots")
SOUP = recipe("soup", "chicken", "leeks", "potatoes")
PLAIN = recipe("plain")
FISH = recipe("fish", "fish", "leeks", "potatoes", "carrots")
ALL = (PLAIN, STEW, SOUP, FISH)


def _chosen(*categories: str, had: tuple[str, ...] = ()) -> str:
    lines = [Line(c, c, c) for c in categories]
    found = choose(ALL, lines=lines, had=had)
    return found.id if found else ""


def test_its_main_ingredient_must_be_in_the_basket() -> None:
    assert _chosen("leeks", "potatoes", "carrots") == ""
    assert _chosen("fish") == "fish"


def test_it_uses_most_of_what_was_bought() -> None:
    assert _chosen("chicken", "leeks", "potatoes", "carrots") == "soup"
    assert _chosen("chicken", "carrots") == "stew"


def test_of_equally_good_ones_the_first_in_the_file_wins() -> None:
    assert _chosen("chicken") == "plain"


def test_what_was_told_is_never_told_again() -> None:
    assert _chosen("chicken", had=("plain",)) == "stew"
    assert _chosen("chicken", had=("plain", "stew", "soup")) == ""
