"""Where does each Jinja tag of a template stand in its file, and in the text that is made of several files?

A message is put together from several files and pressed through MJML, so Jinja's own line numbers would point at nothing
that marketing ever saw. Tags therefore keep their place of origin from the first reading to the last error.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aftercart.campaigns import Place
from aftercart.errors import Problem, TemplateError

#: What ends a tag, and the quotes in which it does not.
_KINDS = {"{{": "print", "{%": "block", "{#": "comment"}
_ENDS = {"{{": "}}", "{%": "%}", "{#": "#}"}
_INSIDE = {
    "{{": re.compile(r"""\"[^"]*"|'[^']*'|\}\}"""),
    "{%": re.compile(r"""\"[^"]*"|'[^']*'|%\}"""),
    "{#": re.compile(r"#\}"),
}
_OPENING = re.compile(r"\{\{|\{%|\{#")
_EDGES = re.compile(r"\A((?:\{\{|\{%)[-+]?)(.*?)([-+]?(?:\}\}|%\}))\Z", re.DOTALL)
_STRINGS = re.compile(r"""\"[^"]*"|'[^']*'""")


@dataclass(frozen=True)
class Piece:
    """A stretch of a file: literal `text`, or one `print`, `block` or `comment` tag."""

    kind: str
    text: str
    place: Place

    def spot(self, offset: int) -> Place:
        """The place of the character at `offset` of this piece."""
        before = self.text[:offset]
        lines = before.count("\n")
        start = 1 if lines else self.place.column
        column = start + len(before) - (before.rfind("\n") + 1)
        return Place(self.place.file, self.place.line + lines, column)


def problem(place: Place, message: str, hint: str = "") -> Problem:
    """A problem at a place."""
    return Problem(place.file, place.line, place.column, message, hint)


def split(text: str, file: str) -> list[Piece]:
    """The pieces of a file, in order; joined again they are the file.

    Raises:
        TemplateError: when a tag is opened and not closed.
    """
    pieces: list[Piece] = []
    place, done = Place(file, 1, 1), 0
    for kind, start, end in [*_tags(text), ("text", len(text), len(text))]:
        for kind_, part in (("text", text[done:start]), (kind, text[start:end])):
            if part:
                pieces.append(Piece(kind_, part, place))
                place = pieces[-1].spot(len(part))
        done = end
    _refuse_unclosed(pieces)
    return pieces


def _tags(text: str) -> Iterator[tuple[str, int, int]]:
    """Kind, start and end of every tag, in one walk over the text; it ends where one is opened and not closed."""
    at, quotes = 0, True
    while opening := _OPENING.search(text, at):
        sign, start = opening[0], opening.start()
        inside = _INSIDE[sign].finditer(text, start + 2) if quotes else ()
        at = next((f.end() for f in inside if f[0] == _ENDS[sign]), 0)
        if not at:
            # with a quote too many, nothing after it can be told from a quoted text
            quotes = False
            at = text.find(_ENDS[sign], start + 2) + 2
        if at < 2:
            return
        yield _KINDS[sign], start, at


def _refuse_unclosed(pieces: Sequence[Piece]) -> None:
    problems = [
        problem(
            piece.spot(found.start()),
            f"{found.group()} is opened and not closed",
            f"close it with {_ENDS[found.group()]}",
        )
        for piece in pieces
        if (found := _opened(piece))
    ]
    if problems:
        raise TemplateError(problems)


def _opened(piece: Piece) -> re.Match[str] | None:
    """The beginning of a tag that has no end, be it that the end of a later tag was taken for its own."""
    if piece.kind == "text":
        return _OPENING.search(piece.text)
    inside = _STRINGS.sub("", piece.text[2:])
    nested = piece.kind != "comment" and _OPENING.search(inside)
    return _OPENING.match(piece.text) if nested else None


class Marked:
    """Jinja source in which the inside of every tag has lines of its own, so that a line names exactly one tag.

    The added line breaks stand inside the tags and are invisible in what is rendered.
    """

    def __init__(self, pieces: Sequence[Piece], places: Sequence[Place] = ()) -> None:
        tags = [p for p in pieces if p.kind != "text"]
        origins = list(places) if len(places) == len(tags) else [p.place for p in tags]
        self.tags = [
            Piece(t.kind, t.text, o) for t, o in zip(tags, origins, strict=True)
        ]
        self._starts: list[int] = []
        self.start = _beginning(pieces, places)
        line, parts = 1, []
        for piece in pieces:
            text = piece.text
            if piece.kind != "text":
                self._starts.append(line)
                text = _EDGES.sub(r"\1\n\2\n\3", text)
            parts.append(text)
            line += text.count("\n")
        self.source = "".join(parts)

    def tag(self, line: int) -> Piece | None:
        """The tag whose inside a line of `source` belongs to."""
        index = bisect_left(self._starts, line) - 1
        return self.tags[index] if index >= 0 else None

    def place(self, line: int, word: str = "") -> Place:
        """Where a line of `source` stands in the owner's file; precisely at `word` when the tag contains it."""
        tag = self.tag(line)
        if tag is None:
            return self.start
        found = (
            re.search(rf"(?<!\w){re.escape(word)}(?!\w)", tag.text) if word else None
        )
        return tag.spot(found.start()) if found else tag.place


def _beginning(pieces: Sequence[Piece], places: Sequence[Place]) -> Place:
    """Where a text begins: in the owner's own file, when it is known which that is."""
    own = [p for p in places if "/_base/" not in p.file] or places
    if own:
        return Place(own[0].file, 1, 1)
    return pieces[0].place if pieces else Place("", 1, 1)
