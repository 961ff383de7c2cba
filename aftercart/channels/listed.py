"""What is a message in a provider's own list, for whoever has not heard what became of it?"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Listed:
    """A message that a provider has in its own list; `report` is what its callback would have said."""

    ref: str
    at: datetime
    text: str
    report: bytes
