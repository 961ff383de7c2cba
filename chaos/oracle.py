"""Is everything accounted for? What was due, what the ledger says was taken, and what the rows say, compared.

The ledger is the only truth about what went out. The rows are believed where they say that something did not.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aftercart.model import Purpose, State
from chaos.workload import Due

#: The ends of a message that are not "it was sent", and are visible.
_ENDED = (
    State.FAILED,
    State.SKIPPED,
    State.EXPIRED,
    State.CANCELLED,
    State.UNKNOWN,
)
_IN_DOUBT = (State.UNCERTAIN, State.UNKNOWN)
#: Of these many are named; the rest is a number.
_NAMED = 3


@dataclass(frozen=True)
class Row:
    """What the deployment says about a message."""

    state: State
    reason: str = ""
    ends: int = 0  #: how often its story says that it was accepted


@dataclass
class Findings:
    """The sums, and every rule that was broken, in words."""

    due: int = 0
    accepted: int = 0
    lost: int = 0
    duplicate: int = 0
    again: int = 0  #: service messages that came a second time, as they may
    unknown: int = 0
    miscounted: int = (
        0  #: messages whose reports were counted more or less often than they are
    )
    ended: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    note: str = ""  #: figures that have no column


def judge(
    due: Collection[Due],
    ledger: Iterable[Mapping[str, Any]],
    rows: Mapping[str, Row],
    *,
    reports: bool = True,
    silent: Collection[str] = (),
) -> Findings:
    """Compares them. `silent` are the messages of people who had said no before; `reports`: the providers told what they took."""
    known = {one.message: one for one in due}
    # everybody is due one message: what came under another id came to the same person
    people = {one.email: one.message for one in due}
    people |= {one.phone: one.message for one in due}
    copies = Counter(_whose(e, known, people) for e in ledger if e["accepted"])
    found = Findings(due=len(due), accepted=copies.total())
    lost, doubled, untold = [], [], []
    for id_, one in known.items():
        row, count = rows.get(id_), copies[id_]
        allowed = 2 if one.kind.purpose is Purpose.SERVICE else 1
        if count > allowed:
            doubled.append(id_)
            found.duplicate += count - allowed
        if allowed == 2 and count > 1:
            found.again += 1
        if row is None or not _accounted(row, count):
            lost.append(id_)
        elif row.state in _IN_DOUBT:
            found.unknown += 1
        if count and reports and (row is None or row.state is not State.ACCEPTED):
            untold.append(id_)
        found.ended[row.state.value if row else "no row"] += 1
    found.lost = len(lost)
    _say(found, "lost", lost)
    _say(found, "sent too often", doubled)
    _say(found, "taken by the provider and not accepted in the rows", untold)
    _say(found, "sent after its person had said no", [i for i in silent if copies[i]])
    _say(found, "a row that nothing made due", rows.keys() - known.keys())
    _say(found, "sent and not due", copies.keys() - known.keys())
    _say(found, "accepted twice", [i for i, r in rows.items() if r.ends > 1])
    return found


def _whose(
    entry: Mapping[str, Any], known: Mapping[str, Due], people: Mapping[str, str]
) -> str:
    message = str(entry["message"])
    return message if message in known else people.get(str(entry["to"]), message)


def _accounted(row: Row, count: int) -> bool:
    """Whether its end is known: sent, or visibly not, with a reason."""
    if row.state is State.ACCEPTED:
        return count > 0
    return count > 0 or (row.state in _ENDED and bool(row.reason))


def _say(found: Findings, what: str, ids: Collection[str]) -> None:
    if ids:
        some = ", ".join(sorted(ids)[:_NAMED])
        found.broken.append(f"{what}: {len(ids)} ({some}{' …' * (len(ids) > _NAMED)})")
