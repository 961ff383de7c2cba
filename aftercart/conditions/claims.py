"""What does a part of a condition claim, and which values do the parts name?"""

from collections.abc import Collection
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

from aftercart.conditions.nodes import Node


@dataclass(frozen=True)
class Claim:
    """A part of a condition that is to hold, or to fail. `name` is the audience that it stands in, if it does.

    `origin` tells conditions apart that are judged together: from 0, in their order; -1: the one before them.
    """

    node: Node
    holds: bool
    column: int
    name: str = ""
    origin: int = 0

    def __str__(self) -> str:
        text = str(getattr(self.node, "text", ""))
        said = text if self.holds else f"not {text}"
        return f"{self.name} ({said})" if self.name else said


def named(node: Node) -> tuple[Any, ...]:
    """The values beside the field."""
    value = getattr(node, "value", ())
    return value if isinstance(value, tuple) else (value,)


def whole(values: Collection[Any]) -> list[int]:
    """Whole numbers from 0 on, on and between those that are named."""
    near = {n + by for v in values for n in (floor(v), ceil(v)) for by in (-1, 0, 1)}
    return sorted(n for n in near | {0, 1} if n >= 0)
