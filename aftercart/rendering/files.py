"""What does one file of a template say? Its text, or in words why it cannot be one: a link, too large, not text.

Everything that reads a file of templates/ comes through here, so that no file costs more than its limit, wherever it is read.
"""

import re
import stat
from pathlib import Path

from aftercart.errors import Problem, TemplateError

MAX_FILE = 96 * 1024
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def read(path: Path, shown: str) -> str:
    """The text of a file; `shown` is the name that people see in messages.

    Raises:
        TemplateError: when it is no plain file, larger than MAX_FILE, not UTF-8, or has characters that nobody can see.
    """
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode) or path.parent.is_symlink():
            raise _wrong(
                shown, "cannot be read: it is a link to another file", "copy it"
            )
        if not stat.S_ISREG(status.st_mode):
            raise _wrong(shown, "cannot be read: it is no file", "delete it")
        with path.open("rb") as file:
            content = file.read(MAX_FILE + 1)
    except OSError as error:
        raise _wrong(shown, f"cannot be read: {error.strerror or error}") from None
    if len(content) > MAX_FILE:
        words = f"the file is larger than {MAX_FILE // 1024} KB"
        raise _wrong(shown, words, "mailboxes cut a message off long before that")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        hint = "save it as UTF-8 in your editor"
        raise _wrong(shown, "the file is not UTF-8 text", hint, before=before) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if found := _CONTROL.search(text):
        words = f"a control character (U+{ord(found[0]):04X}), which no mailbox shows"
        raise _wrong(shown, words, "delete it", before=text[: found.start()])
    return text


def _wrong(
    shown: str, words: str, hint: str = "", *, before: str = ""
) -> TemplateError:
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return TemplateError([Problem(shown, line, column, words, hint)])
