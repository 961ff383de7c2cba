"""The language of the shop and the people who work there: usual spellings are taken, nonsense is told with its place."""

from pathlib import Path

import pytest

from aftercart.errors import CampaignError
from aftercart.loading import load_shop


def shop_yaml(folder: Path, text: str) -> Path:
    (folder / "shop").mkdir()
    (folder / "shop" / "shop.yaml").write_text(f"name: Meadow\n{text}")
    return folder


def test_an_english_shop_need_not_say_so(tmp_path: Path) -> None:
    assert load_shop(shop_yaml(tmp_path, "")).locale == "en-GB"


def test_a_locale_is_taken_in_the_usual_spellings(tmp_path: Path) -> None:
    assert load_shop(shop_yaml(tmp_path, "locale: de_at\n")).locale == "de-AT"


def test_a_language_that_nobody_speaks_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(CampaignError) as wrong:
        load_shop(shop_yaml(tmp_path, "locale: klingon\n"))

    (problem,) = wrong.value.problems
    assert (problem.line, problem.column) == (2, 9)
    assert "not a language" in problem.message and "en-GB" in problem.hint


def test_staff_are_addresses_in_their_one_form(tmp_path: Path) -> None:
    said = 'staff: [Ann@SHOP.example, "+44 7700 900123"]\n'

    assert load_shop(shop_yaml(tmp_path, said)).staff == (
        "Ann@shop.example",
        "+447700900123",
    )


def test_staff_that_cannot_be_reached_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(CampaignError) as wrong:
        load_shop(shop_yaml(tmp_path, "staff: [ann@shop.example, '123']\n"))

    (problem,) = wrong.value.problems
    assert (problem.line, problem.column) == (2, 27)
    assert "e-mail address" in problem.hint
