"""How does MJML become HTML while every tag of Jinja keeps its place? Each is held by a word that MJML does not touch."""

import hashlib
import re
from collections.abc import Callable, Sequence

from aftercart.campaigns import Place
from aftercart.errors import Problem, TemplateError
from aftercart.rendering import nesting, tags
from aftercart.rendering.tags import Piece

MAX_PRESSED = 512 * 1024
MAX_ELEMENTS = 100  #: inside each other; MJML takes its whole process down with it at a few thousand
UNREADABLE = "MJML cannot read this"

ToHtml = Callable[[str], str]


def press(pieces: Sequence[Piece], *, to_html: ToHtml, place: Place) -> list[Piece]:
    """The pieces of the HTML. What is wrong with the whole is told of `place`.

    Raises:
        TemplateError: when it cannot be read, is too deep or too long, or when tags got lost on the way.
    """
    kept = [p for p in pieces if p.kind != "comment"]
    hold = _hold(kept)
    text = "".join(p.text if p.kind == "text" else hold % n for n, p in enumerate(kept))
    if nesting.deepest(text) > MAX_ELEMENTS:
        words = f"more than {MAX_ELEMENTS} elements inside each other"
        raise _refusal(place, words, "close them, or use fewer")
    try:
        made = to_html(text)
    except (
        Exception
    ) as error:  # the compiler is foreign code; whatever it raises is the file's fault
        hint = "often an attribute without quotes, a bare < or a tag that is not closed"
        blamed = _blamed(kept, hold, error) or place
        raise _refusal(blamed, f"{UNREADABLE}: {error}", hint) from error
    if len(made) > MAX_PRESSED:
        words = f"{len(made):,} characters of HTML"
        hint = f"at most {MAX_PRESSED:,}; mailboxes cut a message off long before"
        raise _refusal(place, words, hint)
    done: list[Piece] = []
    for index, stretch in enumerate(re.split(hold.replace("%d", r"(\d+)"), made)):
        held = kept[int(stretch)] if index % 2 else None
        done.append(held or Piece("text", stretch, place))
    if lost := _lost(kept, done):
        raise TemplateError(lost)
    return done


def _hold(pieces: Sequence[Piece]) -> str:
    """A word for a tag, by its number, that stands nowhere in the text."""
    text = "".join(p.text for p in pieces)
    return f"jinja-{hashlib.sha256(text.encode()).hexdigest()[:16]}-%d-held"


def _lost(kept: Sequence[Piece], done: Sequence[Piece]) -> list[Problem]:
    there = {id(p) for p in done}
    hint = "put it inside <mj-text>, or between columns and sections inside <mj-raw>"
    return [
        tags.problem(p.place, f"MJML drops {p.text.split()[0]} … at this place", hint)
        for p in kept
        if p.kind != "text" and id(p) not in there
    ]


def _refusal(place: Place, words: str, hint: str) -> TemplateError:
    return TemplateError([tags.problem(place, words, hint)])


def _blamed(pieces: Sequence[Piece], hold: str, error: Exception) -> Place | None:
    """The place that MJML names as an offset into the text it was given, if it does."""
    found = re.search(r"position (\d+):", str(error))
    rest = int(found[1]) if found else -1
    for number, piece in enumerate(pieces):
        length = len(piece.text if piece.kind == "text" else hold % number)
        if 0 <= rest < length:
            return piece.spot(rest) if piece.kind == "text" else piece.place
        rest -= length
    return None
