"""How deep are the elements of a page inside each other? Counted in one walk, without building anything."""

import re

_ELEMENT = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)(?:\"[^\"]*\"|'[^']*'|[^<>\"'])*>?")
_EMPTY = frozenset(
    {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
)


def deepest(text: str) -> int:
    """The greatest number of elements that are open at once; one that is never closed counts to the end."""
    depth = most = 0
    for found in _ELEMENT.finditer(text):
        if found[1]:
            depth = max(0, depth - 1)
        elif found[2].lower() not in _EMPTY and not found[0].endswith("/>"):
            depth += 1
            most = max(most, depth)
    return most
