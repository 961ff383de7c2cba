"""What does a YAML file say, and where exactly does it say it? YAML 1.2 to plain data, with the place of every key and value.

Refuses what a file of ours never needs and what could hurt: tags, duplicate keys, great size, depth, floods of aliases.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from aftercart.conditions import Condition
from aftercart.errors import CampaignError, Problem
from aftercart.loading import scalars, stumbles

MOST_BYTES = 256 * 1024
MOST_DEPTH = 50
MOST_ALIASES = 100
MOST_NODES = 20_000

#: What nobody sees and no database keeps; a tab or a break of the line is for YAML to judge.
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

#: The way to a value: keys and, in lists, positions from 0.
Path_ = tuple[str | int, ...]


@dataclass
class Document:
    """One file: its data, and where each part of it stands."""

    file: str
    source: str
    data: Any = None
    values: dict[Path_, Node] = field(default_factory=dict)
    keys: dict[Path_, Node] = field(default_factory=dict)
    #: those of its texts that were understood as conditions
    conditions: dict[Path_, Condition] = field(default_factory=dict)

    def spot(self, path: Path_, *, key: bool = False) -> tuple[int, int]:
        """Line and column, from 1, of a value (or its key), or of the nearest part above it that exists."""
        while path and path not in self.values:
            path, key = path[:-1], True
        node = self.values.get(path)
        if key or (node is not None and _is_nothing(node)):
            # A value that is not there begins somewhere on the next line; its key is where to look.
            node = self.keys.get(path) or node
        if node is None:
            return 1, 1
        return node.start_mark.line + 1, node.start_mark.column + 1

    def spot_in_text(self, path: Path_, column: int) -> tuple[int, int]:
        """Line and column in the file of a character of a text, given its column (from 1) within that text."""
        node = self.values.get(path)
        if not isinstance(node, ScalarNode):
            return self.spot(path)
        at = scalars.offset(
            self.source[node.start_mark.index : node.end_mark.index],
            text=node.value,
            style=node.style or "",
            index=column - 1,
        )
        before = self.source[: node.start_mark.index + at]
        return before.count("\n") + 1, len(before) - before.rfind("\n")

    def problem(
        self, path: Path_, message: str, hint: str = "", *, key: bool = False
    ) -> Problem:
        """A mistake at this value, or at its key."""
        line, column = self.spot(path, key=key)
        return Problem(self.file, line, column, message, hint)


def read(path: Path, *, file: str) -> Document:
    """The file as a document; `file` is the name that people see in messages.

    Raises:
        CampaignError: when it cannot be read, is not YAML, or has what we refuse.
    """
    try:
        if path.exists() and not path.is_file():
            # a pipe would keep us waiting, and a device would never end
            raise CampaignError(
                [Problem(file, 1, 1, "this is not a file", "delete it")]
            )
        with path.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        words = f"the file cannot be read: {error.strerror or error}"
        raise CampaignError([Problem(file, 1, 1, words)]) from None
    if len(content) > MOST_BYTES:
        words = f"the file is larger than {MOST_BYTES // 1024} KB"
        raise CampaignError([Problem(file, 1, 1, words, "split it")])
    try:
        source = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        words = "the file is not UTF-8 text"
        hint = "save it as UTF-8 in your editor"
        raise CampaignError([_at(file, before, words, hint)]) from None
    return parse(source.replace("\r\n", "\n"), file=file)


def _at(file: str, before: str, message: str, hint: str) -> Problem:
    """A mistake behind these characters of a file."""
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return Problem(file, line, column, message, hint)


def parse(source: str, *, file: str) -> Document:
    """The text of a file as a document.

    Raises:
        CampaignError: when it is not YAML, or has what we refuse.
    """
    if found := _UNSEEN.search(source):
        words = f"a control character (U+{ord(found[0]):04X}) stands here"
        before = source[: found.start()]
        raise CampaignError([_at(file, before, words, "delete it")])
    document = Document(file, source)
    try:
        problems = list(_refused(document))
        if problems:
            raise CampaignError(problems)
        root = YAML(typ="safe", pure=True).compose(source)
    except MarkedYAMLError as error:
        raise CampaignError([stumbles.told(file, source, error)]) from None
    except (
        YAMLError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        KeyError,
    ) as error:
        # Some broken files make the YAML parser itself stumble; to the author that is the same news.
        words = f"this is not YAML: {str(error).splitlines()[0] if str(error) else 'it cannot be read'}"
        raise CampaignError([Problem(file, 1, 1, words)]) from None
    if root is None:
        raise CampaignError([Problem(file, 1, 1, "the file is empty")])
    reader = _Reader(document)
    document.data = reader.value(root, ())
    if reader.problems:
        raise CampaignError(reader.problems)
    return document


def _is_nothing(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.value == "" and not node.style


def _refused(document: Document) -> Iterator[Problem]:
    """What we do not read, found while nothing has been built yet; stops at the first flood."""
    depth = aliases = 0
    anchors: set[str] = set()

    def at(event: Any, message: str, hint: str = "") -> Problem:
        mark = event.start_mark
        return Problem(document.file, mark.line + 1, mark.column + 1, message, hint)

    events = YAML(typ="safe", pure=True).parse(document.source)
    for nodes, event in enumerate(events):
        depth += isinstance(event, CollectionStartEvent)
        depth -= isinstance(event, CollectionEndEvent)
        aliases += isinstance(event, AliasEvent)
        if depth > MOST_DEPTH:
            yield at(event, f"more than {MOST_DEPTH} levels inside each other")
            return
        if aliases > MOST_ALIASES or nodes > MOST_NODES:
            yield at(event, "too many parts for one file", "split it")
            return
        if getattr(event, "version", None) not in (None, (1, 2)):
            yield at(event, "only YAML 1.2 is read", "delete the %YAML line")
            return
        if getattr(event, "tag", None) is not None:
            tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
            hint = "delete it; a text that begins with ! needs quotes"
            yield at(event, f'tags such as "{tag}" are not read', hint)
        anchor = getattr(event, "anchor", None)
        if anchor is not None and not isinstance(event, AliasEvent):
            if anchor in anchors:
                yield at(event, f'the anchor "&{anchor}" is used twice')
                return
            anchors.add(anchor)


class _Reader:
    """Turns YAML nodes into plain data and notes where each stands."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self.count = 0

    def value(self, node: Node, path: Path_) -> Any:
        self.count += 1
        if self.count > MOST_NODES or len(path) > MOST_DEPTH:
            # An alias repeats all that is below it; a small file can mean a huge one.
            if not self.problems:
                self._note(
                    node, "too much once its aliases are written out", "repeat less"
                )
            return None
        self.document.values[path] = node
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.value(part, (*path, n)) for n, part in enumerate(node.value)]
        if found := _UNSEEN.search(node.value):
            words = (
                f"the text has a character that cannot be shown (U+{ord(found[0]):04X})"
            )
            self._note(node, words, "delete the \\ and what belongs to it")
        return scalars.plain(node.value, tag=str(node.tag))

    def _mapping(self, node: MappingNode, path: Path_) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self._note(key, "a key is one word", "write it as key: value")
            elif key.value == "<<":
                self._note(key, 'merging with "<<" is not read', "write the keys out")
            elif key.value in found:
                first = self.document.keys[(*path, key.value)].start_mark.line + 1
                self._note(
                    key,
                    f'the key "{key.value}" stands here twice',
                    f"first on line {first}",
                )
            else:
                self.document.keys[(*path, key.value)] = key
                found[key.value] = self.value(value, (*path, key.value))
        return found

    def _note(self, node: Node, message: str, hint: str) -> None:
        mark = node.start_mark
        self.problems.append(
            Problem(self.document.file, mark.line + 1, mark.column + 1, message, hint)
        )
