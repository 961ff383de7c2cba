"""An SMS costs what operators count, and what makes it dear is named."""

import pytest

from aftercart.sms import GSM_7, UCS_2, Parts, measure


@pytest.mark.parametrize(
    ("text", "units", "parts"),
    [
        ("", 0, 1),
        ("x" * 160, 160, 1),
        ("x" * 161, 161, 2),
        ("x" * 306, 306, 2),
        ("x" * 307, 307, 3),
        ("€" * 80, 160, 1),
        ("€" * 81, 162, 2),
        ("é@£{}", 7, 1),
    ],
)
def test_plain_text_is_counted_in_septets(text: str, units: int, parts: int) -> None:
    assert measure(text) == Parts(GSM_7, units, parts)


@pytest.mark.parametrize(
    ("text", "units", "parts", "culprits"),
    [
        ("’" + "x" * 69, 70, 1, ("’",)),
        ("’" + "x" * 70, 71, 2, ("’",)),
        ("🍲" * 35, 70, 1, ("🍲",)),
        ("🍲" * 36, 72, 2, ("🍲",)),
        ("ç “a” ç", 7, 1, ("ç", "“", "”")),
        ("a\u00a0b", 3, 1, ("\u00a0",)),
    ],
)
def test_one_character_outside_the_alphabet_makes_all_of_it_dearer_and_is_named(
    text: str, units: int, parts: int, culprits: tuple[str, ...]
) -> None:
    assert measure(text) == Parts(UCS_2, units, parts, culprits)


def test_a_two_unit_character_is_never_split_between_parts() -> None:
    # 66 units and then a pair: the pair moves to the next part, so two parts do not hold 134 units.
    text = "’" + "x" * 65 + "🍲" + "x" * 66

    assert measure(text).units == 134
    assert measure(text).parts == 3
