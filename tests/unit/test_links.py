"""A token is good for one purpose, in exactly the form in which we gave it out."""

import base64
import random
import string

import pytest

from aftercart import links
from aftercart.errors import InputError

SECRET = "0123456789abcdef"
MESSAGE = "0b9ad5f2-6a52-5d0b-9c9d-2f3b7f0a4c11"


def test_a_token_gives_back_what_was_signed() -> None:
    token = links.sign(links.UNSUBSCRIBE, MESSAGE, secret=SECRET)

    assert links.read(links.UNSUBSCRIBE, token, secret=SECRET) == MESSAGE


def test_a_token_is_good_for_its_purpose_only() -> None:
    token = links.sign(links.UNSUBSCRIBE, MESSAGE, secret=SECRET)

    assert links.read(links.SURVEY, token, secret=SECRET) is None


def test_another_secret_does_not_believe_it() -> None:
    token = links.sign(links.SURVEY, MESSAGE, secret=SECRET)

    assert links.read(links.SURVEY, token, secret="fedcba9876543210") is None


def test_after_a_rotation_old_links_work_and_new_ones_are_signed_with_the_new_key() -> (
    None
):
    old = links.sign(links.SURVEY, MESSAGE, secret=SECRET)
    rotated = f"brand-new-secret {SECRET}"
    new = links.sign(links.SURVEY, MESSAGE, secret=rotated)

    assert links.read(links.SURVEY, old, secret=rotated) == MESSAGE
    assert links.read(links.SURVEY, new, secret=rotated) == MESSAGE
    assert links.read(links.SURVEY, new, secret="brand-new-secret") == MESSAGE
    assert links.read(links.SURVEY, new, secret=SECRET) is None


def test_no_token_that_differs_in_one_character_is_believed() -> None:
    token = links.sign(links.UNSUBSCRIBE, MESSAGE, secret=SECRET)
    letters = string.ascii_letters + string.digits + "-_.="

    changed = {
        token[:at] + letter + token[at + 1 :]
        for at in range(len(token))
        for letter in letters
    } - {token}

    assert not [t for t in changed if links.read(links.UNSUBSCRIBE, t, secret=SECRET)]


def test_no_token_that_grew_or_shrank_is_believed() -> None:
    token = links.sign(links.UNSUBSCRIBE, MESSAGE, secret=SECRET)
    random.seed(7)
    letters = string.printable

    changed = [token[:n] for n in range(len(token))]
    for _ in range(2_000):
        at = random.randrange(len(token) + 1)
        changed.append(token[:at] + random.choice(letters) + token[at:])

    assert not [t for t in changed if links.read(links.UNSUBSCRIBE, t, secret=SECRET)]


@pytest.mark.parametrize("token", ["", ".", "..", "a.b", "ü.ü", "x" * 100_000, "\0"])
def test_nonsense_is_not_believed(token: str) -> None:
    assert links.read(links.SURVEY, token, secret=SECRET) is None


def test_a_token_carries_no_more_than_the_value() -> None:
    token = links.sign(links.SURVEY, MESSAGE, secret=SECRET)

    carried = base64.urlsafe_b64decode(token.partition(".")[0] + "==")
    assert carried == MESSAGE.encode()


def test_without_a_secret_nothing_is_signed_and_nothing_believed() -> None:
    token = links.sign(links.SURVEY, MESSAGE, secret=SECRET)

    assert links.read(links.SURVEY, token, secret="") is None
    with pytest.raises(InputError, match="AFTERCART_SECRET_KEY"):
        links.sign(links.SURVEY, MESSAGE, secret="  ")


def test_links_stand_under_the_public_url() -> None:
    assert links.unsubscribe_url("https://a.example/", "t") == "https://a.example/u/t"
    assert links.survey_url("https://a.example", "t") == "https://a.example/s/t"
    assert (
        links.survey_url("https://a.example", "t", score=0)
        == "https://a.example/s/t?score=0"
    )
    assert links.click_url("https://a.example", "7") == "https://a.example/c/7"
