"""How far had a SQLite file come when it last sent something? That stands in a small file beside it, which no copy takes along.

A backup that is put back has fewer lines than the small file says. A database that is copied elsewhere has no small file. One that
is moved with its folder keeps it, whatever host or container the folder is in. Its name begins with a dot, so that `cp shop.db* …`
leaves it where it is.
"""

from dataclasses import dataclass
from pathlib import Path

import structlog

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Note:
    """Of which database, and how many lines its stories had."""

    token: str
    lines: int


class Beside:
    """The small file of one database."""

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(f".{database.name}.incarnation")

    def read(self) -> Note | None:
        """What stands in it; None where it is not there. After a power cut it may be empty, and says nothing."""
        try:
            token, lines = self.path.read_text().split()
            return Note(token, int(lines))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            return Note("", 0)

    def write(self, note: Note) -> None:
        """Writes it in place, in one piece. It need not be on the disk: a note that is too old says nothing wrong."""
        try:
            if not self.path.exists():
                self.path.touch(mode=0o600)
            with self.path.open("r+") as file:
                file.write(f"{note.token} {note.lines:020d}\n")
        except OSError as error:
            _log.warning(
                "no note beside the database", path=str(self.path), error=error
            )
