"""What are answers that no client hopes for? Said too slowly, without what matters, in another language, torn, or without end."""

import asyncio

from aftercart.sandbox.outcomes import Outcome
from aftercart.sandbox.wire import Receive, Scope, Send, answer, reset

_HTML = b"<html><body><h1>It works!</h1></body></html>"
#: The middle of it is not there.
_TORN = b'{"sid": "SM0123456789", "status": "que'
_FLOOD_BYTES = 30 * 2**20
_PIECE = b" " * 2**16


async def odd_answer(
    outcome: Outcome, scope: Scope, receive: Receive, send: Send, *, status: int
) -> None:
    """Sends one of them, with the status of a yes."""
    if outcome.act == "bare":
        await answer(send, status, b"{}")
    elif outcome.act == "html":
        await answer(send, status, _HTML, headers={"content-type": "text/html"})
    elif outcome.act == "cut":
        await _begin(send, status, length=10 * len(_TORN))
        await _say(send, _TORN, more=True)
        await reset(scope, receive)
    elif outcome.act == "flood":
        await _begin(send, status, length=_FLOOD_BYTES)
        for _ in range(_FLOOD_BYTES // len(_PIECE)):
            await _say(send, _PIECE, more=True)
        await _say(send, b"", more=False)
    else:  # "drip"
        await _begin(send, status, length=len(_HTML))
        for place in range(len(_HTML)):
            await asyncio.sleep(outcome.wait / len(_HTML))
            await _say(send, _HTML[place : place + 1], more=place + 1 < len(_HTML))


async def _begin(send: Send, status: int, *, length: int) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(length).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def _say(send: Send, body: bytes, *, more: bool) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})
