"""What did a run leave behind that was killed? Nobody of it is alive, and the ledger knows what it had sent.

The ledger lies on this machine, is complete, and nobody else writes to it: what is not in it was not taken. No real provider
can be asked that much, so only a replay sends again what was on its way.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from aftercart.errors import InputError
from aftercart.model import State
from aftercart.reasons import Code, because
from aftercart.runtime import Runtime
from aftercart.sandbox.ledger import Entry, insist_on_being_alone, read_ledger
from aftercart.store import Tx, bells, starts, transitions, unsettled
from aftercart.store.transitions import Move
from aftercart.store.unsettled import Unsettled

_ACTOR = "replay"
_GRAIN = timedelta(seconds=1)
_WITNESS = "the sandbox's ledger"
#: How the sandbox answers when it takes a message; any other answer has left us in doubt.
_YES = (201, 202)


def hear_answers(rt: Runtime, ledger: Path) -> None:
    """Settles what the provider answered with yes and nobody was left to hear: as if the answer had come.

    Call it when nobody sends any more, and before the reports are read, so that the row tells what it would have told.

    Raises:
        InputError: when the ledger is not whole.
    """
    with rt.store.write() as tx:
        left = unsettled.load(tx)
        lines = _lines(tx, ledger, left)
        transitions.move(
            tx,
            [
                # the row is as it always would have been; the story says how we know
                _accepted(m, entry, reason=None)
                for m in left
                if (entry := lines.get(m.id))
                and entry["accepted"]
                and entry["status"] in _YES
            ],
        )


def take_over(rt: Runtime, ledger: Path) -> None:
    """Gives back what surely reached nobody, to be sent in this very minute, and lets all that is due be rung at once.

    Call it when nobody sends any more. Read the provider's reports first: what they prove is not asked here.

    Raises:
        InputError: when the ledger is not whole.
    """
    now = rt.clock()
    with rt.store.write() as tx:
        left = unsettled.load(tx)
        lines = _lines(tx, ledger, left)
        transitions.move(tx, _settle(left, lines, now))
        # nobody prepares anything any more: what was begun by this minute is lost
        starts.count_lost(tx, before=now + _GRAIN)
        bells.ring_now(tx, now=now)


def put_aside(ledger: Path) -> None:
    """Renames the ledger of an earlier replay, so that a new one begins empty and the two are never read as one.

    Raises:
        InputError: when the earlier one still runs.
    """
    if not ledger.exists():
        return
    with ledger.open("rb") as file:
        insist_on_being_alone(file.fileno(), ledger)
    # the ledger last: who is killed in between finds it again, and does the rest
    for suffix in (".hooks", ""):
        old = ledger.with_name(f"{ledger.name}{suffix}")
        with suppress(FileNotFoundError):
            old.rename(ledger.with_name(f"{ledger.name}.before{suffix}"))


def _lines(tx: Tx, ledger: Path, left: Sequence[Unsettled]) -> dict[str, Entry]:
    """Of each message the line that says it was taken, or else its last one."""
    found: dict[str, Entry] = {m.id: {} for m in left}
    if not left:
        return found
    missing = unsettled.accepted(tx)
    for entry in read_ledger(ledger):
        id_ = entry.get("message", "")
        if entry["accepted"]:
            missing.discard(id_)
        if id_ in found and not found[id_].get("accepted"):
            found[id_] = entry
    if missing:
        raise InputError(
            f"the ledger {ledger} lacks {len(missing):,} messages that were sent, so it cannot say what else was: "
            "put it back as it was, or import into a fresh database (AFTERCART_DATABASE_URL) and begin anew"
        )
    return {id_: entry for id_, entry in found.items() if entry}


def _settle(
    left: Sequence[Unsettled], lines: dict[str, Entry], now: datetime
) -> list[Move]:
    moves = []
    for m in left:
        entry = lines.get(m.id)
        if entry and entry["accepted"]:
            proof = because(Code.PROOF, words=_WITNESS)
            moves.append(_accepted(m, entry, reason=proof.to_json()))
        elif m.state is State.SENDING or not _asked(m, entry):
            moves.append(_again(m, now))
    return moves


def _asked(m: Unsettled, entry: Entry | None) -> bool:
    """Whether the last attempt reached the provider. What it then made of it is no matter of a crash, and stands."""
    return entry is not None and datetime.fromisoformat(entry["at"]) >= m.sending_at


def _accepted(m: Unsettled, entry: Entry, *, reason: dict[str, str] | None) -> Move:
    at = datetime.fromisoformat(entry["at"])
    columns = {
        "accepted_at": at,
        "provider": entry["provider"],
        "provider_ref": entry["ref"],
        "reason": reason,
    }
    proof = because(Code.PROOF, words=_WITNESS)
    return Move(
        m.id,
        m.state,
        State.ACCEPTED,
        at,
        _ACTOR,
        reason=proof,
        fence=m.fence,
        columns=columns,
    )


def _again(m: Unsettled, now: datetime) -> Move:
    # The attempt is not counted, for it was none, and the message keeps its minute: it goes as if nothing had happened.
    columns = {"attempts": m.attempts - 1}
    reason = because(Code.NOT_TAKEN, words=_WITNESS)
    return Move(
        m.id,
        m.state,
        State.SCHEDULED,
        now,
        _ACTOR,
        "again",
        reason,
        fence=m.fence,
        ring_at=now,
        columns=columns,
    )
