"""A category in a condition: the shop's own word, a word of its export, or a slip of the pen."""

from pathlib import Path

import pytest

from aftercart.loading import check_folder

GOOD = """\
name: Spring
purpose: marketing
trigger:
  event: order.delivered
  where: any(item.category == 'chicken')
steps:
  - stop_if: order.refunded
  - send: {email: spring}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A shop with three categories and one template."""
    shop = tmp_path / "campaigns" / "shop"
    shop.mkdir(parents=True)
    (shop / "shop.yaml").write_text("name: Meadow Grocer\n")
    (shop / "categories.yaml").write_text(
        "chicken: [chicken]\neggs: [eggs]\noil: [oil]\n"
    )
    mail = tmp_path / "templates" / "spring"
    mail.mkdir(parents=True)
    for name in ("subject.txt", "body.mjml", "body.txt"):
        (mail / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("word", "meant"),
    [("chiken", "chicken"), ("egg", "eggs"), ("chikcen", "chicken"), ("tea", ""), ("foil", "")],
)  # fmt: skip
@pytest.mark.parametrize(
    ("key", "condition"),
    [
        ("stop_if: order.refunded", "stop_if: ordered('{}', since=trigger)"),
        ("where: any(item.category == 'chicken')", "where: any(item.category in ['eggs', '{}'])"),
    ],
)  # fmt: skip
def test_a_category_that_is_one_slip_from_the_shop_s_is_a_mistake_another_is_the_export_s(
    folder: Path, word: str, meant: str, key: str, condition: str
) -> None:
    campaign = folder / "campaigns" / "spring.yaml"
    campaign.write_text(GOOD.replace(key, condition.format(word)))

    problems = [str(problem) for problem in check_folder(folder / "campaigns")]

    hint = f'did you mean "{meant}"? One of your own goes into shop/categories.yaml'
    said = [problem.partition(": ")[2] for problem in problems]
    assert said == ([f'the shop has no category "{word}" ({hint})'] if meant else [])
