"""coupons.yaml: which campaigns bring a code, and the mistakes one can make there."""

import shutil
from pathlib import Path

import pytest

from aftercart.codes import Coupon
from aftercart.loading import check_folder, load_shop


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree("campaigns", tmp_path / "campaigns")
    return tmp_path / "campaigns"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("birthday: {prefix: bday}\n", "1:20", "capitals"),
        ("birthday: {prefix: BDAY, length: 3}\n", "1:34", "6"),
        ("birthday: {prefx: BDAY}\n", "1:12", "prefx"),
        ("# codes\nbirthdy: {prefix: BDAY}\n", "2:1", 'no campaign "birthdy"'),
    ],
)
def test_a_mistake_is_told_with_its_place(
    folder: Path, text: str, line: str, words: str
) -> None:
    (folder / "shop" / "coupons.yaml").write_text(text)

    found = check_folder(folder)

    assert f"campaigns/shop/coupons.yaml:{line}" in [p.place for p in found]
    assert any(words in str(p) for p in found)


def test_a_code_has_eight_letters_where_nothing_is_said(folder: Path) -> None:
    (folder / "shop" / "coupons.yaml").write_text("birthday: {prefix: B}\n")

    assert load_shop(folder).coupons == {"birthday": Coupon("B", 8)}


def test_the_coupon_of_a_campaign_that_was_taken_out_stops_nobody(folder: Path) -> None:
    (folder / "birthday.yaml").unlink()

    assert check_folder(folder) == []
