"""How much may somebody send us? A limit that holds before anything is parsed."""

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Enough for 1,000 orders with their lines, and for the largest batch that a provider posts.
LIMIT = 2 * 1024 * 1024
_WORDS = f"the body is larger than {LIMIT // 1024 // 1024} MB; send it in parts\n"


class BodyLimit:
    """Refuses bodies above the limit: by their own word where they give one, by counting where they do not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > LIMIT:
            await PlainTextResponse(_WORDS, 413)(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > LIMIT:
                raise HTTPException(413, _WORDS.strip())
            return message

        await self._app(scope, counted, send)
