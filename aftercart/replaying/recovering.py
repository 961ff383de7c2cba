"""What did a run leave behind that was killed? Nobody of it is alive, so nobody else will settle it."""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from aftercart.model import State
from aftercart.reasons import Code, because
from aftercart.runtime import Runtime
from aftercart.sandbox.ledger import insist_on_being_alone
from aftercart.store import messages, transitions
from aftercart.store.transitions import Move

_PAGE = 500
#: Longer than any lease: of a run that is over, all claims have lapsed.
_ANY_LEASE = timedelta(days=1)


def take_over(rt: Runtime) -> None:
    """Gives up the claims of workers that are gone, and lets what they were told of be rung at once.

    Read the provider's reports first: what they prove is not given up.
    """
    now = rt.clock()
    with rt.store.write() as tx:
        while left := messages.lapsed(tx, now=now + _ANY_LEASE, limit=_PAGE):
            lapsed = because(Code.LEASE_LAPSED)
            transitions.move(
                tx,
                [
                    Move(m.id, m.state, State.UNCERTAIN, now, "replay", reason=lapsed)
                    for m in left
                ],
            )
        messages.ring_now(tx, now=now)


def put_aside(ledger: Path) -> None:
    """Renames the ledger of an earlier replay, so that a new one begins empty and the two are never read as one.

    Raises:
        InputError: when the earlier one still runs.
    """
    if not ledger.exists():
        return
    with ledger.open("rb") as file:
        insist_on_being_alone(file.fileno(), ledger)
    for suffix in ("", ".hooks"):
        old = ledger.with_name(f"{ledger.name}{suffix}")
        with suppress(FileNotFoundError):
            old.rename(ledger.with_name(f"{ledger.name}.before{suffix}"))
