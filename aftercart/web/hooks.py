"""What do providers report? Callbacks are believed or not, kept as they came, and answered at once; reading them is for later."""

from urllib.parse import parse_qs, parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from aftercart import tracking
from aftercart.channels import sendgrid, twilio
from aftercart.errors import HookError
from aftercart.web import asking

_TWILIO_SIGNATURE = "x-twilio-signature"


def routes() -> list[BaseRoute]:
    """The addresses that are given to the providers."""
    return [
        Route("/hooks/sendgrid", from_sendgrid, methods=["POST"]),
        Route("/hooks/twilio/status/{message}", from_twilio_status, methods=["POST"]),
        Route("/hooks/twilio/inbound", from_twilio_inbound, methods=["POST"]),
    ]


async def from_sendgrid(request: Request) -> Response:
    """Signed events about e-mails."""
    rt = asking.runtime(request)
    body = await asking.body(request)
    try:
        # an elliptic curve takes a moment; the loop has other connections to serve
        await run_in_threadpool(
            sendgrid.verify,
            body,
            dict(request.headers),
            public_key=rt.settings.sendgrid_webhook_key,
            now=rt.clock(),
        )
    except HookError:
        return _not_believed()
    await run_in_threadpool(tracking.keep, rt, sendgrid.SendGrid.provider, body)
    return Response(status_code=204)


async def from_twilio_status(request: Request) -> Response:
    """A signed report on one text; our message id is in the address that we gave for it."""
    body = await asking.body(request)
    if not _is_from_twilio(request, body):
        return _not_believed()
    rt, message = asking.runtime(request), request.path_params["message"]
    # a message that we do not know is kept as well: its claim may still be on its way into the database
    await run_in_threadpool(
        tracking.keep, rt, twilio.Twilio.provider, body, path=message
    )
    return Response(status_code=204)


async def from_twilio_inbound(request: Request) -> Response:
    """A text that a customer sent, such as STOP; to HELP they get an answer."""
    body = await asking.body(request)
    if not _is_from_twilio(request, body):
        return _not_believed()
    rt = asking.runtime(request)
    await run_in_threadpool(tracking.keep, rt, twilio.Twilio.provider, body, path="")
    params = {k: v[0] for k, v in parse_qs(body.decode(errors="replace")).items()}
    shop = rt.shop
    words = twilio.reply(params, shop=shop.name, contact=shop.email or shop.phone)
    return Response(words, media_type="text/xml")


def _is_from_twilio(request: Request, body: bytes) -> bool:
    settings = asking.runtime(request).settings
    # the address as we gave it to Twilio: what a proxy made of it does not matter, and Host cannot be trusted
    address = settings.public_url.rstrip("/") + request.url.path
    if request.url.query:
        address += f"?{request.url.query}"
    params = ImmutableMultiDict(
        parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    )
    signature = request.headers.get(_TWILIO_SIGNATURE, "")
    try:
        twilio.verify(address, params, signature, auth_token=settings.twilio_auth_token)
    except HookError:
        return False
    return True


def _not_believed() -> Response:
    """One answer for every cause: who guesses learns nothing from it."""
    return PlainTextResponse("not believed\n", 403)
