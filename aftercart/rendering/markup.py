"""Do values stand only where escaping protects them, and is the markup fit for a mailbox?

Escaping covers text and quoted attributes. It does not cover a whole link (`javascript:`), scripts, styles, comments and
attributes without quotes, so that values are refused there. Files are read one by one, before MJML, so that each mistake
has its line and column.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from html.parser import HTMLParser

from aftercart.errors import Problem
from aftercart.rendering import tags
from aftercart.rendering.sandbox import suggest
from aftercart.rendering.tags import Piece

_FILL = "\ue000"
_ATTRIBUTE = re.compile(
    r"""([^\s"'<>/=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>"']+))?""", re.DOTALL
)
_FILTERED = re.compile(r"\|\s*url\s*[-+]?\}\}\Z")
_SAFE_LINK = re.compile(r"(?:https?://|mailto:|tel:|#|cid:)", re.IGNORECASE)
_LINKS = frozenset({"href", "src", "background", "background-url", "action", "cite"})
_REFUSED = frozenset(
    {"script", "iframe", "form", "object", "embed", "input", "textarea", "link", "base"}
)
_INSTEAD = {"mj-include": 'write {% include "_base/…" %}'}
_STYLES = frozenset({"script", "style", "mj-style"})
_MJML = frozenset(
    [
        "mjml",
        "mj-head",
        "mj-body",
        "mj-title",
        "mj-preview",
        "mj-attributes",
        "mj-all",
        "mj-class",
        "mj-breakpoint",
        "mj-font",
        "mj-style",
        "mj-raw",
        "mj-wrapper",
        "mj-section",
        "mj-group",
        "mj-column",
        "mj-text",
        "mj-button",
        "mj-image",
        "mj-divider",
        "mj-spacer",
        "mj-table",
        "mj-hero",
        "mj-html-attributes",
        "mj-selector",
        "mj-html-attribute",
        "mj-social",
        "mj-social-element",
        "mj-navbar",
        "mj-navbar-link",
        "mj-accordion",
        "mj-accordion-element",
        "mj-accordion-title",
        "mj-accordion-text",
        "mj-carousel",
        "mj-carousel-image",
    ]
)


def problems(text: str, file: str) -> list[Problem]:
    """Every value at a dangerous place and every element that no mailbox should get."""
    scan = _Scan(tags.split(text, file), strict=file.endswith(".mjml"))
    scan.feed(scan.masked)
    scan.close()
    return scan.finish()


class _Scan(HTMLParser):
    """Reads a file in which every Jinja tag is blanked by as many filling characters."""

    def __init__(self, pieces: list[Piece], *, strict: bool) -> None:
        super().__init__(convert_charrefs=False)
        self._strict = strict  #: MJML stops at what HTML forgives
        self._pieces = pieces
        self._offsets: list[int] = []
        self._lines = [0]
        self._open: list[tuple[str, int]] = []
        self._found: list[Problem] = []
        parts, offset = [], 0
        for piece in pieces:
            self._offsets.append(offset)
            offset += len(piece.text)
            blank = re.sub(r"[^\n]", _FILL, piece.text)
            parts.append(piece.text if piece.kind == "text" else blank)
        self.masked = "".join(parts)
        self._lines += [m.end() for m in re.finditer("\n", self.masked)]

    def finish(self) -> list[Problem]:
        for tag, offset in self._open:
            self._say(offset, f"<{tag}> is not closed", f"close it with </{tag}>")
        return self._found

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._element(tag)
        if tag in _MJML or tag in _STYLES:
            self._open.append((tag, self._here()))

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self._element(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _MJML and tag not in _STYLES:
            if tag.startswith("mj-"):
                hint = suggest(tag, _MJML)
                self._say(self._here(), f"there is no <{tag}> in MJML", hint)
            return
        if self._open and self._open[-1][0] == tag:
            self._open.pop()
            return
        if tag not in [name for name, _ in self._open]:
            self._say(self._here(), f"</{tag}> closes nothing")
            return
        while (inner := self._open.pop())[0] != tag:
            self._say(
                inner[1], f"<{inner[0]}> is not closed", f"close it with </{inner[0]}>"
            )

    def handle_data(self, data: str) -> None:
        inside = self._open[-1][0] if self._open else ""
        if inside in _STYLES:
            self._refuse(self._here(), data, f"inside <{inside}>")
        elif "<" in data:
            self._say(self._here() + data.index("<"), "a bare <", "write &lt;")

    def handle_comment(self, data: str) -> None:
        self._refuse(self._here() + len("<!--"), data, "inside a comment")

    def _element(self, tag: str) -> None:
        here, text = self._here(), self.get_starttag_text() or ""
        if tag in _REFUSED:
            self._say(here, f"<{tag}> has no place in a message")
        if tag.startswith("mj-") and tag not in _MJML:
            hint = _INSTEAD.get(tag) or suggest(tag, _MJML)
            self._say(here, f"there is no <{tag}> in MJML", hint)
        start = 1 + len(tag)
        names = set()
        for found in _ATTRIBUTE.finditer(text, start):
            names.add(found[1].lower())
            self._attribute(here, found)
        if tag in ("img", "mj-image") and "alt" not in names:
            hint = 'alt="…" is read when images are off; alt="" for decoration'
            self._say(here, f"<{tag}> has no alt", hint)

    def _attribute(self, here: int, found: re.Match[str]) -> None:
        name, value = found[1].lower(), found[2] or ""
        if _FILL in name:
            self._refuse(here + found.start(1), found[1], "between attributes")
            return
        offset = here + found.start(2)
        if not value.startswith(('"', "'")):
            self._refuse(offset, value, f"in {name}=, which has no quotes,")
            if value and _FILL not in value and self._strict:
                self._say(offset, f"{name}= has no quotes", f'write {name}="{value}"')
            return
        if name.startswith("on") or name in ("style", "srcdoc"):
            self._refuse(offset, value, f"in {name}=, which is code,")
        elif name in _LINKS:
            self._link(offset + 1, name, value[1:-1].strip())

    def _link(self, offset: int, name: str, value: str) -> None:
        if not value or _SAFE_LINK.match(value):
            return
        first = next(self._prints(offset, len(value)), None)
        if first is None or not value.startswith(_FILL):
            hint = "begin with https://, mailto: or tel:"
            self._say(offset, f"{name}= is not a link that works in a mailbox", hint)
        elif not _FILTERED.search(first.text):
            inner = first.text.strip("{}-+ ")
            words = f"{name}= takes a value that may be any link, also javascript:"
            self._say(offset, words, f"write {{{{ {inner} | url }}}}")

    def _refuse(self, offset: int, text: str, where: str) -> None:
        for piece in self._prints(offset, len(text)):
            words = f"a value {where} is not protected by escaping"
            hint = "values belong in text and in quoted attributes"
            self._found.append(tags.problem(piece.place, words, hint))

    def _prints(self, offset: int, length: int) -> Iterator[Piece]:
        first = bisect_left(self._offsets, offset)
        last = bisect_left(self._offsets, offset + length)
        for piece in self._pieces[first:last]:
            if piece.kind == "print":
                yield piece

    def _here(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def _say(self, offset: int, words: str, hint: str = "") -> None:
        index = bisect_right(self._offsets, offset) - 1
        place = self._pieces[index].spot(offset - self._offsets[index])
        self._found.append(tags.problem(place, words, hint))
