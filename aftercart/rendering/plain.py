"""What does an e-mail say without its looks? Its plain text, where nobody has written one: made of the same MJML or HTML.

The source is walked and not what MJML makes of it, which is tables within tables. Every tag of Jinja keeps its place in the order, so
that the text is filled in with the same values under the same conditions. What only the filled text shows, a link that says its own
address and lines that stayed empty, is tidied at the end.
"""

import html
import re
from collections.abc import Iterator, Sequence

from aftercart.rendering.tags import Piece

#: How a text begins that was made so.
MARK = "{# made of the body #}"
#: Where a paragraph or a line begins or ends, and a break. Signs that can be printed, for all others are taken out of what a macro
#: makes, and that hardly anybody writes.
_PARAGRAPH, _LINE, _BREAK = "⿻", "⿰", "⿱"
#: Around a link, and in it around its address.
_OPEN, _TO, _SHUT = "⿲", "⿴", "⿳"
#: What stands for a tag of Jinja, by its number.
_HOLD, _HELD = "⿵%d⿵", re.compile("⿵([0-9]+)⿵")
_ELEMENT = re.compile(
    r"<(/?)([A-Za-z][A-Za-z0-9-]*)((?:\"[^\"]*\"|'[^']*'|[^<>\"'])*)>?"
)
_ATTRIBUTE = re.compile(
    r"(?<![a-z-])([a-z-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE
)
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_INVISIBLE = re.compile("[\u00ad\u034f\u200b-\u200d\ufeff]")
#: What would begin a tag of Jinja where the author wrote a brace.
_BRACE = re.compile(r"\{(?=[{%#]|" + _HELD.pattern.replace("(", "(?:") + ")")

_SILENT = {"head", "mj-head", "mj-preview", "script", "style", "title"}
_LINKS = {"a", "mj-button", "mj-navbar-link", "mj-social-element"}
_IMAGES = {"img", "mj-image", "mj-carousel-image"}
_EMPTY = {"br", "hr", "img", "input", "link", "meta", "mj-divider", "mj-image"}
_LINES = {"div", "tr", "mj-navbar-link", "mj-social-element"}
_CELLS = {"td", "th"}
_PARAGRAPHS = {
    *("p", "table", "ul", "ol", "blockquote", "hr", "pre"),
    *("h1", "h2", "h3", "h4", "h5", "h6"),
    *("mj-text", "mj-button", "mj-table", "mj-image", "mj-divider", "mj-section"),
    *("mj-accordion-title", "mj-accordion-text", "mj-navbar", "mj-social"),
}

_LINK = re.compile(f"{_OPEN}([^{_OPEN}{_SHUT}]*){_SHUT}")
_OURS = re.compile("[⿰-⿻]")
_SIGNS = re.compile(f"[{_PARAGRAPH}{_LINE}{_BREAK}]")
_BETWEEN = re.compile(rf"{_SHUT}[\s·|,]*(?={_OPEN})")
_SPACE = re.compile(f" ?[{_PARAGRAPH}{_LINE}{_BREAK}][ {_PARAGRAPH}{_LINE}{_BREAK}]*")
_SCHEME = re.compile(r"\A(?:mailto:|tel:|https?://)|/\Z", re.IGNORECASE)


def made_of(pieces: Sequence[Piece]) -> list[Piece]:
    """The plain text of a body, as a template; the pieces are those of its MJML or HTML and of the macros before it."""
    if not pieces:
        return []
    text = "".join(
        _OURS.sub("", p.text) if p.kind == "text" else _HOLD % n
        for n, p in enumerate(pieces)
    )
    blocks = {str(n) for n, p in enumerate(pieces) if p.kind == "block"}
    walked = _BRACE.sub("{ ", "".join(_Walk(blocks).walk(text)))
    place = pieces[0].place
    done = [Piece("comment", MARK, place)]
    for index, stretch in enumerate(_HELD.split(walked)):
        if index % 2:
            done.append(pieces[int(stretch)])
        elif stretch:
            done.append(Piece("text", stretch, place))
    return done


def is_made(text: str) -> bool:
    """Whether a template of a plain text was made so."""
    return text.startswith(MARK)


def tidy(text: str) -> str:
    """A filled text with its links spelt out, one space between words, and at most one empty line at a time."""
    text = _BETWEEN.sub(_SHUT + _LINE, text)
    text = _LINK.sub(lambda link: _spelt(*link[1].split(_TO)), text)
    for sign in (_OPEN, _TO, _SHUT):
        text = text.replace(sign, "")
    text = " ".join(text.split())
    return _SPACE.sub(lambda run: _newlines(run[0]), text).strip()


