"""What does a message look like? Templates checked, compiled once, and filled in with plain values."""

from aftercart.rendering.checking import check
from aftercart.rendering.guarded import GuardedRenderer
from aftercart.rendering.people import problems as with_people
from aftercart.rendering.renderer import Renderer, Template
from aftercart.rendering.vocabulary import CATALOGUE, Word, sample_values

__all__ = [
    "CATALOGUE",
    "GuardedRenderer",
    "Renderer",
    "Template",
    "Word",
    "check",
    "sample_values",
    "with_people",
]
