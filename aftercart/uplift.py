"""Does it work? Two shares compared with their uncertainty, in numbers and in plain words."""

from dataclasses import dataclass
from math import sqrt

#: The normal quantile of a 95 % interval.
_Z = 1.959963984540054
#: With fewer people on a side, the interval says nothing that is worth reading.
LEAST = 30


@dataclass(frozen=True)
class Group:
    """How many people, and how many of them did what was hoped for."""

    people: int
    converted: int

    @property
    def share(self) -> float:
        return self.converted / self.people if self.people else 0.0


@dataclass(frozen=True)
class Uplift:
    """The difference of two shares, with the ends of its 95 % interval; from -1 to 1."""

    difference: float
    low: float
    high: float
    enough: bool  #: whether there are people enough on both sides to compare

    def sentence(self) -> str:
        """What it means, without a formula."""
        if not self.enough:
            return f"Too few to compare yet: at least {LEAST} people on each side are needed."
        span = f"between {_of_hundred(self.low)} and {_of_hundred(self.high)}"
        if self.low > 0:
            return f"It works: of a hundred people, {_of_hundred(self.difference)} more than without it ({span})."
        if self.high < 0:
            return f"It does harm: of a hundred people, {_of_hundred(-self.difference)} fewer than without it ({span})."
        return f"No measurable effect so far: of a hundred people, the difference lies {span}."

    def beside(self, name: str, other: str) -> str:
        """What it means where one way of saying something is compared with another."""
        if not self.enough:
            return f"{name} and {other}: too few to compare yet; at least {LEAST} people each are needed."
        more = "more" if self.difference >= 0 else "fewer"
        span = f"between {_of_hundred(self.low)} and {_of_hundred(self.high)}"
        verdict = (
            "may still be chance" if self.low <= 0 <= self.high else "hardly chance"
        )
        return f"{name} brings {_of_hundred(abs(self.difference))} {more} of a hundred than {other} ({span}): {verdict}."


def compare(got: Group, held: Group) -> Uplift:
    """Those who got it beside those who were held back.

    The interval is Newcombe's hybrid of two Wilson scores (Statistics in Medicine 17, 1998, method 10): it stays honest for
    small groups and for shares near 0 or 1.
    """
    if not got.people or not held.people:
        return Uplift(0.0, -1.0, 1.0, enough=False)
    difference = got.share - held.share
    low_got, high_got = _wilson(got)
    low_held, high_held = _wilson(held)
    low = difference - sqrt((got.share - low_got) ** 2 + (high_held - held.share) ** 2)
    high = difference + sqrt((high_got - got.share) ** 2 + (held.share - low_held) ** 2)
    return Uplift(difference, low, high, min(got.people, held.people) >= LEAST)


def _wilson(group: Group) -> tuple[float, float]:
    n, p = group.people, group.share
    middle = p + _Z**2 / (2 * n)
    spread = _Z * sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
    whole = 1 + _Z**2 / n
    return (middle - spread) / whole, (middle + spread) / whole


def _of_hundred(share: float) -> str:
    return f"{100 * share:.1f}".replace("-", "−")