def _newlines(signs: str) -> str:
    return "\n\n" if _PARAGRAPH in signs or signs.count(_BREAK) > 1 else "\n"


def _spelt(before: str, address: str = "", *after: str) -> str:
    words = " ".join(_SIGNS.sub(" ", before + "".join(after)).split())
    address = "" if address.strip().startswith("#") else address.strip()
    bare = _SCHEME.sub("", address)
    if not words or _SCHEME.sub("", words) == bare:
        return bare if address[:4].lower() in ("mail", "tel:") else address
    return f"{words}: {address}" if address else words


class _Walk:
    """One walk over the source. `blocks` are the tags of Jinja that open and close: they stay, whatever becomes of what is around them."""

    def __init__(self, blocks: set[str]) -> None:
        self._blocks = blocks
        self._silent, self._depth = "", 0
        self._links = 0

    def walk(self, text: str) -> Iterator[str]:
        at = 0
        while (start := text.find("<", at)) >= 0:
            yield from self._words(text[at:start])
            if text.startswith("<!--", start):
                end = text.find("-->", start)
                at = end + 3 if end >= 0 else len(text)
                yield from self._kept(text[start:at])
            elif found := _ELEMENT.match(text, start):
                yield from self._element(found)
                at = found.end()
            else:
                yield from self._words("<")
                at = start + 1
        yield from self._words(text[at:])
        yield _SHUT * self._links

    def _words(self, text: str) -> Iterator[str]:
        if self._silent:
            yield from self._kept(text)
            return
        yield _INVISIBLE.sub("", re.sub(r"\s+", " ", html.unescape(text)))

    def _kept(self, text: str) -> Iterator[str]:
        yield from (_HOLD % int(n) for n in _HELD.findall(text) if n in self._blocks)

    def _element(self, found: re.Match[str]) -> Iterator[str]:
        closing, name, inside = bool(found[1]), found[2].lower(), found[3]
        empty = name in _EMPTY or inside.endswith("/")
        if self._silent:
            yield from self._kept(inside)
            if name == self._silent and not empty:
                self._depth += -1 if closing else 1
                self._silent = self._silent if self._depth else ""
        elif closing:
            yield from self._kept(inside)
            yield from self._closed(name)
        elif not empty and _is_silent(name, inside):
            yield from self._kept(inside)
            self._silent, self._depth = name, 1
        else:
            yield from self._opened(name, inside)
            if empty:
                yield from self._closed(name)

    def _opened(self, name: str, inside: str) -> Iterator[str]:
        yield _opening(name)
        if name in _LINKS:
            yield _OPEN
            yield from self._said(inside, ("href",))
            self._links += 1
        elif name in _IMAGES:
            # a picture may be a link of its own, or stand in one
            linked = any(a[1].lower() == "href" for a in _ATTRIBUTE.finditer(inside))
            yield _OPEN if linked else ""
            yield from self._said(inside, ("href", "alt"))
            yield _SHUT if linked else ""
        else:
            yield from self._kept(inside)

    def _closed(self, name: str) -> Iterator[str]:
        if name in _LINKS and self._links:
            self._links -= 1
            yield _SHUT
        yield _space(name)

    def _said(self, inside: str, names: Sequence[str]) -> Iterator[str]:
        """What these attributes say, an address between two marks, with the tags of Jinja around them, in their order."""
        at = 0
        for attribute in _ATTRIBUTE.finditer(inside):
            if attribute[1].lower() in names:
                yield from self._kept(inside[at : attribute.start()])
                said = html.unescape(attribute[2] or attribute[3] or "")
                yield f"{_TO}{said}{_TO}" if attribute[1].lower() == "href" else said
                at = attribute.end()
        yield from self._kept(inside[at:])


def _is_silent(name: str, inside: str) -> bool:
    said = {a[1].lower(): a[2] or a[3] or "" for a in _ATTRIBUTE.finditer(inside)}
    return name in _SILENT or bool(_HIDDEN.search(said.get("style", "")))


def _opening(name: str) -> str:
    if name == "br":
        return _BREAK
    if name in _CELLS:
        return " "
    return f"{_LINE}- " if name == "li" else _space(name)


def _space(name: str) -> str:
    if name in _PARAGRAPHS:
        return _PARAGRAPH
    return _LINE if name in _LINES else ""
