"""How texts read for the customers that there are."""

from pathlib import Path

import pytest

from aftercart.rendering import with_people
from tests.unit.rendering.shelf import fill

FOOT = '{% include "_base/footer.txt" %}\n'


def folder(tmp_path: Path, sms: str) -> Path:
    guarded = "Hello{% if customer.first_name %} {{ customer.first_name }}{% endif %}"
    return fill(
        tmp_path / "templates",
        subject_txt=f"{guarded}\n",
        body_txt=f"{guarded}\n{FOOT}",
        body_mjml='<mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section>\n{% include "_base/footer.mjml" %}\n',
        sms_txt=sms,
    )


def test_a_name_that_some_lack_is_told_with_how_many(tmp_path: Path) -> None:
    shelf = folder(tmp_path, "{{ shop.name }}\nHi {{ customer.first_name }} STOP\n")

    (problem,) = with_people(shelf, {"": 212, "Ann": 1271})

    assert problem.place == "templates/hello/sms.txt:2:16"
    assert "empty for 212 of 1,483 customers" in problem.message
    assert "{% if customer.first_name %}" in problem.hint


def test_where_everybody_has_a_name_nobody_need_ask(tmp_path: Path) -> None:
    shelf = folder(tmp_path, "{{ shop.name }} {{ customer.first_name }} STOP\n")

    assert with_people(shelf, {"Ann": 3}) == with_people(shelf, {}) == []


@pytest.mark.parametrize(
    "asked",
    [
        '{{ customer.first_name or "there" }}',
        '{{ customer.first_name if customer.first_name else "there" }}',
        '{{ customer.first_name | default("there", true) }}',
        "{% if customer.first_name | length > 2 %}{{ customer.first_name }}{% endif %}",
    ],
)
def test_there_are_several_ways_to_ask(tmp_path: Path, asked: str) -> None:
    shelf = folder(tmp_path, f"{{{{ shop.name }}}} {asked} STOP\n")

    assert with_people(shelf, {"": 2, "Ann": 1}) == []


def test_a_default_that_an_empty_name_does_not_take_is_no_way_to_ask(
    tmp_path: Path,
) -> None:
    sms = '{{ shop.name }} {{ customer.first_name | default("there") }} STOP\n'

    assert len(with_people(folder(tmp_path, sms), {"": 1})) == 1


def test_the_customer_whose_name_makes_a_text_too_dear_is_found(tmp_path: Path) -> None:
    text = "x" * 250
    shelf = folder(
        tmp_path, f"{{{{ shop.name }}}} {{{{ customer.first_name }}}} {text} STOP\n"
    )

    (problem,) = with_people(shelf, {"Ann": 900, "Zo\u00eb": 1, "\u0141ukasz": 1})

    assert problem.place == "templates/hello/sms.txt:1:29"
    assert "costs 5 SMS in UCS-2" in problem.message
    assert "U+" in problem.hint
