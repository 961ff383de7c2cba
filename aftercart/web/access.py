"""Who may come in? The shop by its token, support by the console password or by sitting at this machine."""

import base64
import binascii
import hmac
import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from aftercart.settings import Settings

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")
_SAFE = ("GET", "HEAD", "OPTIONS")

_ONLY_HERE = (
    "The console answers only to this machine while no password is set.\n"
    "Nothing was read and nothing was changed.\n"
    "Open it as http://127.0.0.1 on the machine itself, or set AFTERCART_CONSOLE_PASSWORD and start again.\n"
)
_FOREIGN = (
    "This change was asked for by another site, or by a browser that does not say which.\n"
    "Nothing was changed. Open the console and press the button there.\n"
)
_ELSEWHERE = (
    "This form was sent by another site, so nothing was changed.\n"
    "Open the link in our message and press the button there.\n"
)
_PASSWORD = "The console asks for its password; any user name will do.\n"  # noqa: S105 - a sentence


def bearer_is(headers: Headers, token: str) -> bool:
    """Whether the request carries this bearer token; takes the same time for every wrong one."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and _same(given.strip(), token)


class DeskOnly:
    """Lets support through, and nobody else; a change also has to come from a page of ours."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        settings: Settings = request.app.state.rt.settings
        refusal = _refusal(request, settings)
        if not refusal and scope["method"] not in _SAFE:
            refusal = _foreign(request, settings)
        await (refusal or self._app)(scope, receive, send)


def _refusal(request: HTTPConnection, settings: Settings) -> PlainTextResponse | None:
    if settings.console_password:
        if _same(_basic(request.headers), settings.console_password):
            return None
        challenge = {"www-authenticate": 'Basic realm="Aftercart", charset="UTF-8"'}
        return PlainTextResponse(_PASSWORD, 401, challenge)
    return None if _is_here(request) else PlainTextResponse(_ONLY_HERE, 403)


def _is_here(request: HTTPConnection) -> bool:
    """Whether the client sits at this machine.

    A proxy on this machine makes every visitor look local, so a forwarded request is not believed; and a foreign site that
    lets its name point here (DNS rebinding) gives itself away by the name.
    """
    if any(name in request.headers for name in _FORWARDED):
        return False
    named = _host(request)
    return (
        request.client is not None
        and _is_loopback(request.client.host)
        and (named == "localhost" or _is_loopback(named))
    )


def from_elsewhere(request: HTTPConnection) -> PlainTextResponse | None:
    """The refusal of a form of a customer's page that another site sent; None for our own.

    Our pages send no referrer, for which some browsers say `Origin: null` of our own forms. One that says nothing else is
    believed: whoever knows the address of such a page has its key.
    """
    settings: Settings = request.app.state.rt.settings
    origin = request.headers.get("origin", "null")
    foreign = origin != "null" and not _is_ours(origin, request, settings)
    if _is_cross(request) or foreign:
        return PlainTextResponse(_ELSEWHERE, 403)
    return None


def _is_cross(request: HTTPConnection) -> bool:
    """Whether the browser itself says that the request is another site's doing."""
    return request.headers.get("sec-fetch-site", "") in ("cross-site", "same-site")


def _is_ours(address: str, request: HTTPConnection, settings: Settings) -> bool:
    ours = {request.headers.get("host", ""), urlsplit(settings.public_url).netloc}
    return urlsplit(address).netloc in ours - {""}


def _foreign(request: HTTPConnection, settings: Settings) -> PlainTextResponse | None:
    source = request.headers.get("origin") or request.headers.get("referer") or ""
    if _is_ours(source, request, settings) and not _is_cross(request):
        return None
    return PlainTextResponse(_FOREIGN, 403)


def _basic(headers: Headers) -> str:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _same(given: str, right: str) -> bool:
    return bool(right) and hmac.compare_digest(
        given.encode(errors="replace"), right.encode()
    )


def _host(request: HTTPConnection) -> str:
    return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
