"""What may a browser do with our pages? Nothing that we did not write: no foreign script, frame, style or referrer."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-src 'self'; frame-ancestors 'none'"
)

#: For an e-mail as the customer saw it: its own inline styles, no script, no network, an origin of its own.
CSP_EMAIL = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)

_EVERYWHERE = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    # with "no-referrer" browsers send "Origin: null" on a form's POST, and the console checks the origin
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "x-robots-tag": "noindex, nofollow",
    "cache-control": "no-store",
}

#: For pages whose address is a key: the address must not travel.
PRIVATE = {"referrer-policy": "no-referrer", "cache-control": "no-store"}


class SecurityHeaders:
    """Adds the headers to every answer; one that an endpoint has set itself stays."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _EVERYWHERE.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/static/"):
                    # the address of a static file carries a hash of its content
                    headers["cache-control"] = "public, max-age=31536000, immutable"
            await send(message)

        await self._app(scope, receive, with_headers)
