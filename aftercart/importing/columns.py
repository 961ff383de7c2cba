"""Which column of their file is which of ours? By name, by a usual other name, or as the person says."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aftercart.errors import InputError
from aftercart.spelling import did_you_mean


@dataclass(frozen=True)
class Wanted:
    """The columns that an import reads, with their usual other names; which it needs, and of which it needs one."""

    names: Mapping[str, Sequence[str]]
    needs: Collection[str]
    needs_one_of: Sequence[Sequence[str]] = field(default=())


def match(
    theirs: Sequence[str], *, said: Mapping[str, str], wanted: Wanted, file: Path
) -> dict[str, str]:
    """Our names of the columns, each with the name that it has in the file. `said` (ours to theirs) goes before guesses.

    Raises:
        InputError: with every column that is missing or unknown, one per line.
    """
    wrong = [
        f'--columns: "{ours}" is not a column of ours; {did_you_mean(ours, wanted.names)}'
        for ours in said
        if ours not in wanted.names
    ]
    wrong += [
        f'{file}: has no column "{name}"; {did_you_mean(name, theirs)}'
        for name in said.values()
        if name not in theirs
    ]
    found = dict(said)
    by_fold = {_fold(name): name for name in reversed(theirs) if name}
    for ours, others in wanted.names.items():
        for guess in (ours, *others):
            if ours not in found and _fold(guess) in by_fold:
                found[ours] = by_fold[_fold(guess)]
    wrong += [
        f"{file}: has no column {need}; name yours with --columns {need}=… ({_list(theirs)})"
        for need in wanted.needs
        if need not in found
    ]
    wrong += [
        f"{file}: has no column {' or '.join(group)}; name yours with --columns {group[0]}=… ({_list(theirs)})"
        for group in wanted.needs_one_of
        if not any(name in found for name in group)
    ]
    if wrong:
        raise InputError("\n".join(wrong))
    return found


def _fold(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _list(theirs: Sequence[str]) -> str:
    return "it has " + ", ".join(filter(None, theirs)) if any(theirs) else "it has none"
