"""Which known word did they mean? One voice for every "did you mean" in the product."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

_VERY_NEAR = 0.9


def closest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """The known word that looks most like `word`, or an empty text."""
    by_fold = {name.casefold(): name for name in known}
    near = max(cutoff, _VERY_NEAR)
    found = get_close_matches(word.casefold(), by_fold, n=1, cutoff=near)
    # "refunded" is nearer to "order_refunded" than to "refused"
    found = found or [n for n in by_fold if re.split("[._-]", n)[-1] == word.casefold()]
    found = found or get_close_matches(word.casefold(), by_fold, n=1, cutoff=cutoff)
    return by_fold[found[0]] if found else ""


def did_you_mean(word: str, known: Iterable[str], *, most: int = 12) -> str:
    """A hint: the closest word, or else the words there are."""
    names = sorted(known)
    found = closest(word, names)
    if found:
        return f'did you mean "{found}"?'
    if not names:
        return ""
    shown = ", ".join(names[:most])
    return f"known: {shown}" + (", …" if len(names) > most else "")


def one_slip(one: str, other: str) -> bool:
    """Whether taking out, putting in, swapping or replacing one letter makes one of the other."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    a, b = one[start:], other[start:]
    swapped = len(a) > 1 and len(b) > 1 and a[0] == b[1] and a[1] == b[0]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (swapped and a[2:] == b[2:])
