"""What happens to every request that was understood? One line in the ledger, then the outcome, whatever it is."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from aftercart.sandbox.faults import Faults
from aftercart.sandbox.ledger import Entry, Ledger
from aftercart.sandbox.odd import odd_answer
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
    faults: Faults
    wall: Callable[[], float]  #: seconds since 1970

    def outcome(self, facts: Entry) -> Outcome:
        """What to do with a request that was understood: the script has the first word, then the recipient."""
        asked = self.decide(facts["provider"], facts["to"])
        if self.faults.calm:
            return asked
        outcome = self.faults.outcome(
            facts["provider"], facts["message"], otherwise=asked
        )
        if outcome.reset_in:
            # of the real clock, as the Date of the answer is
            moment = str(int(self.wall()) + outcome.reset_in)
            headers = {**outcome.headers, "x-ratelimit-reset": moment}
            outcome = replace(outcome, headers=headers)
        return outcome

    async def turned_away(self, provider: str, scope: Scope, receive: Receive) -> bool:
        """Whether the script ends this request before it is read; then it has been ended."""
        outcome = None if self.faults.calm else self.faults.at_the_door(provider)
        if outcome is None:
            return False
        facts: Entry = {"provider": provider, "message": "", "to": ""}
        await self.write(facts, status=outcome.act, accepted=False)
        await (reset if outcome.act == "reset" else hang)(scope, receive)
        return True

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
    yes: int,
) -> None:
    """Answer, cut or stay silent, as the outcome says; `taken` sends the provider's own "yes", whose status is `yes`."""
    if outcome.wait and outcome.act != "drip":
        await asyncio.sleep(outcome.wait)
    if outcome.act == "reset":
        await reset(scope, receive)
    elif outcome.act == "hang":
        await hang(scope, receive)
    elif outcome.act != "answer":
        await odd_answer(outcome, scope, receive, send, status=yes)
    elif outcome.words == "garbled":
        await answer(send, outcome.status, b"<html>not what you expect</html>")
    elif outcome.status == 0:
        await taken()
    else:
        body = refusal(outcome)
        await answer(send, outcome.status, body, headers=outcome.headers)
