"""What do sound files look like, and what does `aftercart check` say when one mistake is made in them?"""

from dataclasses import dataclass
from pathlib import Path

from aftercart import vetting
from aftercart.errors import Problem
from aftercart.settings import Settings
from tests.unit.rendering.shelf import GOOD as TEMPLATES

SPRING = """\
name: Spring
purpose: marketing
trigger:
  event: order.delivered
  where: any(item.category == 'chicken')
audience: customer.orders >= 1
steps:
  - wait: 2 days
  - stop_if: order.refunded
  - send: {email: hello}
    between: 16:00-19:00
    expires: 2 days
    fallback: {sms: hello}
limits: 1 per 7 days
priority: 5
holdout: 5%
goal: {event: order.placed, within: 7 days}
tests:
  - name: chicken on Monday
    given:
      - order: {delivered: 2026-03-02 10:00, items: [{category: chicken}]}
    expect:
      - {at: 2026-03-04 16:00, email: hello}
"""
RECIPE = """\
- id: omelette
  title: A soft omelette
  main: eggs
  minutes: 10
  serves: 1
  intro: Ten minutes from hungry to happy.
  ingredients: [3 eggs]
  steps: [Beat them., Cook them.]
"""
FILES = {
    "campaigns/spring.yaml": SPRING,
    "campaigns/shop/shop.yaml": "name: Meadow Grocer\ncap: {marketing: [1 per 1 day]}\n",
    "campaigns/shop/staples.yaml": "eggs: {name: eggs, lifespan: 14 days}\n",
    "campaigns/shop/categories.yaml": "chicken: [chicken]\neggs: [egg*]\n",
    "campaigns/shop/audiences.yaml": "regulars: customer.orders >= 5\n",
    "campaigns/shop/recipes.yaml": RECIPE,
    **{f"templates/{path}": text for path, text in TEMPLATES.items()},
}


@dataclass(frozen=True)
class Mistake:
    """In this file, `right` (the whole file where it is empty) was written as `wrong`."""

    file: str
    right: str
    wrong: str
    answer: str

    @property
    def written(self) -> str:
        """What was written instead of what, on one line."""
        right, wrong = self.right.strip(), self.wrong.strip()
        return f"{right or 'nothing'} -> {wrong or 'nothing'}".replace("\n", "⏎")


def make(folder: Path, mistake: Mistake) -> None:
    """Writes the sound files with the one mistake in them."""
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    text = FILES.get(mistake.file, "")
    assert mistake.right in text, mistake
    wrong = text.replace(mistake.right, mistake.wrong, 1) if mistake.right else None
    path = folder / mistake.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(mistake.wrong if wrong is None else wrong)


def answers(folder: Path) -> list[Problem]:
    """What `aftercart check` says of a folder, as the command does it."""
    settings = Settings(root=str(folder), database_url=f"sqlite:///{folder}/none.db")
    return vetting.check(settings)
