"""How does a folder of files become the finished texts of a message: subject, preview, html, text, sms?

Shared files of `_base` are put in as text, MJML becomes HTML, and every Jinja tag keeps its place of origin. What comes out
needs no file any more, so that an old message can be shown again from what was kept.
"""

import hashlib
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aftercart import locales
from aftercart.campaigns import Place
from aftercart.errors import Problem, TemplateError
from aftercart.rendering import files, plain, pressing, tags
from aftercart.rendering.pressing import ToHtml
from aftercart.rendering.tags import Piece
from aftercart.spelling import did_you_mean

SHARED = "_base"
LAYOUT, MACROS = "layout.mjml", "macros.html"
#: file -> the part that it becomes; body.mjml and body.html become the same part
FILES = {
    "subject.txt": "subject",
    "preview.txt": "preview",
    "body.mjml": "html",
    "body.html": "html",
    "body.txt": "text",
    "sms.txt": "sms",
}
MAX_DEPTH = 3
MAX_SIZE = (
    384 * 1024
)  #: of all files that a template is made of, each as often as it is included
_INCLUDE = re.compile(
    r"""\{%[-+]?\s*include\s+(["'])_base/([a-z0-9_-]+\.[a-z]+)\1\s*[-+]?%\}"""
)
_MARKER = re.compile(r"<!--\s*aftercart:\s*(body|preview)\s*-->")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True)
class Sources:
    """The finished Jinja text of each part, and where each of its tags comes from."""

    texts: Mapping[str, str]
    places: Mapping[str, tuple[Place, ...]]
    locale: str = locales.DEFAULT

    @property
    def version(self) -> str:
        """Twelve hex digits that change with any part, and with the language in which days and counts are filled in."""
        digest = hashlib.sha256()
        if self.locale != locales.DEFAULT:
            digest.update(f"locale\0{self.locale}\0".encode())
        for part, text in sorted(self.texts.items()):
            digest.update(f"{part}\0{len(text)}\0{text}\0".encode())
        return digest.hexdigest()[:12]


def names(folder: Path) -> list[str]:
    """The templates of a folder: every folder in it that does not begin with `_` or a dot."""
    found = (p.name for p in folder.iterdir() if p.is_dir())
    return sorted(name for name in found if name[0] not in "_.")


def translations(folder: Path, name: str) -> list[str]:
    """The languages of a template beside its own: the folders in it."""
    home = folder / name
    if not home.is_dir():
        return []
    found = (p.name for p in home.iterdir() if p.is_dir())
    return sorted(name for name in found if name[0] not in "_.")


def read(
    folder: Path, name: str, *, to_html: ToHtml, locale: str = locales.DEFAULT
) -> Sources:
    """All parts of one template, each file from the nearest folder: `de-AT`, `de`, then the template's own.

    Raises:
        TemplateError: with every problem that keeps the parts from being put together.
    """
    home = folder / name
    shown = f"{folder.name}/{name}"
    if not _NAME.fullmatch(name) or not home.is_dir() or home.is_symlink():
        hint = f"templates: {', '.join(names(folder))}" if folder.is_dir() else ""
        raise TemplateError([Problem(shown, 1, 1, "there is no such template", hint)])
    tongues = [t for t in locales.chain(locale) if locales.known(t)]
    found = _files(home, tongues)
    if not found:
        raise TemplateError(
            [
                Problem(
                    shown, 1, 1, "the template is empty", f"files: {', '.join(FILES)}"
                )
            ]
        )
    made = _Composer(folder, to_html, tongues).compose(name, found)
    return replace(made, locale=locale)


def _files(home: Path, tongues: Sequence[str]) -> list[str]:
    """The files of a message; of body.mjml and body.html the one that is nearer."""
    places = [*(home / tongue for tongue in tongues), home]
    near: dict[str, str] = {}
    for place in places:
        for file, part in FILES.items():
            if (place / file).is_file():
                near.setdefault(part, file)
    return list(near.values())


