"""What happens to every request that was understood? One line in the ledger, then the outcome, whatever it is."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from aftercart.sandbox.ledger import Entry, Ledger
from aftercart.sandbox.outcomes import Decide, Outcome
from aftercart.sandbox.wire import Receive, Scope, Send, answer, hang, reset


@dataclass(frozen=True)
class Auth:
    """The accounts that the sandbox knows."""

    sendgrid_api_key: str = "SG.sandbox"
    twilio_account_sid: str = "AC00000000000000000000000000000000"
    twilio_auth_token: str = "sandbox-token"  # noqa: S105 - it guards a toy on this machine


@dataclass(frozen=True)
class Desk:
    """What the two providers' counters share."""

    auth: Auth
    ledger: Ledger
    decide: Decide
    clock: Callable[[], datetime]
    received_at: Callable[[], str]

    async def write(self, facts: Entry, *, status: int | str, accepted: bool) -> None:
        """Put one durable line down."""
        now = self.clock()
        await self.ledger.append(
            {
                "at": now.isoformat(),
                "received_at": self.received_at(),
                **facts,
                "status": status,
                "accepted": accepted,
            }
        )


async def carry_out(
    outcome: Outcome,
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    taken: Callable[[], Awaitable[None]],
    refusal: Callable[[Outcome], Mapping[str, object]],
) -> None:
    """Answer, cut or stay silent, as the outcome says; `taken` sends the provider's own "yes"."""
    if outcome.act == "reset":
        await reset(scope, receive)
    elif outcome.act == "hang":
        await hang(scope, receive)
    elif outcome.words == "garbled":
        await answer(send, outcome.status, b"<html>not what you expect</html>")
    elif outcome.status == 0:
        await taken()
    else:
        body = refusal(outcome)
        await answer(send, outcome.status, body, headers=outcome.headers)
