"""What did they write for a value that is none here? `{first_name}` and the signs of other tools would go out as they stand."""

import re
from pathlib import Path

from aftercart.errors import Problem, TemplateError
from aftercart.rendering import files, sources, tags
from aftercart.rendering.vocabulary import CATALOGUE, names

_OWNERS = "|".join(sorted(map(re.escape, names())))
_FOREIGN = re.compile(
    rf"\$?\{{\s*(?:{_OWNERS})(?:\.[a-z_]+)+\s*\}}|\{{\s*[a-z]+_name\s*\}}|\*\|[A-Z_:]+\|\*|<%=?[^%]*%>|%[A-Z]+_[A-Z_]+%"
)
_WORDS = {word.name for word in CATALOGUE}


def problems(home: Path) -> list[Problem]:
    """Each of them in the files of one template, with the way to write it."""
    found: list[Problem] = []
    for file in sorted(home.iterdir()):
        if file.name not in sources.FILES:
            continue
        shown = f"{home.parent.name}/{home.name}/{file.name}"
        try:
            pieces = tags.split(files.read(file, shown), shown)
        except TemplateError:
            continue  # said where the file is put together
        for piece in pieces:
            if piece.kind == "text":
                for sign in _FOREIGN.finditer(piece.text):
                    words = f"{sign[0]} is no value here, and would go out as it stands"
                    place = piece.spot(sign.start())
                    found.append(tags.problem(place, words, _hint(sign[0])))
    return found


def _hint(sign: str) -> str:
    word = re.sub(r"[^a-z_.]", "", sign.lower()).strip("_")
    own = [w for w in sorted(_WORDS) if w == word or w.endswith(f".{word}")]
    return f"write {{{{ {own[0] if own else 'customer.first_name'} }}}}"