class _Composer:
    def __init__(self, folder: Path, to_html: ToHtml, tongues: Sequence[str]) -> None:
        self._folder, self._to_html, self._tongues = folder, to_html, tongues
        self._problems: list[Problem] = []
        self._size = 0

    def compose(self, name: str, files: Sequence[str]) -> Sources:
        parts = {file: self._pieces(f"{name}/{file}") for file in files}
        done: dict[str, list[Piece]] = {
            FILES[file]: pieces
            for file, pieces in parts.items()
            if FILES[file] != "html"
        }
        body = next((f for f in ("body.mjml", "body.html") if f in parts), "")
        if body and not self._problems:
            done["html"] = self._html(body, parts[body], done.get("preview", []))
            done.setdefault("text", plain.made_of([*self._macros(), *parts[body]]))
        if self._problems:
            raise TemplateError(self._problems)
        return Sources(
            texts={part: _joined(pieces) for part, pieces in done.items()},
            places={
                part: tuple(p.place for p in pieces if p.kind != "text")
                for part, pieces in done.items()
            },
        )

    def _html(self, file: str, body: list[Piece], preview: list[Piece]) -> list[Piece]:
        insets = {"body": body, "preview": [_escaped(p) for p in _trimmed(preview)]}
        if file == "body.mjml" and not _joined(body).lstrip().startswith("<mjml"):
            pieces = _inset(self._pieces(f"{SHARED}/{LAYOUT}"), insets)
        else:
            pieces = _inset(body, insets)
        if file == "body.mjml" and not self._problems:
            pieces = self._pressed(pieces, body)
        return [*self._macros(), *pieces]

    def _macros(self) -> list[Piece]:
        """The shared pieces that a body may call."""
        macros = f"{SHARED}/{MACROS}"
        there = (self._folder / self._nearest(macros)).is_file()
        return _trimmed(self._pieces(macros)) if there else []

    def _nearest(self, path: str) -> str:
        """The file in the customer's language, where there is one."""
        home, _, file = path.rpartition("/")
        ways = (f"{home}/{tongue}/{file}" for tongue in self._tongues)
        return next((way for way in ways if (self._folder / way).is_file()), path)

    def _pressed(self, pieces: Sequence[Piece], body: Sequence[Piece]) -> list[Piece]:
        place = body[0].place if body else Place(SHARED, 1, 1)
        try:
            return pressing.press(pieces, to_html=self._to_html, place=place)
        except TemplateError as error:
            self._problems += error.problems
            return []

    def _pieces(self, path: str, depth: int = 0) -> list[Piece]:
        """A file with the shared files it includes."""
        path = self._nearest(path)
        file = self._folder / path
        shown = f"{self._folder.name}/{path}"
        try:
            text = files.read(file, shown)
            self._size += len(text)
            if self._size > MAX_SIZE:
                words = f"more than {MAX_SIZE // 1024} KB with all that it includes"
                raise TemplateError([Problem(shown, 1, 1, words, "include less")])
            pieces = tags.split(text, shown)
        except TemplateError as error:
            self._problems += error.problems
            return []
        return [p for piece in pieces for p in self._included(piece, depth)]

    def _included(self, piece: Piece, depth: int) -> list[Piece]:
        found = _INCLUDE.fullmatch(piece.text) if piece.kind == "block" else None
        if not found:
            return [piece]
        shared = f"{SHARED}/{found[2]}"
        if depth >= MAX_DEPTH:
            wrong, hint = "files include each other too deeply", f"at most {MAX_DEPTH}"
        elif not (self._folder / self._nearest(shared)).is_file():
            wrong = f"there is no {shared}"
            known = sorted(p.name for p in (self._folder / SHARED).glob("*.*"))
            hint = did_you_mean(found[2], known)
        else:
            return _trimmed(self._pieces(shared, depth + 1))
        self._problems.append(tags.problem(piece.place, wrong, hint))
        return []


def _joined(pieces: Sequence[Piece]) -> str:
    return "".join(p.text for p in pieces)


def _trimmed(pieces: Sequence[Piece]) -> list[Piece]:
    """Without the line break at the end of a file, which belongs to the file and not to the message."""
    if pieces and pieces[-1].kind == "text":
        last = replace(pieces[-1], text=pieces[-1].text.removesuffix("\n"))
        return [*pieces[:-1], last]
    return list(pieces)


def _escaped(piece: Piece) -> Piece:
    """Plain text on its way into HTML; what tags bring is escaped when the message is filled in."""
    if piece.kind != "text":
        return piece
    return replace(piece, text=html.escape(piece.text, quote=False))


def _inset(
    pieces: Sequence[Piece], insets: Mapping[str, Sequence[Piece]]
) -> list[Piece]:
    """The pieces with the body and the preview put where their markers stand."""
    done: list[Piece] = []
    for piece in pieces:
        if piece.kind != "text":
            done.append(piece)
            continue
        start = 0
        for found in _MARKER.finditer(piece.text):
            before = piece.text[start : found.start()]
            done.append(Piece("text", before, piece.spot(start)))
            done.extend(insets[found[1]])
            start = found.end()
        done.append(Piece("text", piece.text[start:], piece.spot(start)))
    return done
