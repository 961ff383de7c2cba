"""How many parts does this text cost as an SMS, and which characters make it cost more?

Operators charge by part. A text of plain GSM-7 characters fits 160 in one part (153 in each of several); one character
outside that alphabet, a curly quote is enough, and the whole text is sent in UCS-2 at 70 (67). The counting is smsutil's.
"""

import unicodedata
from dataclasses import dataclass

import smsutil
from smsutil.codecs import is_valid_gsm

GSM_7 = "GSM-7"
UCS_2 = "UCS-2"


@dataclass(frozen=True)
class Parts:
    """What a text costs: `units` are septets in GSM-7 and 16-bit units in UCS-2, as operators count."""

    encoding: str
    units: int
    parts: int
    culprits: tuple[str, ...] = ()  #: what forces UCS-2, each once, in order


def measure(text: str) -> Parts:
    """The encoding, units and parts of a text, and the characters that force UCS-2."""
    split = smsutil.split(text)
    # smsutil calls the encoding of an empty text UTF-16; an operator would send it as GSM-7.
    if not text or split.encoding == "gsm0338":
        return Parts(GSM_7, split.total_bytes, len(split.parts))
    culprits = dict.fromkeys(c for c in text if not is_valid_gsm(c))
    return Parts(UCS_2, split.total_bytes // 2, len(split.parts), tuple(culprits))


_PLAIN = {
    **dict.fromkeys("\u2018\u2019\u201a\u2032\u00b4`", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u2033\u00ab\u00bb", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
    **dict.fromkeys("\u00a0\u2007\u2009\u202f\u200a\u2002\u2003", " "),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", ""),
    "\u2026": "...",
    "\u2022": "-",
    "\u00d7": "x",
}


def plain(character: str) -> str | None:
    """What says the same at half the price: a straight quote for a curly one, c for ç. None where nothing does."""
    if is_valid_gsm(character):
        return character
    if character in _PLAIN:
        return _PLAIN[character]
    bare = "".join(
        c for c in unicodedata.normalize("NFKD", character) if is_valid_gsm(c)
    )
    return bare or None


def advice(cost: Parts) -> str:
    """What to write instead of the characters that force UCS-2; empty where there are none."""
    told = []
    for character in cost.culprits:
        instead = plain(character)
        words = f'write "{instead}"' if instead else "leave it out"
        told.append(f'for "{character}" (U+{ord(character):04X}) {words}')
    return ", ".join(told)
