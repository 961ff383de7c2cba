"""Where does each Jinja tag of a template stand in its file, and in the text that is made of several files?

A message is put together from several files and pressed through MJML, so Jinja's own line numbers would point at nothing
that marketing ever saw. Tags therefore keep their place of origin from the first reading to the last error.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from aftercart.campaigns import Place
from aftercart.errors import Problem, TemplateError

_QUOTED = r"""(?:"[^"]*"|'[^']*'|(?!{end}).)*?"""
_TAG = re.compile(
    r"(?P<comment>\{\#.*?\#\})"
    rf"|(?P<print>\{{\{{{_QUOTED.format(end='[}][}]')}\}}\}})"
    rf"|(?P<block>\{{%{_QUOTED.format(end='%[}]')}%\}})",
    re.DOTALL,
)
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
    whole = Piece("text", text, Place(file, 1, 1))
    pieces: list[Piece] = []
    done = 0
    for found in _TAG.finditer(text):
        pieces.append(Piece("text", text[done : found.start()], whole.spot(done)))
        kind = found.lastgroup or "print"
        pieces.append(Piece(kind, found.group(), whole.spot(found.start())))
        done = found.end()
    pieces.append(Piece("text", text[done:], whole.spot(done)))
    _refuse_unclosed(pieces)
    return [piece for piece in pieces if piece.text]


def _refuse_unclosed(pieces: Sequence[Piece]) -> None:
    closing = {"{{": "}}", "{%": "%}", "{#": "#}"}
    problems = [
        problem(
            piece.spot(found.start()),
            f"{found.group()} is opened and not closed",
            f"close it with {closing[found.group()]}",
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
        self.start = pieces[0].place if pieces else Place("", 1, 1)
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
