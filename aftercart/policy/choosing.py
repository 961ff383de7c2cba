"""Which recipe for this basket? The one that uses most of what was bought, and never one that the person has had."""

from collections.abc import Collection, Sequence

from aftercart.model import Line
from aftercart.shop import Recipe


def choose(
    recipes: Sequence[Recipe], *, lines: Sequence[Line], had: Collection[str]
) -> Recipe | None:
    """The best new recipe whose main ingredient is in the basket; None when all of them have been told.

    Of equally good ones the first in the file wins: the order in the file is marketing's own ranking.
    """
    bought = {line.category for line in lines}
    fitting = [r for r in recipes if r.main in bought and r.id not in had]
    return max(
        fitting, key=lambda r: len(bought.intersection(r.goes_with)), default=None
    )
