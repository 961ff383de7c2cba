"""How does a message look everywhere at once? One page: at a desk, on a phone, in the dark, as text, and as an SMS with its price.

The page needs nothing but itself: it can be opened as a file and sent to a colleague.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from aftercart import locales, sms
from aftercart.errors import Problem
from aftercart.model import Channel
from aftercart.previewing import Preview
from aftercart.shop import Shop

_DARK = re.compile(r"@media\s*\(\s*prefers-color-scheme\s*:\s*dark\s*\)")
_SCHEME = re.compile(r'(<meta name="color-scheme" content=")[^"]*(")')
_PAGE = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
).get_template("proof.html")

#: width in pixels, dark or not, and what people call it
_VIEWS = ((600, False, "Desktop"), (390, False, "Phone"), (390, True, "Phone, dark"))


def page(
    title: str,
    previews: Sequence[Preview],
    *,
    shop: Shop | None = None,
    problems: Sequence[Problem] = (),
    live: str = "",
) -> str:
    """The page; `problems` stand where the messages would be, and `live` is the stamp from which on it looks for changes."""
    return _PAGE.render(
        title=title,
        messages=[_message(one, shop) for one in previews],
        problems=problems,
        live=live,
    )


def _message(one: Preview, shop: Shop | None) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "template": one.template,
        "language": locales.language(one.locale),
        "mail": one.channel is Channel.EMAIL,
        "text": one.rendered.text,
        "subject": one.rendered.subject,
        "preview": one.preview_text,
    }
    if one.channel is Channel.EMAIL:
        html = one.rendered.html
        shown["size"] = f"{len(html.encode()) / 1024:.0f} KB"
        shown["views"] = [
            {"name": name, "width": width, "dark": dark, "html": _lit(html, dark=dark)}
            for width, dark, name in _VIEWS
        ]
    else:
        shown["cost"] = sms.measure(one.rendered.text)
        shown["price"] = price(shown["cost"], shop) if shop else ""
        shown["instead"] = instead(shown["cost"].culprits)
    return shown


def price(cost: sms.Parts, shop: Shop) -> str:
    """What the text costs in each country whose price the shop knows: "GB 0.081 GBP"."""
    told = (f"{c} {cost.parts * p} {shop.currency}" for c, p in shop.sms_prices.items())
    return ", ".join(words.strip() for words in told)


def instead(culprits: Sequence[str]) -> list[tuple[str, str, str]]:
    """Each character that makes a text dear, its number, and what could stand there."""
    told = []
    for character in culprits:
        plain = sms.plain(character)
        words = "leave it out" if not plain else f'write "{plain}"'
        told.append((character, f"U+{ord(character):04X}", words))
    return told


def _lit(html: str, *, dark: bool) -> str:
    """The same mail as a mailbox in the dark shows it, or one in the light, whatever the browser prefers."""
    lit = _DARK.sub("@media all" if dark else "@media not all", html)
    return _SCHEME.sub(rf"\g<1>{'dark' if dark else 'light'}\g<2>", lit)
