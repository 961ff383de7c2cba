"""What does a message look like? Templates checked, compiled once, and filled in with plain values."""

from aftercart.rendering.renderer import Renderer, Template

__all__ = ["Renderer", "Template"]
