"""What is one YAML scalar as a value, and where in the file is its n-th character?"""

import re
from contextlib import suppress
from typing import Any

#: How long an escape in double quotes is; all others are two characters.
_ESCAPES = {"x": 4, "u": 6, "U": 10}
_UNSEEN = re.compile(r"(?:\s|\\[ntrvf _NLP\n])*")
_INT = re.compile(r"[-+]?[0-9]{1,18}")


def plain(text: str, *, tag: str) -> Any:
    """The scalar as YAML 1.2 means it. Dates stay texts: what a text means is for the schema to say."""
    kind = tag.rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int" and _INT.fullmatch(text):
        return int(text)
    if kind == "float":
        with suppress(ValueError):
            return float(text)
    return text


def offset(raw: str, *, text: str, style: str, index: int) -> int:
    """Where in the scalar's source its character `index` stands.

    Folding changes only white space, quoting only adds characters; so the two are walked along side by side.
    """
    at = _content_starts(raw, style)
    last = at
    index = min(index, len(text))
    for number, character in enumerate(text[: index + 1]):
        if character.isspace():
            if number == index:
                return last + 1 if number else at
            continue
        if style == '"':
            at = _skip_unseen(raw, at)
            if raw[at : at + 1] == "\\":
                last, at = at, at + _ESCAPES.get(raw[at + 1 : at + 2], 2)
                continue
        found = raw.find(character, at)
        if found < 0:
            return last
        last = found
        at = found + 1
        if style == "'" and raw[found : found + 2] == "''":
            at += 1
    # One past the end of the text: one past its last character.
    return last + 1 if index == len(text) and text else last


def _skip_unseen(raw: str, at: int) -> int:
    """Past white space, and past escapes that stand for white space or for nothing."""
    found = _UNSEEN.match(raw, at)
    return found.end() if found else at


def _content_starts(raw: str, style: str) -> int:
    if style in ("'", '"'):
        return 1
    if style in ("|", ">"):
        return raw.find("\n") + 1
    return 0
