"""Could something in this message break out of a mail header?

A line break in a subject becomes a header of its own at a careless relay, and characters that turn the reading direction
disguise who writes. Neither has a place in a subject, a name or an address, so such a message is refused, not cleaned.
"""

import re
from itertools import chain

from aftercart.handover import Outgoing

_UNSAFE = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)


def flaw(message: Outgoing) -> str:
    """What is wrong with a header of this message, or nothing."""
    said = [
        ("subject", message.rendered.subject),
        ("recipient's name", message.to_name),
        ("recipient's address", message.to),
        *((f"header {name}", value) for name, value in message.headers.items()),
    ]
    # nearly always there is nothing: one look at all of it
    if not _UNSAFE.search("".join(chain.from_iterable(said))):
        return ""
    where, found = next(
        (where, found)
        for where, text in said
        if (found := _UNSAFE.search(text + where))
    )
    return f"the {where} contains the control character U+{ord(found[0]):04X}"
